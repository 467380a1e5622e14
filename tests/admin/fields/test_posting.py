"""Ways to post as fields of a schedule: thread, update, name and icon."""

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.model import ThreadSpan
from tests.support.schedules import Schedules

WAYS = {"username": "Sales desk", "icon": ":bar_chart:", "unfurl": "true"}


@pytest.mark.parametrize("way", [{"thread": "weekly"}, {"update": "true"}])
def test_edit_takes_each_way_back(schedules: Schedules, way: dict[str, str]) -> None:
    terms = schedules.add(**WAYS, **way).terms
    assert (terms.thread, terms.is_update) == (ThreadSpan(way.get("thread", "none")), "update" in way)
    assert (terms.username, terms.icon, terms.unfurl) == ("Sales desk", ":bar_chart:", True)
    schedules.edit(thread="none", update="false", username="none", icon="", unfurl="false")
    terms = schedules.get().terms
    assert (terms.thread, terms.is_update, terms.username, terms.icon, terms.unfurl) == ("none", False, "", "", False)


def test_thread_with_update_is_refused(schedules: Schedules) -> None:
    with pytest.raises(BadField, match="cannot be a reply") as refused:
        schedules.add(thread="daily", update="true")
    assert "--no-update" in refused.value.hint
    schedules.add(update="true")
    with pytest.raises(BadField) as refused:
        schedules.edit(thread="daily")
    assert refused.value.column == "thread"
    schedules.edit(thread="daily", update="false")


@pytest.mark.parametrize("icon", [":bar_chart:", ":+1:", ":wave::skin-tone-3:", "https://example.com/a.png?b=1"])
def test_icon_is_an_emoji_or_an_https_address(schedules: Schedules, icon: str) -> None:
    assert schedules.add(icon=icon).terms.icon == icon


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("icon", "bar_chart", "':bar_chart:'"),
        ("icon", "http://example.com/a.png", "https"),
        ("icon", "https://ann:secret@example.com/a.png", "https"),
        ("icon", "https:///a.png", "https"),
        ("icon", ":bar chart:", "emoji"),
        ("username", "x" * 81, "80"),
        ("username", "Sales\ndesk", "one line"),
        ("thread", "wekly", "'weekly'"),
        ("update", "perhaps", "true or false"),
        ("unfurl", "perhaps", "true or false"),
    ],
)
def test_wrong_way_is_refused_with_a_hint(schedules: Schedules, column: str, value: str, word: str) -> None:
    with pytest.raises(BadField) as refused:
        schedules.add(**{column: value})
    assert refused.value.column == column
    assert word in f"{refused.value} {refused.value.hint}"
