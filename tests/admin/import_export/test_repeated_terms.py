"""Lines that share rule and terms get the values of a line that is parsed alone, and the same errors."""

import pytest

from schedbot.admin.fields.parsers import BadField
from schedbot.admin.fields.schedule_fields import ScheduleFields
from schedbot.admin.import_export.repeated_terms import RepeatedTerms
from schedbot.reports.definitions import NO_DEFINITIONS
from tests.support.schedules import ms

NOW = ms("2026-12-01 08:00:00")
LINE = {"name": "a", "cron": "0 9 * * *", "tz": "Europe/Berlin", "channel": "C0123456789", "text": "Hi", "grace": "1h"}


def test_repeated_line_equals_a_line_alone() -> None:
    terms = RepeatedTerms(NOW, {}, NO_DEFINITIONS)
    terms.parse(LINE)
    for cells in ({"name": "b", "channel": "C0123456780"}, {"text": "Ho", "account": "42"}, {"grace": "2h"}):
        line = LINE | cells
        assert terms.parse(line).fields == ScheduleFields.parse(line, NOW)
    assert len(terms.known) == 2


@pytest.mark.parametrize("cells", [{"name": ""}, {"channel": "x"}, {"text": ""}, {"account": "a\x07", "channel": "x"}])
def test_repeated_line_has_the_errors_of_a_line_alone(cells: dict[str, str]) -> None:
    terms = RepeatedTerms(NOW, {}, NO_DEFINITIONS)
    terms.parse(LINE | {"account": ""})
    line = {**LINE, "account": "", **cells}
    with pytest.raises(BadField) as alone:
        ScheduleFields.parse(line, NOW)
    with pytest.raises(BadField) as repeated:
        terms.parse(line)
    assert (repeated.value.column, str(repeated.value)) == (alone.value.column, str(alone.value))
