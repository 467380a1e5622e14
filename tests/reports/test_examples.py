"""The templates that come with schedbot: they render, say all in words, and are safe with hostile names."""

import re
from pathlib import Path
from typing import Any

import pytest

from schedbot.model import Message, Report
from schedbot.reports import render
from schedbot.reports.template_context import context
from schedbot.reports.terminal_preview import draw

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
    "incident_digest": {"incidents": [INCIDENT], "oncall": "<@U0123456789>"},
}


def rendered(name: str, params: dict[str, Any]) -> Message:
    monday = context("acme-weekly", "acme", 1_795_453_200_000, "America/Los_Angeles")
    return render(Report("template", str(EXAMPLES / f"{name}.json.j2"), params), monday)


def test_each_example_is_tried_here() -> None:
    assert {file.name.removesuffix(".json.j2") for file in EXAMPLES.glob("*.json.j2")} == set(PARAMS)


@pytest.mark.parametrize("name", PARAMS)
def test_an_example_shows_hostile_names_as_they_are(name: str) -> None:
    message = rendered(name, PARAMS[name])
    drawn = "\n".join(line for _, line in draw(message, 400))
    assert '<!channel> "R&D" \\' in drawn
    assert re.findall(r"<!\w+", f"{message.text}{message.blocks}") == []


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("weekly_status", {"customer": "A", "open": 0, "closed": 0}),
        ("sales", {"regions": []}),
        ("incident_digest", {"incidents": []}),
    ],
)
def test_an_example_does_with_the_least_it_asks_for(name: str, params: dict[str, Any]) -> None:
    assert rendered(name, params).text


def test_the_digest_pings_who_is_on_call_only_when_it_is_critical() -> None:
    assert "<@U0123456789>" in str(rendered("incident_digest", PARAMS["incident_digest"]).blocks)
    calm = {"incidents": [INCIDENT | {"severity": "minor"}], "oncall": "<@U0123456789>"}
    assert "U0123456789" not in str(rendered("incident_digest", calm).blocks)
