"""Templates that cannot be rendered: the error names the file, the line and the value."""

from pathlib import Path
from typing import Any

import pytest

from schedbot.errors import ReportFailed
from schedbot.model import Report
from schedbot.reports import render
from tests.support.reports.template_context import template_context

MONDAY_9AM = template_context()


def refusal(folder: Path, source: str, **params: Any) -> ReportFailed:
    file = folder / "report.json.j2"
    file.write_text(source, encoding="utf-8")
    with pytest.raises(ReportFailed) as refused:
        render(Report("template", str(file), params), MONDAY_9AM)
    return refused.value


def test_folder_is_refused_as_a_template(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match=f"^'{tmp_path}' is a folder.$") as refused:
        render(Report("template", str(tmp_path), {}), MONDAY_9AM)
    assert refused.value.hint == "Give the path of a template file in it with --report."


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param(
            '{"text":\n "{{ x }}"}', "needs the parameter 'x' (line 2 of report.json.j2)", id="a missing parameter"
        ),
        pytest.param(
            '{"text":\n "{{ n.y }}"}', "uses an undefined value, line 2 of report.json.j2", id="a missing part"
        ),
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
        pytest.param('{"text": "a", "blocks": [NaN]}', "NaN is not a number", id="not a number"),
        pytest.param('{"text": "a", "blocks": [-Infinity]}', "-Infinity is not a number", id="infinity"),
        pytest.param('{"text": "a", "blocks": [1e999]}', "1e999 is too large a number", id="too large"),
        pytest.param("", "is not JSON", id="nothing"),
        pytest.param('"hello"', "neither an object nor a list of blocks", id="a bare string"),
        pytest.param('{"text": "a", "block": []}', "the unknown key 'block'", id="a misspelt key"),
        pytest.param('{"text": 3}', "a 'text' that is not a string", id="a number for a text"),
        pytest.param('{"blocks": {"type": "divider"}}', "'blocks' that are not a list", id="one block for a list"),
        pytest.param("[[]]", "'blocks' that are not a list", id="a list in a list"),
        pytest.param("[" * 100_000, "is nested too deeply", id="too deep"),
        pytest.param("{{ 'x' * 1000001 }}", "has 1,000,001 characters; at most 1,000,000", id="too long"),
        pytest.param('{"text": ' + "9" * 5_000 + "}", "is not JSON", id="too many digits"),
    ],
)
def test_template_error_names_its_line(source: str, problem: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, source, n=1, s="s", l=[])
    assert problem in str(error)
    assert "Traceback" not in f"{error}{error.hint}"


def test_missing_parameter_hint_lists_the_parameters(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{"text": "{{ total }}"}', b=1, a=2).hint == "Add --param total=VALUE. Given: a, b."


def test_invalid_json_output_is_quoted(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{"text": "a"\n "blocks": "{{ x }}"}', x="<b>").hint == 'That line is: "blocks": "<b>"}'


@pytest.mark.parametrize(
    ("spoil", "problem"),
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
def test_unreadable_template_file_is_named(spoil: Any, problem: str, tmp_path: Path) -> None:
    spoil(tmp_path / "t.j2")
    with pytest.raises(ReportFailed) as refused:
        render(Report("template", str(tmp_path / "t.j2")), MONDAY_9AM)
    assert str(refused.value).startswith(problem.format(tmp_path / "t.j2"))


def test_render_finds_a_missing_parameter(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text('{"text": "{{ schedule }} {{ due.year }} {{ total }}"}')
    with pytest.raises(ReportFailed, match="needs the parameter 'total'"):
        render(Report("template", str(tmp_path / "t.j2")), MONDAY_9AM)
    assert render(Report("template", str(tmp_path / "t.j2"), {"total": 3}), MONDAY_9AM).text.endswith(" 3")


def test_unknown_kind_is_refused_with_the_known_kinds() -> None:
    with pytest.raises(ReportFailed) as refused:
        render(Report("pdf", "x"), MONDAY_9AM)
    assert refused.value.hint == "Known kinds: text, template."


@pytest.mark.parametrize("source", ["root:x:0:0:secret", "SECRET=secret\n", "-----BEGIN KEY-----\nsecret"])
def test_file_that_is_no_template_is_not_quoted(tmp_path: Path, source: str) -> None:
    error = refusal(tmp_path, source)
    assert "begins neither with { nor with [" in str(error)
    assert "secret" not in f"{error} {error.hint}".lower()


def test_token_in_quoted_output_is_struck_out(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{"text" "{{ x }}"}', x="xoxb-1234-abcd").hint == 'That line is: {"text" "xox…"}'


def test_environment_of_a_process_is_no_template() -> None:
    with pytest.raises(ReportFailed, match="is a file of the system, not a template"):
        render(Report("template", "/proc/self/environ", {}), MONDAY_9AM)
