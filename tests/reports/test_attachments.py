"""Attachments: checked with their place, drawn with their bar, and never without a text for notifications."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.presentation.message.preview import preview_lines
from schedbot.reports import block_checks, render
from schedbot.reports.limits import enforce
from tests.support.reports.template_context import template_context

CONTEXT = template_context()
DIVIDER = {"type": "divider"}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


@pytest.mark.parametrize(
    ("attachments", "problem"),
    [
        (
            [{"text": "a"}, {"blocks": [DIVIDER, section("")]}],
            "Attachment 2, block 2 (section): /attachments/1/blocks/1/text/text is empty; Slack needs at least 1 "
            "character.",
        ),
        ([{"blocks": DIVIDER}], "Attachment 1: /attachments/0/blocks is not a list."),
        (
            [{"blocks": [DIVIDER], "text": "a"}],
            "Attachment 1: /attachments/0/text is beside 'blocks', and Slack refuses the two together.",
        ),
    ],
)
def test_attachment_is_refused_with_its_place(attachments: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(ReportFailed) as refused:
        enforce(Message("a", attachments=attachments))
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("attachment", "warning"),
    [
        (
            {"text": "a", "color": "mauve"},
            "color is 'mauve'; Slack allows good, warning, danger or a color such as #2eb886.",
        ),
        ({"text": "a", "colour": "good"}, "colour is a property that schedbot does not know."),
        ({"text": "a", "footer": "a" * 301}, "footer has 301 characters; Slack allows 300."),
        ({"text": "a", "title_link": "x.example"}, "title_link is 'x.example', an address without a scheme"),
        ({"fields": [{"title": "Open", "value": 3}]}, "fields/0/value is not a string."),
        ({"color": "good"}, "/attachments/0 needs blocks, text or fallback."),
        ({"blocks": [{"type": "hologram"}]}, "blocks/0/type is 'hologram', a type that schedbot does not know."),
    ],
)
def test_doubt_about_an_attachment_is_a_warning(attachment: dict[str, Any], warning: str) -> None:
    (sentence,) = block_checks.find_warnings(enforce(Message("a", attachments=(attachment,))))
    assert warning in sentence
    assert sentence.startswith("Attachment 1")


def test_attachments_alone_get_a_fallback_and_no_text() -> None:
    full = {
        "pretext": "See", "author_name": "Ann", "title": "Sales", "text": "up", "footer": "from the warehouse",
        "fields": [{"title": "Open", "value": "3"}],
    }  # fmt: skip
    message = enforce(Message(attachments=({"color": "good", "blocks": [section("up")]}, full, {"fallback": "own"})))
    assert message.text == ""
    assert [attachment["fallback"] for attachment in message.attachments] == [
        "up",
        "See\nAnn\nSales\nup\nOpen: 3\nfrom the warehouse",
        "own",
    ]


def test_text_beside_blocks_includes_the_attachments() -> None:
    message = enforce(Message("", (section("Sales"),), attachments=({"text": "up"},)))
    assert (message.text, message.attachments) == ("Sales\nup", ({"text": "up"},))


def test_long_text_beside_attachments_moves_to_blocks() -> None:
    message = enforce(Message("word " * 1_000, attachments=({"text": "up"},)))
    assert len(message.text) <= 4_000
    assert len(message.blocks) == 2
    assert message.attachments == ({"text": "up"},)


def test_attachments_without_any_text_are_refused() -> None:
    with pytest.raises(ReportFailed, match="its notification would be empty"):
        enforce(Message(attachments=({"color": "good", "blocks": [DIVIDER]},)))


def test_attachments_are_drawn_with_their_bar() -> None:
    attachments: list[dict[str, Any]] = [
        {"color": "good", "pretext": "See:", "title": "Sales", "title_link": "https://x.example", "text": "up *3* %"},
        {"color": "#A1B2C3", "blocks": [section("one"), DIVIDER]},
        {"footer": "warehouse", "ts": 1795453200},
        {"fallback": "only this", "ts": "soon"},
    ]
    assert preview_lines(Message("Hi", attachments=attachments), 30) == [
        ("plain", "Hi"),
        ("plain", "See:"),
        ("bold #2eb886", "▌ Sales (https://x.example)"),
        ("plain #2eb886", "▌ up 3 %"),
        ("plain #a1b2c3", "▌ one"),
        ("dim #a1b2c3", "▌ " + "─" * 28),
        ("dim #dddddd", "▌ warehouse · Mon 23 Nov 2026"),
        ("dim #dddddd", "▌ 17:00 UTC"),
        ("plain #dddddd", "▌ only this"),
    ]


TEMPLATE = """{"text": "a", "attachments": [{"color": "{{ x }}", "pretext": "{{ x }}", "title": "{{ x }}",
  "title_link": "https://x.example/{{ x }}", "author_name": "{{ x }}", "fallback": "{{ x }}", "text": "{{ x }}",
  "footer": "{{ x|truncate(300) }}", "fields": [{"title": "{{ x }}", "value": "{{ x }}"}]},
  {"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": ".{{ x }}"}]}]}]}"""


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=st.text(st.sampled_from('<>!@#|^"\\{}[]()&UCS0:/ \n\ta\x1b\u202e')) | st.text())
def test_value_neither_pings_nor_forges_in_attachments(x: str, tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text(TEMPLATE, encoding="utf-8")
    legacy, modern = render(Report("template", str(tmp_path / "a.j2"), {"x": x}), CONTEXT).attachments
    shown = [legacy[name] for name in ("pretext", "title", "author_name", "fallback", "text", "footer")]
    shown += [*legacy["fields"][0].values(), modern["blocks"][0]["elements"][0]["text"]]
    assert len(legacy) == 9
    assert [text for text in shown if "<" in text or ">" in text] == []
    assert list(modern["blocks"][0]) == ["type", "elements"]
