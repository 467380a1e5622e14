"""Channel ids and links, and the errors for any other text."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.slack.channel_ids import ID, parse_channel_id


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("C0123456789", "C0123456789"),
        ("  C0123456789 ", "C0123456789"),
        ("G0123456789", "G0123456789"),
        ("D0123456789", "D0123456789"),
        ("U0123456789", "U0123456789"),
        ("C0SANDBOX01", "C0SANDBOX01"),
        ("https://acme.slack.com/archives/C0123456789", "C0123456789"),
        ("acme.slack.com/archives/C0123456789", "C0123456789"),
        ("https://acme.enterprise.slack.com/archives/C0123456789/p1700000000000100?thread_ts=1.2", "C0123456789"),
        ("<https://acme.slack.com/archives/C0123456789>", "C0123456789"),
        ("https://app.slack.com/client/T0123456/C0123456789", "C0123456789"),
        ("https://app.slack.com/client/T0123456/D0123456789", "D0123456789"),
        ("https://acme.slack.com/team/U0123456789", "U0123456789"),
        ("<@W0123456789>", "W0123456789"),
        ("<@U0123456789|ann>", "U0123456789"),
    ],
)
def test_id_or_link_names_a_channel(text: str, channel: str) -> None:
    assert parse_channel_id(text) == channel


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("#reports", "'#reports' is a name", "Copy link"),
        ("reports", "'reports' is neither", "Copy link"),
        ("@ann", "'@ann' is a name", "Copy member ID"),
        ("", "No channel given.", "Copy link"),
        ("c0123456789", "'c0123456789' is not a channel id.", "did you mean 'C0123456789'?"),
        ("https://acme.slack.com/archives/reports", "'reports' is not an id", "Copy link"),
        ("https://example.com/archives/C0123456789", "is neither", "Copy link"),
        ("https://slack.com.example.com/archives/C0123456789", "is neither", "Copy link"),
        ("C0123456789; DROP", "is neither", "Copy link"),
        ("X" * 500, "...' is neither", "Copy link"),
    ],
)
def test_other_text_is_refused_with_a_hint(text: str, message: str, hint: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_channel_id(text)
    assert message in str(error.value)
    assert hint in error.value.hint


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_an_id_or_bad_input(text: str) -> None:
    with suppress(BadInput):
        assert ID.fullmatch(parse_channel_id(text))
