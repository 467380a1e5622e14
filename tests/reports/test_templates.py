"""Templates: rendering, and escaping of values."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedbot.model import Message, Report
from schedbot.reports import escaping, render
from tests.support.reports.template_context import template_context

MONDAY_9AM = template_context()


def render_source(folder: Path, source: str, **params: Any) -> Message:
    """Return the message of a template with this source."""
    file = folder / "report.json.j2"
    file.write_text(source, encoding="utf-8")
    return render(Report("template", str(file), params), MONDAY_9AM)


def test_template_uses_its_parameters(tmp_path: Path) -> None:
    message = render_source(
        tmp_path, '{"text": "{{ n }} sold by {{ params.who }}", "blocks": [{"type": "divider"}]}', n=3, who="A"
    )
    assert message == Message("3 sold by A", ({"type": "divider"},))


def test_list_of_blocks_gets_a_fallback_text(tmp_path: Path) -> None:
    source = '[{"type": "header", "text": {"type": "plain_text", "text": "Week"}}, {"type": "divider"}]'
    assert render_source(tmp_path, source).text == "Week"


def test_context_has_the_occurrence_in_its_zone(tmp_path: Path) -> None:
    source = '{"text": "{{ schedule }} {{ account }} {{ due_at }} {{ due.strftime(\'%a %H:%M %Z\') }}"}'
    assert render_source(tmp_path, source).text == "acme-weekly acme 2026-11-23T17:00:00.000Z Mon 09:00 PST"


def test_parameter_does_not_override_the_context(tmp_path: Path) -> None:
    source = '{"text": "{{ account }}, not {{ params.account }}"}'
    assert render_source(tmp_path, source, account="globex").text == "acme, not globex"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param("{{ x }}", "&lt;!channel&gt; &amp; co", id="plainly"),
        pytest.param("{{ x|upper }}", "&lt;!CHANNEL&gt; &amp; CO", id="through a filter"),
        pytest.param("{{ 'to ' ~ x }}", "to &lt;!channel&gt; &amp; co", id="joined"),
        pytest.param("{{ [x, x]|join('+') }}", "&lt;!channel&gt; &amp; co+&lt;!channel&gt; &amp; co", id="in a list"),
        pytest.param("{% set y %}{{ x }}{% endset %}{{ y }}", "&lt;!channel&gt; &amp; co", id="through a block"),
        pytest.param("{% macro m(y) %}*{{ y }}*{% endmacro %}{{ m(x) }}", "*&lt;!channel&gt; &amp; co*", id="a macro"),
        pytest.param(
            "{% macro m(y) %}{{ y }}{% endmacro %}{{ m(x) ~ x[:9] }}", "&lt;!channel&gt; &amp; co&lt;!channel", id="mix"
        ),
        pytest.param("{{ x|e|escape }}", "&lt;!channel&gt; &amp; co", id="escaped by hand"),
        pytest.param("{{ '{}'.format(x) }}", "&lt;!channel&gt; &amp; co", id="formatted"),
        pytest.param("{{ '%s'|format(x) }}", "&lt;!channel&gt; &amp; co", id="formatted by the filter"),
        pytest.param("{{ x|replace('!channel', '@U1') }}", "&lt;@U1&gt; &amp; co", id="replaced"),
        pytest.param("{{ {'k': x}.values()|first }}", "&lt;!channel&gt; &amp; co", id="in an object"),
    ],
)
def test_value_is_escaped_on_every_path(source: str, shown: str, tmp_path: Path) -> None:
    assert render_source(tmp_path, f'{{"text": "{source}"}}', x="<!channel> & co").text == shown


def test_safe_value_keeps_markup_and_valid_json(tmp_path: Path) -> None:
    assert render_source(tmp_path, '{"text": "{{ x|safe }}"}', x='<!here> "now" \\').text == '<!here> "now" \\'


@pytest.mark.parametrize("value", ["!channel", "@U123", "#C123"])
def test_value_in_a_link_cannot_become_a_mention(value: str, tmp_path: Path) -> None:
    assert render_source(tmp_path, '{"text": "<{{ x }}|read>"}', x=value).text == f"&lt;{value}|read>"


def test_mentions_and_links_of_the_template_work(tmp_path: Path) -> None:
    message = render_source(
        tmp_path, '{"text": "<@{{ who }}> <{{ url }}|read>"}', who="U123", url="https://x.example/?a=1&b=2"
    )
    assert message.text == "<@U123> <https://x.example/?a=1&amp;b=2|read>"


def test_url_field_keeps_its_ampersand(tmp_path: Path) -> None:
    source = '[{"type": "image", "image_url": "{{ url }}", "alt_text": "{{ name }}"}]'
    (block,) = render_source(tmp_path, source, url="https://x.example/?a=1&b=2", name="R&D").blocks
    assert (block["image_url"], block["alt_text"]) == ("https://x.example/?a=1&b=2", "R&amp;D")


def test_urlencode_uses_the_original_value(tmp_path: Path) -> None:
    source = '{"text": "https://x.example/?q={{ x|urlencode }}&{{ {\'n\': x}|urlencode }}"}'
    assert render_source(tmp_path, source, x="R&D #1").text == "https://x.example/?q=R%26D%20%231&n=R%26D+%231"


@pytest.mark.parametrize(
    "value", ['say "hi"', "back\\slash", "two\nlines", "tab\t", "\\u003c!channel\\u003e", '","x":"']
)
def test_value_with_json_characters_is_shown_unchanged(value: str, tmp_path: Path) -> None:
    assert render_source(tmp_path, '{"text": "{{ x }}"}', x=value).text == value


def test_value_equals_the_same_literal(tmp_path: Path) -> None:
    source = '{"text": "{% if x == "R&D" %}yes{% endif %}{{ "!" in "a!" }}{{ sales["R&D"] }}"}'
    assert render_source(tmp_path, source, x="R&D", sales={"R&D": 7}).text == "yesTrue7"


def test_value_can_be_inserted_as_json(tmp_path: Path) -> None:
    source = '{"text": {{ x|tojson }}, "blocks": {{ blocks|json }}}'
    message = render_source(tmp_path, source, x='<"&\n', blocks=[{"type": "divider"}])
    assert message == Message('&lt;"&amp;\n', ({"type": "divider"},))


def test_numbers_can_be_aligned(tmp_path: Path) -> None:
    assert render_source(tmp_path, '{"text": "{{ \'{:>6}|{:<3}|\'.format(n, n) }}"}', n=42).text == "    42|42 |"


def test_trailing_comma_is_removed_outside_strings(tmp_path: Path) -> None:
    source = '{"text": "a,]b", "blocks": [{% for n in ns %}{"type": "divider"},\n{% endfor %}],}'
    assert render_source(tmp_path, source, ns=[1, 2]) == Message("a,]b", ({"type": "divider"}, {"type": "divider"}))


def test_template_can_test_for_a_parameter(tmp_path: Path) -> None:
    assert (
        render_source(tmp_path, '{"text": "a{% if x is defined %}{{ x }}{% endif %}{{ y|default(\'b\') }}"}').text
        == "ab"
    )


def test_template_can_include_a_file_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "footer.j2").write_text("from {{ who }}")
    assert render_source(tmp_path, '{"text": "{% include \'footer.j2\' %}"}', who="<us>").text == "from &lt;us&gt;"


def test_changed_template_is_reloaded(tmp_path: Path) -> None:
    assert render_source(tmp_path, '{"text": "old"}').text == "old"
    file = tmp_path / "report.json.j2"
    file.write_text('{"text": "new"}')
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert render(Report("template", str(file)), MONDAY_9AM).text == "new"


ALL_PATHS = """[{"type": "section", "block_id": "{{ x|safe|truncate(200) }}", "text": {"type": "mrkdwn", "text":
"{{ x }}{{ x|upper }}{{ x ~ x }}{{ [x, x]|join(x) }}{{ x|e }}{{ x|tojson|length }}"}},
{"type": "context", "elements": [{"type": "mrkdwn", "text": {{ x|tojson }}},
{"type": "mrkdwn", "text": "<{{ x }}>"}]}]"""
SPECIAL = st.text(st.sampled_from('<>&"\\!@#\n\t{}[]%ud83c0\ufdd0\ufdd7\u2028é🙂'), min_size=1, max_size=60)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from strings(entry)


@pytest.fixture(scope="module")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("templates") / "all_paths.json.j2"
    file.write_text(ALL_PATHS, encoding="utf-8")
    return file


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=(SPECIAL | st.text(min_size=1, max_size=60)).filter(escaping.clean))
def test_no_value_breaks_json_or_adds_markup(x: str, template_file: Path) -> None:
    message = render(Report("template", str(template_file), {"x": x}), MONDAY_9AM)
    section, footer = message.blocks
    shown = footer["elements"][0]["text"]
    original = "".join("\ufffd" if char in escaping.PLACEHOLDERS else char for char in escaping.clean(x))
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == original
    assert not any(mark in shown for mark in "<>")
    assert not any(f"<{sign}" in text for text in strings([section["text"], footer]) for sign in "!@#")
    assert [section["type"], footer["type"]] == ["section", "context"]
    assert not any(char in escaping.PLACEHOLDERS for char in json.dumps(message.blocks, ensure_ascii=False))


def test_template_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "part.j2").write_text("\ufeffThe week")
    assert render_source(tmp_path, '\ufeff{"text": "{% include "part.j2" %}"}\r\n').text == "The week"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<{{ url }}|{{ title }}>", "<https://a.test/?q=x%7Cy|Open | read>"),
        ("<{{ url }}>", "<https://a.test/?q=x%7Cy>"),
        (
            "<https://b.test/?u={{ title }}&v={{ url }}|b>",
            "<https://b.test/?u=Open %7C read&v=https://a.test/?q=x%7Cy|b>",
        ),
        ("1 < 2: {{ title }} <{{ url }}|a>", "1 < 2: Open | read <https://a.test/?q=x%7Cy|a>"),
        ("{{ title }} or {{ url }}", "Open | read or https://a.test/?q=x|y"),
        ("{{ '<https://c.test|c>'|safe }}", "<https://c.test|c>"),
        ("{{ title.split('|')|first }}", "Open "),
    ],
)
def test_bar_of_a_value_does_not_end_an_address(source: str, text: str, tmp_path: Path) -> None:
    message = render_source(tmp_path, f'{{"text": "{source}"}}', url="https://a.test/?q=x|y", title="Open | read")
    assert message.text == text


def test_bar_in_a_url_field_is_kept(tmp_path: Path) -> None:
    source = '[{"type": "image", "image_url": "{{ url }}", "alt_text": "a"}]'
    (block,) = render_source(tmp_path, source, url="https://a.test/x|y").blocks
    assert block["image_url"] == "https://a.test/x|y"
