"""Valid cron expressions and their normal form; errors with hints for all others."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedbot.errors import BadInput
from schedbot.model import Recurrence
from schedbot.rules import recurrence

ACCEPTED = [
    ("0 9 * * mon,fri", "0 9 * * mon,fri"),
    ("  0\t9  * *   Mon-FRI ", "0 9 * * Mon-FRI"),
    ("00 09 01 01 *", "0 9 1 1 *"),
    ("@daily", "0 0 * * *"),
    ("@Hourly", "0 * * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@annually", "0 0 1 1 *"),
    ("@midnight", "0 0 * * *"),
    ("9-9 * * * *", "9 * * * *"),
    ("0 0 1-1 * *", "0 0 1 * *"),
    ("5-5/7 * * * *", "5 * * * *"),
    ("0 9 * * 1#2,5#4", "0 9 * * 1#2,5#4"),
    ("0 9 * * 5#-1", "0 9 * * L5"),
    ("0 9 * * 5L", "0 9 * * L5"),
    ("0 9 * * L7", "0 9 * * L0"),
    ("0 9 L * *", "0 9 L * *"),
    ("0 0 29 2 *", "0 0 29 2 *"),
    ("0 0 29 2 */7", "0 0 29 2 */7"),
    ("0 0 30 2 1", "0 0 30 2 1"),  # Mondays in February
]
REFUSED = [
    ("", "is empty", "0 9 * * mon,fri"),
    ("   ", "is empty", "0 9 * * mon,fri"),
    ("22-2 * * * *", "22-2", "22-59,0-2"),
    ("0 22-2 * * *", "22-2", "22-23,0-2"),
    ("0 22-2/2 * * *", "22-2/2", "22,0,2"),
    ("0 9 * nov-feb *", "nov-feb", "11-12,1-2"),
    ("0 9 * * fri-mon", "fri-mon", "5-6,0-1"),
    ("0 9 * * sat-sun", "sat-sun", "6,0"),
    ("5/15 * * * *", "5/15", "5-59/15"),
    ("0 5/6 * * *", "5/6", "5-23/6"),
    ("0 0 30 2 *", "never due", "last day"),
    ("0 0 31 4,6,9,11 *", "never due", "last day"),
    ("0 0 31 2 */2", "never due", "last day"),
    ("@reboot", "@reboot", "clock"),
    ("@fortnightly", "@fortnightly", "@weekly"),
    ("0 0 9 * * *", "6 fields", "Seconds"),
    ("0 9 * * * 2026 1", "7 fields", "Minute, hour"),
    ("9", "1 field,", "Minute, hour"),
    ("0 9 ? * 1", "?", "'*'"),
    ("R * * * *", "R", "Random times"),
    ("R(0-5) * * * *", "R(0-5)", "Random times"),
    ("H * * * *", "H", "Random times"),
    ("60 * * * *", "60", "0 to 59"),
    ("0 24 * * *", "24", "0 to 23"),
    ("0 9 0 * *", "'0'", "1 to 31"),
    ("0 9 * 13 *", "13", "1 to 12, or jan to dec"),
    ("0 9 * * 8", "8", "0 to 7, or sun to sat"),
    ("0 9 * * monday", "monday", "sun to sat"),
    ("0 9 mon * *", "mon", "1 to 31"),
    ("*/0 * * * *", "*/0", "1 or more"),
    ("-5 * * * *", "-5", "0 to 59"),
    ("1,,2 * * * *", "''", "0 to 59"),
    ("0 9 * * mon,L5", "mon", "one list"),
    ("0 9 * * 1#6", "1#6", "'1#1' to '1#5'"),
    ("0 9 15W * *", "15W", "working day"),
    ("٣ * * * *", "٣", "0 to 59"),
    ("9" * 150 + " * * * *", "99999", "0 to 59"),
    ("9" * 5_000 + " * * * *", "5,008 characters", "At most 200"),
    (",".join(["5"] * 50_000) + " * * * *", "characters", "At most 200"),
]


@pytest.mark.parametrize(("text", "normal_form"), ACCEPTED)
def test_valid_expression_has_a_normal_form(text: str, normal_form: str) -> None:
    assert recurrence.check_cron(text, "UTC") == normal_form
    assert recurrence.check_cron(normal_form, "UTC") == normal_form


@pytest.mark.parametrize(("text", "problem", "remedy"), REFUSED)
def test_invalid_expression_is_refused_with_a_hint(text: str, problem: str, remedy: str) -> None:
    with pytest.raises(BadInput) as refusal:
        recurrence.check_cron(text, "UTC")
    assert problem in str(refusal.value)
    assert remedy in refusal.value.hint
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize(
    ("expression", "equivalent"),
    [("9-9 0 * * *", "9 0 * * *"), ("0 0 1,* * 1", "0 0 * * *"), ("0 9 * * 1-7", "0 9 * * *"), ("@daily", "0 0 * * *")],
)
def test_expression_that_croniter_misreads_fires_as_in_cron(expression: str, equivalent: str) -> None:
    first, second = (
        list(recurrence.between(Recurrence("UTC", cron), 0, 90 * 86_400_000)) for cron in (expression, equivalent)
    )
    assert first == second != []


def test_unknown_zone_of_an_expression_is_refused() -> None:
    with pytest.raises(BadInput, match="Amerika/New_York"):
        recurrence.check_cron("0 9 * * *", "Amerika/New_York")


ALPHABET = string.digits + "*/,-#@?LlWwRrHh \t()" + "adefjmnostuvy" + "\x00٣é\n"
TERMS = st.text(string.digits + "*/,-#L", min_size=1, max_size=5) | st.sampled_from(["*", "mon", "1-5", "*/2", "31"])


@settings(max_examples=700, deadline=None)
@given(st.text(ALPHABET, max_size=60) | st.text(max_size=40))
def test_any_text_is_refused_or_fires(text: str) -> None:
    assert hint_or_first_instant(text)


@settings(max_examples=700, deadline=None)
@given(st.lists(TERMS, min_size=5, max_size=5))
def test_any_five_fields_are_refused_or_fire(fields: list[str]) -> None:
    assert hint_or_first_instant(" ".join(fields))


def hint_or_first_instant(text: str) -> str | int | None:
    """Return the hint of the error, or the first instant of the expression."""
    try:
        stored = recurrence.check_cron(text, "UTC")
    except BadInput as refusal:
        return refusal.hint
    return recurrence.next_after(Recurrence("UTC", stored), 0)
