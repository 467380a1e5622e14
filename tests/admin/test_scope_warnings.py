"""Scopes that a schedule needs: a note at `add` and `edit`, as far as the last check of the workspace knows."""

import pytest

from schedbot.admin.workspaces import scope_warnings
from schedbot.slack.scopes import SCOPES
from schedbot.store.schedules import scope_usage
from tests.support.schedules import Schedules

ALL = frozenset(scope.name for scope in SCOPES)


def notes(schedules: Schedules, granted: frozenset[str] | None, **fields: str) -> str:
    """Return the notes of a schedule with these fields in a workspace with these scopes."""
    schedule = schedules.add(**fields)
    if granted is not None:
        with schedules.db.writing():
            scope_usage.save_scopes(schedules.db, schedule.workspace_id, granted)
    return "\n".join(scope_warnings.find_warnings(schedules.session, schedule))


@pytest.mark.parametrize(
    ("fields", "scope"),
    [
        ({"channel": "U0123456789"}, "im:write"),
        ({"channel": "W0123456789"}, "im:history"),
        ({"channel": "D0123456789"}, "im:history"),
        ({"username": "Sales desk"}, "chat:write.customize"),
        ({"icon": ":tada:"}, "chat:write.customize"),
    ],
)
def test_missing_scope_is_named_with_its_purpose(schedules: Schedules, fields: dict[str, str], scope: str) -> None:
    purpose = next(entry.purpose for entry in SCOPES if entry.name == scope)
    note = notes(schedules, ALL - {scope}, **fields)
    assert note.startswith(f"The app lacks the scope {scope}, needed to {purpose}.")
    assert note.count("\n") == 0
    schedules.remove()
    assert notes(schedules, ALL, **fields) == ""


def test_unknown_scopes_are_named_before_the_first_check(schedules: Schedules) -> None:
    note = notes(schedules, None, channel="U0123456789")
    assert "im:history and im:write: 'schedbot workspace check default'" in note
    schedules.remove()
    assert notes(schedules, None) == ""


@pytest.mark.parametrize(("channel", "scope"), [("C0123456789", "channels:history"), ("G0123456789", "groups:history")])
def test_look_up_scope_is_that_of_the_channel(schedules: Schedules, channel: str, scope: str) -> None:
    note = notes(schedules, ALL - {"channels:history", "groups:history", "chat:write.public"}, channel=channel)
    assert (scope in note, note.count("lacks")) == (True, 1)
