"""Example templates: they render, and are safe with hostile parameters."""

import re
from pathlib import Path
from typing import Any

import pytest

from schedbot.model import Message, Report
from schedbot.presentation.message.preview import preview_lines
from schedbot.reports import render
from tests.support.reports.template_context import template_context

EXAMPLES = Path(__file__).parents[2] / "examples"
HOSTILE = '<!channel> "R&D" \\ '
INCIDENT = {"title": HOSTILE, "severity": "critical", "minutes": 12, "url": "!channel"}
PARAMS: dict[str, dict[str, Any]] = {
    "weekly_status": {
        "customer": HOSTILE,
        "open": 12,
        "closed": 31,
        "uptime": 99.9,
        "response": "1 h",
        "note": HOSTILE,
    },
    "sales": {"regions": [{"name": HOSTILE, "sales": 1840, "change": -4.2}, {"name": "N", "sales": 3, "change": 0}]},
    "late_orders": {"customers": [{"name": HOSTILE, "late": 12, "orders": 40, "url": "https://x.example/?a=1&b=2"}]},
    "incident_digest": {"incidents": [INCIDENT], "oncall": "U0123456789"},
}


def render_example(name: str, params: dict[str, Any]) -> Message:
    monday = template_context()
    return render(Report("template", str(EXAMPLES / f"{name}.json.j2"), params), monday)


def test_each_example_has_parameters_here() -> None:
    assert {file.name.removesuffix(".json.j2") for file in EXAMPLES.glob("*.json.j2")} == set(PARAMS)


@pytest.mark.parametrize("name", PARAMS)
def test_example_escapes_hostile_parameters(name: str) -> None:
    message = render_example(name, PARAMS[name])
    preview = "\n".join(line for _, line in preview_lines(message, 400))
    assert '<!channel> "R&D" \\' in preview
    assert re.findall(r"<!\w+", f"{message.text}{message.blocks}{message.attachments}") == []


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("weekly_status", {"customer": "A", "open": 0, "closed": 0}),
        ("sales", {"regions": []}),
        ("incident_digest", {"incidents": []}),
        ("late_orders", {"customers": []}),
    ],
)
def test_example_renders_with_required_parameters_only(name: str, params: dict[str, Any]) -> None:
    assert render_example(name, params).text


def test_digest_mentions_on_call_only_if_critical() -> None:
    assert "<@U0123456789>" in str(render_example("incident_digest", PARAMS["incident_digest"]).blocks)
    calm = {"incidents": [INCIDENT | {"severity": "minor"}], "oncall": "U0123456789"}
    assert "U0123456789" not in str(render_example("incident_digest", calm).blocks)
