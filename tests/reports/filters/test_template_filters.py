"""Filters of templates: Slack's markup, numbers and dates, and the errors for values that they cannot use."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedbot.errors import ReportFailed
from schedbot.model import Report
from schedbot.reports import render
from schedbot.rules.periods import Period
from tests.support.reports.template_context import template_context

NEW_YORK = ZoneInfo("America/New_York")
CONTEXT = {
    **template_context(),  # Mon 23 Nov 2026 09:00 PST
    "period": Period(datetime(2026, 11, 16, tzinfo=NEW_YORK), datetime(2026, 11, 23, tzinfo=NEW_YORK)),
    "previous": None,
    "last_of_march": datetime(2026, 3, 31, 9, tzinfo=NEW_YORK),
    "monday_after_change": datetime(2026, 3, 9, 9, tzinfo=NEW_YORK),
}


def render_text(folder: Path, expression: str, **params: Any) -> str:
    file = folder / "report.json.j2"
    file.write_text(f'{{"text": "{{{{ {expression} }}}}"}}', encoding="utf-8")
    return render(Report("template", str(file), params), CONTEXT).text


@pytest.mark.parametrize(
    ("expression", "value", "shown"),
    [
        ("x|mention", "U0123456789", "<@U0123456789>"),
        ("x|mention", "W0123456789", "<@W0123456789>"),
        ("x|map('mention')|join(' ')", ["U0123456789", "U0123456780"], "<@U0123456789> <@U0123456780>"),
        ("x|usergroup", "S0123456789", "<!subteam^S0123456789>"),
        ("x|channel_link", "C0123456789", "<#C0123456789>"),
        ("x|link('read')", "https://x.example/?a=1&b=2", "<https://x.example/?a=1&amp;b=2|read>"),
        ("x|link", "https://x.example/a b|c>d", "<https://x.example/a%20b%7Cc%3Ed>"),
        ("x|link('Acme > | <!here>')", "mailto:a@x.example", "<mailto:a@x.example|Acme &gt; | &lt;!here&gt;>"),
        ("x|link('two\nlines')", "http://x.example", "<http://x.example|two lines>"),
        ("x|link('U0123456789'|mention)", "https://x.example", "<https://x.example|&lt;@U0123456789&gt;>"),
    ],
)
def test_filter_writes_markup(expression: str, value: Any, shown: str, tmp_path: Path) -> None:
    assert render_text(tmp_path, expression, x=value) == shown


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("due|slack_date", "<!date^1795453200^{date_short_pretty} {time}|Mon 23 Nov 2026 09:00 PST>"),
        (
            "due|slack_date('{date_long} at {time}')",
            "<!date^1795453200^{date_long} at {time}|Mon 23 Nov 2026 09:00 PST>",
        ),
        ("due|slack_date('{time}', 'at 9')", "<!date^1795453200^{time}|at 9>"),
        ("due_at|slack_date('{date}')", "<!date^1795453200^{date}|Mon 23 Nov 2026 09:00 PST>"),
        ("1795453200000|slack_date('{ago}')", "<!date^1795453200^{ago}|Mon 23 Nov 2026 09:00 PST>"),
        ("period.start|slack_date('{date}')", "<!date^1794805200^{date}|Mon 16 Nov 2026 00:00 EST>"),
    ],
)
def test_slack_date_is_shown_in_the_readers_zone(expression: str, shown: str, tmp_path: Path) -> None:
    assert render_text(tmp_path, expression) == shown


@pytest.mark.parametrize(
    ("expression", "value", "shown"),
    [
        ("x|number", 1234567, "1,234,567"),
        ("x|number", 1234.5, "1,234.5"),
        ("x|number", 0.1 + 0.2, "0.3"),
        ("x|number(2)", 1234.5, "1,234.50"),
        ("x|number(2)", 2.675, "2.68"),
        ("x|number(0)", -0.4, "0"),
        ("x|number(decimals=1)", "-1234.56", "-1,234.6"),
        ("x|number(2, '.', ',')", 1234567.891, "1.234.567,89"),
        ("x|number(thousands=' ')", 12345, "12 345"),
        ("x|number(sign=true)", 5, "+5"),
        ("x|number(1)", "1e3", "1,000.0"),
        ("x|percent", 0.123, "12%"),
        ("x|percent(1)", 0.1234, "12.3%"),
        ("x|percent(1, sign=true)", 0.05, "+5.0%"),
        ("x|percent", -0.5, "-50%"),
        ("x|bar", 0.7, "███████░░░"),
        ("x|bar(4)", 0.5, "██░░"),
        ("x|bar(4, of=200)", 50, "█░░░"),
        ("x|bar(4)", 7, "████"),
        ("x|bar(4)", -1, "░░░░"),
        ("x|bar(4, of=0)", 0, "░░░░"),
    ],
)
def test_number_filter_formats(expression: str, value: Any, shown: str, tmp_path: Path) -> None:
    assert render_text(tmp_path, expression, x=value) == shown


def test_decimals_of_a_database_are_numbers(tmp_path: Path) -> None:
    assert render_text(tmp_path, "x|number(2)", x=Decimal("1234.5")) == "1,234.50"


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("due|days(-7)", "2026-11-16 09:00:00-08:00"),
        ("due|weeks(1)", "2026-11-30 09:00:00-08:00"),
        ("monday_after_change|days(-2)", "2026-03-07 09:00:00-05:00"),
        ("last_of_march|months(-1)", "2026-02-28 09:00:00-05:00"),
        ("last_of_march|quarters(-1)", "2025-12-31 09:00:00-05:00"),
        ("last_of_march|years(1)", "2027-03-31 09:00:00-04:00"),
        ("due|start_of('month')", "2026-11-01 00:00:00-07:00"),
        ("(due|start_of('quarter')|days(-1)).strftime('%d %b')", "30 Sep"),
        ("period.start.strftime('%d %b') ~ ' to ' ~ (period.end|days(-1)).strftime('%d %b')", "16 Nov to 22 Nov"),
        ("'never' if previous is none else previous", "never"),
    ],
)
def test_date_filter_keeps_the_wall_clock(expression: str, shown: str, tmp_path: Path) -> None:
    assert render_text(tmp_path, expression) == shown


@pytest.mark.parametrize(
    ("expression", "value", "problem", "hint"),
    [
        ("x|mention", "bob", "'mention' got 'bob', which is no user id", "Copy the id in Slack"),
        ("x|mention", "!channel", "'mention' got '!channel', which is no user id", "Copy the id in Slack"),
        (
            "x|mention",
            ["U0123456789"],
            "got ['U0123456789'], which is no user id",
            "For a list use {{ ids|map",
        ),
        ("x|usergroup", "U0123456789", "'usergroup' got 'U0123456789', which is no id of a user group", "The id of a"),
        ("x|channel_link", None, "'channel_link' got None, which is no channel id", "Copy the id in Slack"),
        ("x|link('a')", "javascript:alert(1)", "which is no web address", "Give an address that begins with https://"),
        ("x|link('a')", "https://", "which is no web address", "Give an address that begins with https://"),
        ("x|link('a')", "https://[", "which is no web address", "Give an address that begins with https://"),
        ("x|link('a')", "!channel", "which is no web address", "Give an address that begins with https://"),
        ("x|slack_date", "monday", "'slack_date' got 'monday', which is no time", "Give a time with a zone (due)"),
        ("x|slack_date", "2026-12-01", "which has no time zone", "Give a time with a zone (due)"),
        ("x|slack_date", -1, "which is not between 1970 and 9999", "Give a time with a zone (due)"),
        ("due|slack_date(x)", "{dat_long}", "which has the unknown part {dat_long}", "Did you mean {date_long}?"),
        ("due|slack_date(x)", "now", "which is no format of a date", "Write it like '{date_short_pretty} {time}'."),
        ("due|slack_date(x)", "{time}|<!here>", "which is no format of a date", "Write it like"),
        ("x|number", "many", "'number' got 'many', which is no number", "Give a number, such as 1234.5."),
        ("x|number", "NaN", "'number' got 'NaN', which is no number", "Test for it with {% if %}"),
        ("x|number", float("inf"), "'number' got inf, which is no number", "Test for it with {% if %}"),
        ("x|number", None, "got None, which is no number", "For a value that may be missing use |default(0, true)"),
        ("x|number", True, "'number' got True, which is no number", "Give a number, such as 1234.5."),
        ("x|number", 10**120, "which is no number", "Give a number, such as 1234.5."),
        ("1|number(x)", 21, "which is no number of decimals", "Give a whole number from 0 to 20."),
        ("x|percent", "12%", "'percent' got '12%', which is no number", "Give a number, such as 1234.5."),
        ("x|bar", float("nan"), "'bar' got nan, which is no number", "Test for it with {% if %}"),
        ("0.5|bar(x)", 0, "'bar' got 0, which is no width", "Give a whole number from 1 to 100."),
        ("1|bar(of=x)", -1, "'bar' got -1, which is no maximum", "Give 0 or more as 'of'."),
        ("x|days(1)", "2026-12-01", "'days' got '2026-12-01', which is no time", "Use due, period.start"),
        ("due|days(x)", "7", "'days' got '7', which cannot be used", "'7' is not a whole number. Write it like -7."),
        ("due|start_of(x)", "weak", "got 'weak', which cannot be used", "'weak' is not a unit of time. Did you mean"),
    ],
)
def test_filter_names_a_value_it_cannot_use(
    expression: str, value: Any, problem: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(ReportFailed) as refused:
        render_text(tmp_path, expression, x=value)
    assert str(refused.value).startswith("The filter '")
    assert problem in str(refused.value)
    assert str(refused.value).endswith("(line 1 of report.json.j2).")
    assert refused.value.hint.startswith(hint)


def test_filter_of_an_undefined_name_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="needs the parameter 'nobody'"):
        render_text(tmp_path, "nobody|mention")
