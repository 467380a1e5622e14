"""Templates, as a customer's parameters meet them: what is shown, what is refused, and what no value can do."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schedbot.errors import ReportFailed
from schedbot.model import Message, Report
from schedbot.reports import check, render
from schedbot.reports.template_context import context

MONDAY_9AM = context("acme-weekly", "acme", 1_795_453_200_000, "America/Los_Angeles")


def made(folder: Path, source: str, **params: Any) -> Message:
    """What a template with `source` makes of `params`."""
    file = folder / "report.json.j2"
    file.write_text(source, encoding="utf-8")
    return render(Report("template", str(file), params), MONDAY_9AM)


def refusal(folder: Path, source: str, **params: Any) -> ReportFailed:
    with pytest.raises(ReportFailed) as refused:
        made(folder, source, **params)
    return refused.value


def test_a_template_is_a_message_with_its_parameters(tmp_path: Path) -> None:
    message = made(
        tmp_path, '{"text": "{{ n }} sold by {{ params.who }}", "blocks": [{"type": "divider"}]}', n=3, who="A"
    )
    assert message == Message("3 sold by A", ({"type": "divider"},))


def test_a_list_of_blocks_alone_is_told_in_words_too(tmp_path: Path) -> None:
    source = '[{"type": "header", "text": {"type": "plain_text", "text": "Week"}}, {"type": "divider"}]'
    assert made(tmp_path, source).text == "Week"


def test_the_occurrence_is_there_in_the_schedules_zone(tmp_path: Path) -> None:
    source = '{"text": "{{ schedule }} {{ account }} {{ due_at }} {{ due.strftime(\'%a %H:%M %Z\') }}"}'
    assert made(tmp_path, source).text == "acme-weekly acme 2026-11-23T17:00:00.000Z Mon 09:00 PST"


def test_a_parameter_cannot_pass_for_the_occurrence(tmp_path: Path) -> None:
    source = '{"text": "{{ account }}, not {{ params.account }}"}'
    assert made(tmp_path, source, account="globex").text == "acme, not globex"


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
def test_a_value_cannot_ping_whichever_way_it_goes(source: str, shown: str, tmp_path: Path) -> None:
    assert made(tmp_path, f'{{"text": "{source}"}}', x="<!channel> & co").text == shown


def test_a_value_that_is_marked_safe_may_ping_and_still_cannot_break_the_json(tmp_path: Path) -> None:
    assert made(tmp_path, '{"text": "{{ x|safe }}"}', x='<!here> "now" \\').text == '<!here> "now" \\'


@pytest.mark.parametrize("value", ["!channel", "@U123", "#C123"])
def test_a_value_in_the_place_of_an_address_cannot_become_a_mention(value: str, tmp_path: Path) -> None:
    assert made(tmp_path, '{"text": "<{{ x }}|read>"}', x=value).text == f"&lt;{value}|read>"


def test_a_templates_own_mention_and_link_stay_in_force(tmp_path: Path) -> None:
    message = made(tmp_path, '{"text": "<@{{ who }}> <{{ url }}|read>"}', who="U123", url="https://x.example/?a=1&b=2")
    assert message.text == "<@U123> <https://x.example/?a=1&amp;b=2|read>"


def test_an_address_keeps_its_ampersand_where_it_is_not_shown(tmp_path: Path) -> None:
    source = '[{"type": "image", "image_url": "{{ url }}", "alt_text": "{{ name }}"}]'
    (block,) = made(tmp_path, source, url="https://x.example/?a=1&b=2", name="R&D").blocks
    assert (block["image_url"], block["alt_text"]) == ("https://x.example/?a=1&b=2", "R&amp;D")


def test_an_address_is_encoded_as_it_was_outside(tmp_path: Path) -> None:
    source = '{"text": "https://x.example/?q={{ x|urlencode }}&{{ {\'n\': x}|urlencode }}"}'
    assert made(tmp_path, source, x="R&D #1").text == "https://x.example/?q=R%26D%20%231&n=R%26D+%231"


@pytest.mark.parametrize(
    "value", ['say "hi"', "back\\slash", "two\nlines", "tab\t", "\\u003c!channel\\u003e", '","x":"']
)
def test_a_value_with_quotes_or_newlines_is_shown_as_it_is(value: str, tmp_path: Path) -> None:
    assert made(tmp_path, '{"text": "{{ x }}"}', x=value).text == value


def test_a_value_compares_equal_to_the_same_literal(tmp_path: Path) -> None:
    source = '{"text": "{% if x == "R&D" %}yes{% endif %}{{ "!" in "a!" }}{{ sales["R&D"] }}"}'
    assert made(tmp_path, source, x="R&D", sales={"R&D": 7}).text == "yesTrue7"


def test_a_value_may_be_put_in_as_json(tmp_path: Path) -> None:
    source = '{"text": {{ x|tojson }}, "blocks": {{ blocks|json }}}'
    message = made(tmp_path, source, x='<"&\n', blocks=[{"type": "divider"}])
    assert message == Message('&lt;"&amp;\n', ({"type": "divider"},))


def test_numbers_can_be_lined_up(tmp_path: Path) -> None:
    assert made(tmp_path, '{"text": "{{ \'{:>6}|{:<3}|\'.format(n, n) }}"}', n=42).text == "    42|42 |"


def test_the_comma_that_a_loop_leaves_is_forgiven_and_one_in_a_text_is_kept(tmp_path: Path) -> None:
    source = '{"text": "a,]b", "blocks": [{% for n in ns %}{"type": "divider"},\n{% endfor %}],}'
    assert made(tmp_path, source, ns=[1, 2]) == Message("a,]b", ({"type": "divider"}, {"type": "divider"}))


def test_a_folder_for_a_template_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match=f"^'{tmp_path}' is a folder.$") as refused:
        render(Report("template", str(tmp_path), {}), MONDAY_9AM)
    assert refused.value.hint == "Give the path of a template file in it with --report."


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param('{"text":\n "{{ x }}"}', "asks for 'x' (line 2 of report.json.j2)", id="a missing parameter"),
        pytest.param('{"text":\n "{{ n.y }}"}', "what is not there, line 2 of report.json.j2", id="a missing part"),
        pytest.param('{"text":\n "{{ n "}', "cannot be read: line 2 of report.json.j2", id="a slip of syntax"),
        pytest.param('{"text":\n "{{ n|nosuch }}"}', "cannot be read: line 2", id="an unknown filter"),
        pytest.param('{"text":\n "{{ n|urlize }}"}', "cannot be read: line 2", id="a filter that makes HTML"),
        pytest.param('{"text":\n "{{ 1 // 0 }}"}', "failed, line 2 of report.json.j2", id="arithmetic"),
        pytest.param('{"text":\n "{{ n + s }}"}', "failed, line 2 of report.json.j2", id="apples and pears"),
        pytest.param(
            '{"text":\n "{{ \'\'.__class__.mro() }}"}', "Forbidden in a template, line 2", id="Python's inside"
        ),
        pytest.param(
            '{"text":\n "{{ l.append(1) }}"}', "Forbidden in a template, line 2", id="a change of a parameter"
        ),
        pytest.param('{"text":\n {% include "../x" %}}', "no file '../x' to include (line 2", id="a file elsewhere"),
        pytest.param('{"text":\n hello}', "is not JSON", id="no JSON"),
        pytest.param('{"text": "a", "blocks": [NaN]}', "NaN is no number", id="not a number"),
        pytest.param("", "is not JSON", id="nothing"),
        pytest.param('"hello"', "neither an object nor a list of blocks", id="a bare string"),
        pytest.param('{"text": "a", "block": []}', "with 'block', which is not understood", id="a misspelt key"),
        pytest.param('{"text": 3}', "a 'text' that is no string", id="a number for a text"),
        pytest.param('{"blocks": {"type": "divider"}}', "'blocks' that are no list", id="one block for a list"),
        pytest.param("[[]]", "'blocks' that are no list", id="a list in a list"),
        pytest.param("[" * 100_000, "is not JSON", id="too deep"),
        pytest.param('{"text": ' + "9" * 5_000 + "}", "is not JSON", id="too many digits"),
    ],
)
def test_what_is_wrong_with_a_template_is_said_with_its_line(source: str, said: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, source, n=1, s="s", l=[])
    assert said in str(error)
    assert "Traceback" not in f"{error}{error.hint}"


def test_a_missing_parameter_is_told_with_what_was_given(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{"text": "{{ total }}"}', b=1, a=2).hint == "Give --param total=VALUE. Given: a, b."


def test_what_is_not_json_is_shown(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{"text": "a"\n "blocks": "{{ x }}"}', x="<b>").hint == 'That line is: "blocks": "<b>"}'


def test_a_template_may_ask_whether_a_parameter_is_given(tmp_path: Path) -> None:
    assert made(tmp_path, '{"text": "a{% if x is defined %}{{ x }}{% endif %}{{ y|default(\'b\') }}"}').text == "ab"


def test_a_template_may_include_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "footer.j2").write_text("from {{ who }}")
    assert made(tmp_path, '{"text": "{% include \'footer.j2\' %}"}', who="<us>").text == "from &lt;us&gt;"


def test_a_changed_template_is_used_as_it_is_now(tmp_path: Path) -> None:
    assert made(tmp_path, '{"text": "old"}').text == "old"
    file = tmp_path / "report.json.j2"
    file.write_text('{"text": "new"}')
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert render(Report("template", str(file)), MONDAY_9AM).text == "new"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda file: None, "There is no template file '{}'.", id="missing"),
        pytest.param(lambda file: file.mkdir(), "'{}' is a folder.", id="a folder"),
        pytest.param(
            lambda file: file.write_bytes(b"\xff\xfe{}"),
            "The template file '{}' is not UTF-8 text.",
            id="another encoding",
        ),
        pytest.param(
            lambda file: file.write_text("{{" + "(" * 3_000 + ")" * 3_000 + "}}"),
            "The template file '{}' cannot be read: it is nested too deeply.",
            id="nested too deeply",
        ),
    ],
)
def test_a_file_that_is_no_template_is_named(spoil: Any, said: str, tmp_path: Path) -> None:
    spoil(tmp_path / "t.j2")
    with pytest.raises(ReportFailed) as refused:
        check(Report("template", str(tmp_path / "t.j2")))
    assert str(refused.value).startswith(said.format(tmp_path / "t.j2"))


def test_check_finds_a_missing_parameter_before_the_first_occurrence(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text('{"text": "{{ schedule }} {{ due.year }} {{ total }}"}')
    with pytest.raises(ReportFailed, match="asks for 'total'"):
        check(Report("template", str(tmp_path / "t.j2")))
    assert check(Report("template", str(tmp_path / "t.j2"), {"total": 3})).text.endswith(" 3")


def test_an_unknown_kind_of_report_is_told_the_known_ones() -> None:
    with pytest.raises(ReportFailed) as refused:
        check(Report("pdf", "x"))
    assert refused.value.hint == "There are text, template."


WAYS = """[{"type": "section", "block_id": "{{ x|safe|truncate(200) }}", "text": {"type": "mrkdwn", "text":
"{{ x }}{{ x|upper }}{{ x ~ x }}{{ [x, x]|join(x) }}{{ x|e }}{{ x|tojson|length }}"}},
{"type": "context", "elements": [{"type": "mrkdwn", "text": {{ x|tojson }}},
{"type": "mrkdwn", "text": "<{{ x }}>"}]}]"""
SPECIAL = st.text(st.sampled_from('<>&"\\!@#\n\t{}[]%ud83c0\ufdd0\ufdd7\u2028é🙂'), max_size=60)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ways") / "ways.json.j2"
    file.write_text(WAYS, encoding="utf-8")
    return file


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=SPECIAL | st.text(max_size=60))
def test_no_value_breaks_the_json_or_brings_markup(x: str, ways: Path) -> None:
    message = render(Report("template", str(ways), {"x": x}), MONDAY_9AM)
    section, footer = message.blocks
    shown = footer["elements"][0]["text"]
    forged = "".join("\ufffd" if "\ufdd0" <= one <= "\ufdd7" else one for one in x)
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == forged
    assert not any(mark in shown for mark in "<>")
    assert not any(f"<{sign}" in text for text in strings([section["text"], footer]) for sign in "!@#")
    assert [section["type"], footer["type"]] == ["section", "context"]
    assert not any("\ufdd0" <= one <= "\ufdd7" for one in json.dumps(message.blocks, ensure_ascii=False))
