"""Values of customers: whatever they are, they neither ping, nor forge markup, nor change the message's structure."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports import escaping, render
from schedbot.reports.filters import FILTERS
from tests.support.reports.template_context import template_context

CONTEXT = template_context()
# Each filter with the value as its input, and those with arguments with the value as an argument too.
EXPRESSIONS = (
    *("x", "x|upper", "x ~ '|' ~ x", "[x, x]|join('<')", "{'k': x}.k", "x|replace('!', '@')", "x|default('a')"),
    *(f"x|{name}" for name in FILTERS if name not in ("days", "weeks", "months", "quarters", "years", "start_of")),
    *("'https://x.example'|link(x)", "x|link(x)", "due|slack_date('{time}', x)", "due|slack_date(x)"),
    *("due|slack_date('{time}' ~ x)", "1234.5|number(2, x, x)", "0.5|percent(1, x, x)", "0.5|bar(x)"),
    *("due|days(x)", "due|start_of(x)", "x|days(1)", "x|start_of('day')"),
)
WRITES_MARKUP = ("mention", "usergroup", "channel_link", "link", "slack_date")
TEMPLATE = """{"text": "a", "blocks": [
  {"type": "section", "text": {"type": "mrkdwn", "text": ".{{ EXPRESSION }}."}},
  {"type": "context", "elements": [{"type": "mrkdwn", "text": "<{{ EXPRESSION }}> <{{ EXPRESSION }}|a>"}]},
  {"type": "markdown", "text": "a [b](https://b.example) {{ EXPRESSION }}."},
  {"type": "divider"}
]}"""
ACTIVE = re.compile(r"<[^<>]*>")
ALLOWED = re.compile(
    r"<@[UW][A-Z0-9]{2,20}>|<!subteam\^S[A-Z0-9]{2,20}>|<#[CG][A-Z0-9]{2,20}>"
    r"|<!date\^[0-9]+\^[^<>|^]*\{[a-z_]+\}[^<>|^]*\|[^<>]*>|<(?:https?://|mailto:)[^<>|\s]+(?:\|[^<>\n]*)?>"
)
HOSTILE = (
    *("<!channel>", "<!here|x>", "<@U0123456789>", "!channel", "@U0123456789", "#C0123456789", "!subteam^S0123456789"),
    *("<https://evil.example|your bank>", "https://evil.example|your bank", "[your bank](https://evil.example)"),
    *('"}}, {"type": "section"', '"},{"type":"image","image_url":"https://x"', "\\", '\\"', "\\u003c!channel\\u003e"),
    *(
        "{{ x }}",
        "{% raw %}",
        "a\n\n<!channel>",
        "a\u202egnp.exe",
        "\u2066a\u2069",
        "\x1b[2J\x07\x9b31m",
        "\r\nFrom: a",
    ),
    *(
        "<\x00!channel>",
        "<\u202e@U0123456789>",
        "U0123456789",
        "S0123456789",
        "C0123456789",
        "https://a.example/?a=1&b=2",
    ),
    *("mailto:a@b.example?subject=<!here>", "2026-12-01T09:00:00Z", "0.5", "{time}", "{time}<!here>", "\ud800", "]: x"),
)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
VALUES = st.sampled_from(HOSTILE) | st.text(st.sampled_from('<>!@#|^"\\{}[]()&UCS0:/ \n\ta\x1b\u202e'), max_size=40)
VALUES |= st.text(max_size=40) | st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join)


@pytest.fixture(scope="module")
def render_expression(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Any], Message]:
    folder = tmp_path_factory.mktemp("templates")

    def render_with(expression: str, value: Any) -> Message:
        file = folder / f"{EXPRESSIONS.index(expression)}.json.j2"
        if not file.exists():
            file.write_text(TEMPLATE.replace("EXPRESSION", expression), encoding="utf-8")
        return render(Report("template", str(file), {"x": value}), CONTEXT)

    return render_with


def shape(value: Any) -> Any:
    """Return the value with each text replaced by nothing, except the types."""
    if isinstance(value, dict):
        return {key: entry if key == "type" else shape(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [shape(entry) for entry in value]
    return None


SHAPE = [
    {"type": "section", "text": {"type": "mrkdwn", "text": None}},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": None}]},
    {"type": "markdown", "text": None},
    {"type": "divider"},
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=st.sampled_from(EXPRESSIONS), value=VALUES)
@example(expression="x", value="[your bank](https://evil.example)")
@example(expression="x", value="[your bank]")
@example(expression="x|link", value="https://a.example/?a=1[your bank](https://evil.example)")
def test_value_neither_pings_nor_forges(
    expression: str, value: str, render_expression: Callable[[str, Any], Message]
) -> None:
    try:
        message = render_expression(expression, value)
    except ReportFailed:  # the filter cannot use it
        return
    assert shape(message.blocks) == SHAPE
    section, footer, markdown, _ = message.blocks
    active = ACTIVE.findall(section["text"]["text"]) + ACTIVE.findall(markdown["text"])
    assert [part for part in active if not ALLOWED.fullmatch(part)] == []
    if not any(name in expression for name in WRITES_MARKUP):
        assert re.findall(r"<[!@#]", footer["elements"][0]["text"]) == []
    assert len(re.findall(r"\][(\[:]", markdown["text"])) == 1  # the template's own
    assert UNSEEN.findall("".join(map(str, (section, footer["elements"][0]["text"], markdown["text"])))) == []
    assert not any(char in escaping.PLACEHOLDERS for char in json.dumps(message.blocks, ensure_ascii=False))


@pytest.mark.parametrize("value", HOSTILE)
def test_text_of_a_value_is_shown_as_it_is(value: str, render_expression: Callable[[str, Any], Message]) -> None:
    text = render_expression("x", value).blocks[0]["text"]["text"]
    shown = text[1:-1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown == escaping.clean(value)


@pytest.mark.parametrize("value", [b"<!channel>", bytearray(b"<!channel>"), ("<!channel>",), {"<!channel>"}])
def test_values_of_other_types_are_escaped(value: Any, tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text('{"text": "{{ x }}"}')
    message = render(Report("template", str(tmp_path / "a.j2")), {**CONTEXT, "x": value})
    assert "<" not in message.text
    assert "&lt;!channel&gt;" in message.text


def test_list_with_an_apostrophe_is_valid_json(tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text('{"text": "{{ x }} {{ x|sort }} {{ {\'a\': x} }}"}')
    message = render(Report("template", str(tmp_path / "a.j2")), {**CONTEXT, "x": ["it's", "a"]})
    assert message.text == """["it's", 'a'] ['a', "it's"] {'a': ["it's", 'a']}"""


def test_object_is_shown_as_its_escaped_text(tmp_path: Path) -> None:
    class Customer:
        def __str__(self) -> str:
            return '<!channel>", "blocks": [],\x1b'

    (tmp_path / "a.j2").write_text('{"text": "{{ x }}{{ x|lower }}"}')
    message = render(Report("template", str(tmp_path / "a.j2")), {**CONTEXT, "x": Customer()})
    assert message == Message('&lt;!channel&gt;", "blocks": [],' * 2)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\x00\x1b[31m\x7f\x85b", "a[31mb"),
        ("\u202eabc\u202c \u2067d\u2069", "abc d"),
        ("\u200ea\u200d🙂\u200f", "\u200ea\u200d🙂\u200f"),
        ("a\ud800", "a\ufffd"),
    ],
)
def test_control_characters_are_removed(text: str, cleaned: str) -> None:
    assert escaping.clean(text) == cleaned
    assert escaping.clean(cleaned) == cleaned


def test_messages_of_every_kind_are_cleaned(tmp_path: Path) -> None:
    assert render(Report("text", "Sales\x07 \u202eup"), CONTEXT) == Message("Sales up")
    (tmp_path / "a.j2").write_text('[{"type": "header", "text": {"type": "plain_text", "text": "Sales\\u202e up"}}]')
    message = render(Report("template", str(tmp_path / "a.j2")), CONTEXT)
    assert (message.text, message.blocks[0]["text"]["text"]) == ("Sales up", "Sales up")


@pytest.mark.parametrize("value", HOSTILE)
def test_value_in_markdown_neither_pings_nor_links(value: str, tmp_path: Path) -> None:
    source = '{"markdown": "# {{ x }}\\n\\n{{ x }}\\n\\n| a | b |\\n|---|---|\\n| {{ x }} | **{{ x }}** |\\n"}'
    (tmp_path / "a.j2").write_text(source)
    message = render(Report("template", str(tmp_path / "a.j2"), {"x": value}), CONTEXT)
    sources = [block["text"] for block in message.blocks if block["type"] == "markdown"]
    assert not ACTIVE.findall("".join(sources))
    assert "](" not in "".join(sources)
    elements = re.findall(
        r'"type": "(\w+)"', json.dumps([block for block in message.blocks if block["type"] == "table"])
    )
    assert set(elements) <= {"table", "rich_text", "rich_text_section", "raw_text", "text", "emoji"}
