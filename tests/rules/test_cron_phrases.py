"""Phrases for `--every` that cron can express."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.rules import recurrence

ACCEPTED = [
    ("weekday at 9:00", "0 9 * * 1-5"),
    ("every weekday at 9am", "0 9 * * 1-5"),
    ("day at 17:30", "30 17 * * *"),
    ("daily at noon", "0 12 * * *"),
    ("weekend at 10:00", "0 10 * * 0,6"),
    ("monday and friday at 9am", "0 9 * * 1,5"),
    ("Mon, Wed and Fri at 12:15 pm", "15 12 * * 1,3,5"),
    ("tuesdays at 9:00", "0 9 * * 2"),
    ("tues at 9:00", "0 9 * * 2"),
    ("monday to thursday at 8:00", "0 8 * * 1-4"),
    ("fri-mon at 9:00", "0 9 * * 0,1,5,6"),
    ("last friday at 16:30", "30 16 * * L5"),
    ("first monday of the month at 9:00", "0 9 * * 1#1"),
    ("3rd tuesday at 9:00", "0 9 * * 2#3"),
    ("month on the 1st at 8:00", "0 8 1 * *"),
    ("month on the 1st and 15th at 8:00", "0 8 1,15 * *"),
    ("15th of the month at 8:00", "0 8 15 * *"),
    ("last day of the month at 17:00", "0 17 L * *"),
    ("day at 9:00 and 17:00", "0 9,17 * * *"),
    ("day at 9:00 and 9:30", "0,30 9 * * *"),
    ("hour", "0 * * * *"),
    ("minute", "* * * * *"),
    ("15 minutes", "*/15 * * * *"),
    ("2 hours", "0 */2 * * *"),
    ("60 minutes", "0 * * * *"),
]
REFUSED = [
    ("", "''", "weekday at 9am"),
    ("2 weeks on friday at 16:00", "2 weeks on friday", "last friday at 16:30"),
    ("last business day at 9:00", "last business day", "last friday at 16:30"),
    ("day", "no time of day", "at 9:00"),
    ("day at 25:00", "invalid time of day", "17:30"),
    ("day at 9", "invalid time of day", "9am"),
    ("day at 9:15 and 10:30", "do not fit in one schedule", "several schedules"),
    ("7 minutes", "divide the hour", "15, 20, 30"),
    ("5 hours", "divide the day", "8, 12"),
    ("0 minutes", "divide the hour", "15, 20, 30"),
    ("32nd of the month at 9:00", "32nd", "1st"),
    ("tuesdy at 9:00", "Unknown word 'tuesdy'", "Did you mean 'tuesday'?"),
    ("x" * 5_000, "xxx", "weekday at 9am"),
]


@pytest.mark.parametrize(("phrase", "cron"), ACCEPTED)
def test_phrase_becomes_a_valid_expression(phrase: str, cron: str) -> None:
    assert recurrence.to_cron(phrase) == cron
    assert recurrence.check_cron(cron, "UTC") == cron


@pytest.mark.parametrize(("phrase", "problem", "remedy"), REFUSED)
def test_invalid_cron_phrase_is_refused_with_a_hint(phrase: str, problem: str, remedy: str) -> None:
    with pytest.raises(BadInput) as refusal:
        recurrence.to_cron(phrase)
    assert problem in str(refusal.value)
    assert remedy in refusal.value.hint


WORDS = "every|day|weekday|monday|friday|last|first|1st|15th|of|the|month|at|9:00|9am|and|,|2|on"


@settings(max_examples=500, deadline=None)
@given(st.lists(st.from_regex(WORDS, fullmatch=True), max_size=9).map(" ".join) | st.text(max_size=30))
def test_any_phrase_is_refused_or_gives_a_valid_expression(phrase: str) -> None:
    try:
        cron = recurrence.to_cron(phrase)
    except BadInput:
        return
    assert recurrence.check_cron(cron, "UTC") == cron
