"""User ids in --tz, and the errors for any other text."""

import pytest

from schedbot.errors import BadInput
from schedbot.slack.user_ids import is_user_zone, parse_user_id


@pytest.mark.parametrize(("tz", "user"), [("slack:U0123", "U0123"), (" Slack: W0123456789 ", "W0123456789")])
def test_user_zone_contains_the_user_id(tz: str, user: str) -> None:
    assert is_user_zone(tz)
    assert parse_user_id(tz) == user


@pytest.mark.parametrize(
    ("tz", "message", "hint"),
    [
        ("slack:", "--tz slack: has no user id.", "Copy member ID"),
        ("slack:@maria", "'@maria' is not a user id. Names can change", "Copy member ID"),
        ("slack:u0123456789", "'u0123456789' is not a user id.", "did you mean 'slack:U0123456789'?"),
        ("slack:C0123456789", "'C0123456789' is not a user id.", "Copy member ID"),
    ],
)
def test_other_text_is_refused_with_the_right_form(tz: str, message: str, hint: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_user_id(tz)
    assert message in str(error.value)
    assert hint in error.value.hint


def test_time_zone_is_not_a_user() -> None:
    assert not any(map(is_user_zone, ("UTC", "Europe/Berlin", "slack", "")))
