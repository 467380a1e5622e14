"""Fields of a request to chat.postMessage for the way in which a message is posted."""

from typing import Any

import pytest

from schedbot.model import Message
from schedbot.posts import PostOptions
from schedbot.slack.posting.post_body import build_body, build_request

PLAIN = {"channel": "C0000000001", "text": "Hi", "unfurl_links": False, "unfurl_media": False}


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        (PostOptions(), {}),
        (PostOptions(username="Sales desk"), {"username": "Sales desk"}),
        (PostOptions(icon=":tada:"), {"icon_emoji": ":tada:"}),
        (PostOptions(icon="https://example.com/a.png"), {"icon_url": "https://example.com/a.png"}),
        (PostOptions(unfurl=True), {"unfurl_links": True, "unfurl_media": True}),
        (PostOptions(thread_ts="1.000001"), {"thread_ts": "1.000001"}),
    ],
)
def test_each_option_has_its_field_of_slack(options: PostOptions, fields: dict[str, Any]) -> None:
    assert build_body("C0000000001", Message("Hi"), None, options) == {**PLAIN, **fields}


def test_update_empties_what_the_message_had_before() -> None:
    method, fields = build_request(
        "C0000000001", Message("Hi"), None, PostOptions(update_ts="1.000001", username="Desk")
    )
    assert method == "chat.update"
    assert fields == {"channel": "C0000000001", "ts": "1.000001", "text": "Hi", "blocks": [], "attachments": []}
