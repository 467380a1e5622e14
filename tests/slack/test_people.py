"""How a person is named, and what is said when they are not."""

import pytest

from schedbot.errors import BadInput
from schedbot.slack.people import is_person, user_id


@pytest.mark.parametrize(("said", "user"), [("slack:U0123", "U0123"), (" Slack: W0123456789 ", "W0123456789")])
def test_a_person_is_the_users_id(said: str, user: str) -> None:
    assert is_person(said)
    assert user_id(said) == user


@pytest.mark.parametrize(
    ("said", "sentence", "remedy"),
    [
        ("slack:", "It is not said whose time zone is meant.", "Copy member ID"),
        ("slack:@maria", "'@maria' is not a user's id. Names change", "Copy member ID"),
        ("slack:u0123456789", "'u0123456789' is not a user's id.", "did you mean 'slack:U0123456789'?"),
        ("slack:C0123456789", "'C0123456789' is not a user's id.", "Copy member ID"),
    ],
)
def test_what_is_no_users_id_is_refused_with_what_to_do(said: str, sentence: str, remedy: str) -> None:
    with pytest.raises(BadInput) as refused:
        user_id(said)
    assert sentence in str(refused.value)
    assert remedy in refused.value.hint


def test_a_zone_is_no_person() -> None:
    assert not any(map(is_person, ("UTC", "Europe/Berlin", "slack", "")))
