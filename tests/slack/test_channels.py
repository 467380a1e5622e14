"""How a channel is named, and what is said when it is not."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.slack.channels import ID, channel_id


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
    ],
)
def test_a_channel_is_its_id_or_its_link(text: str, channel: str) -> None:
    assert channel_id(text) == channel


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("#reports", "'#reports' is a name", "Copy link"),
        ("reports", "'reports' is neither", "Copy link"),
        ("@ann", "'@ann' is a name", "Copy link"),
        ("", "No channel was given.", "Copy link"),
        ("c0123456789", "'c0123456789' is not a channel's id.", "did you mean 'C0123456789'?"),
        ("https://acme.slack.com/archives/reports", "'reports' is no id", "Copy link"),
        ("https://example.com/archives/C0123456789", "is neither", "Copy link"),
        ("https://slack.com.example.com/archives/C0123456789", "is neither", "Copy link"),
        ("C0123456789; DROP", "is neither", "Copy link"),
        ("X" * 500, "...' is neither", "Copy link"),
    ],
)
def test_anything_else_is_refused_with_a_word_on_where_the_link_is(text: str, said: str, hint: str) -> None:
    with pytest.raises(BadInput) as refused:
        channel_id(text)
    assert said in str(refused.value)
    assert hint in refused.value.hint


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_id_or_bad_input(text: str) -> None:
    with suppress(BadInput):
        assert ID.fullmatch(channel_id(text))
