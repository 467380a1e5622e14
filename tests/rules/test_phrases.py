"""Phrases for `--every` that cron cannot express, and their normal form."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.rules import recurrence
from schedbot.rules.recurrence.rrule import first_at_or_after

WEDNESDAY = datetime(2026, 12, 2, 10)
NORMAL_FORMS = [
    ("2 weeks on friday at 16:00", "2 weeks on friday at 16:00 from 2026-12-04"),
    ("every other monday at 9am", "2 weeks on monday at 9:00 from 2026-12-07"),
    ("fortnight on tue and thu at 9:00", "2 weeks on tuesday and thursday at 9:00 from 2026-12-03"),
    ("3 months on the 1st at 8:00", "3 months on the 1st at 8:00 from 2027-01-01"),
    ("other month on the last friday at 9:00", "2 months on the last friday at 9:00 from 2026-12-25"),
    ("2 months on the second monday at 9:00", "2 months on the 2nd monday at 9:00 from 2026-12-14"),
    ("2 months on the last day at noon", "2 months on the last day at 12:00 from 2026-12-31"),
    ("other day at 9:00 and 17:00", "2 days at 9:00 and 17:00 from 2026-12-02"),
    ("the last business day of the month at 9:00", "last business day at 9:00"),
    ("first working day at 9:00", "1st business day at 9:00"),
    ("3rd business day at 8:30", "3rd business day at 8:30"),
    ("quarter on the last business day at 17:00", "last business day of the quarter at 17:00"),
]
CRON_PHRASES = [
    ("quarter on the last friday at 16:30", "30 16 * 3,6,9,12 L5"),
    ("quarter on the 1st at 8:00", "0 8 1 1,4,7,10 *"),
    ("week on friday at 9:00", "0 9 * * 5"),
    ("month on the last friday at 9:00", "0 9 * * L5"),
    ("weekday at 9:00", "0 9 * * 1-5"),
    ("2 hours", "0 */2 * * *"),
]
REFUSED = [
    ("2 weeks at 9:00", "needs a day", "2 weeks on friday"),
    ("2 weeks on the 1st at 9:00", "needs a day", "2 weeks on friday"),
    ("2 months on friday at 9:00", "needs a day", "3 months on the 1st"),
    ("quarter at 9:00", "needs a day", "quarter on the last friday"),
    ("99 weeks on friday at 9:00", "99 weeks", "At most 52"),
    ("21st business day at 9:00", "21st business day", "up to '20th'"),
    ("2 weeks on friday", "no time of day", "at 9:00"),
    ("2 weeks on friday at 16:00 from 2026-02-30", "does not exist", "2026-12-04"),
    ("weekday at 9:00 from 2026-12-04", "no interval to count", "--starts 2026-12-04"),
    ("last business day at 9:00 from 2026-12-04", "no interval to count", "--starts 2026-12-04"),
    ("2 weeks on blursday at 9:00", "blursday", "2 weeks on friday"),
]


@pytest.mark.parametrize(("phrase", "normal"), NORMAL_FORMS)
def test_normal_form_gives_the_same_rule_at_any_time(phrase: str, normal: str) -> None:
    rule = recurrence.to_recurrence(phrase, "UTC", WEDNESDAY)
    assert rule.rrule
    assert recurrence.to_phrase(rule.rrule) == normal
    assert recurrence.to_recurrence(normal, "UTC", datetime(2031, 5, 5)) == rule


@pytest.mark.parametrize(("phrase", "cron"), CRON_PHRASES)
def test_phrase_that_cron_can_express_becomes_cron(phrase: str, cron: str) -> None:
    assert recurrence.to_recurrence(phrase, "UTC", WEDNESDAY).cron == recurrence.check_cron(cron, "UTC") == cron


@pytest.mark.parametrize(("phrase", "problem", "remedy"), REFUSED)
def test_invalid_phrase_is_refused_with_a_hint(phrase: str, problem: str, remedy: str) -> None:
    with pytest.raises(BadInput) as refusal:
        recurrence.to_recurrence(phrase, "UTC", WEDNESDAY)
    assert problem in str(refusal.value)
    assert remedy in refusal.value.hint


@pytest.mark.parametrize(
    ("phrase", "description"),
    [
        ("2 weeks on fri at 16:00", "at 16:00 every 2 weeks on Friday, counted from Fri 4 Dec 2026, Los Angeles time"),
        ("last business day at 9:00", "at 09:00 on the last business day of the month, Los Angeles time"),
        ("3 days at 9:00", "at 09:00 every 3 days, counted from Thu 3 Dec 2026, Los Angeles time"),
    ],
)
def test_rule_is_described(phrase: str, description: str) -> None:
    after = WEDNESDAY if "days" not in phrase else datetime(2026, 12, 2, 10, 0, 1)
    rule = recurrence.to_recurrence(phrase, "America/Los_Angeles", after)
    assert recurrence.describe(rule) == description


WORDS = "every|other|2|3|days|weeks|months|quarter|on|the|1st|last|friday|business|day|at|9:00|and|from|2026-12-04"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.from_regex(WORDS, fullmatch=True), max_size=9).map(" ".join) | st.text(max_size=30))
def test_any_phrase_is_refused_or_gives_a_rule(phrase: str) -> None:
    try:
        rule = recurrence.to_recurrence(phrase, "UTC", WEDNESDAY)
    except BadInput:
        return
    if rule.rrule is None:
        recurrence.check_cron(rule.cron or "", "UTC")
    else:
        assert first_at_or_after(rule.rrule, WEDNESDAY) >= WEDNESDAY
        assert recurrence.to_recurrence(recurrence.to_phrase(rule.rrule), "UTC", WEDNESDAY) == rule
