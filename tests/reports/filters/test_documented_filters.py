"""The filters in the manual: each has an example, and each example gives the documented text."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schedbot.model import Report
from schedbot.reports import render
from schedbot.reports.filters import FILTERS
from schedbot.rules.periods import PeriodRule, find_period
from tests.support.reports.template_context import template_context

MANUAL = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```jinja\n(.*?)```", MANUAL, re.DOTALL)
EXAMPLES = re.findall(r"^(\{\{ .+ \}\}) +→ (.+)$", "".join(BLOCKS), re.MULTILINE)
DUE = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("America/Los_Angeles"))
CONTEXT = {
    **template_context(),
    "period": find_period(PeriodRule.WEEK, DUE),
}


@pytest.mark.parametrize(("expression", "shown"), EXAMPLES)
def test_documented_example_gives_its_text(expression: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text(f'{{"text": "{expression}"}}', encoding="utf-8")
    assert render(Report("template", str(tmp_path / "a.j2")), CONTEXT).text == shown


def test_each_filter_has_an_example() -> None:
    expressions = " ".join(expression for expression, _ in EXAMPLES)
    assert {name for name in FILTERS if not re.search(rf"\|{name}\b|map\(\"{name}\"\)", expressions)} == set()
