"""Log lines: a value stays one value on one line."""

import pytest

from schedbot import log


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("weekly.j2", "path=weekly.j2", id="plain"),
        pytest.param("a b", 'path="a b"', id="a blank"),
        pytest.param('a" level=x', r'path="a\" level=x"', id="a quotation mark"),
        pytest.param('"', r'path="\""', id="a quotation mark alone"),
        pytest.param("a\\ b", r'path="a\\ b"', id="a backslash"),
        pytest.param("a\x1b[2J\rb", r"path=a\x1b[2J\rb", id="control characters"),
        pytest.param("a\u202eb\x9bc", r"path=a\u202eb\x9bc", id="reordered text"),
        pytest.param("a\nb", 'path="a b"', id="a line break"),
        pytest.param("x=xoxb-1234-abcd", "path=x=xox…", id="a token"),
    ],
)
def test_value_cannot_forge_a_line(value: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    log.event("failed", "warning", path=value)
    assert capsys.readouterr().err.partition(" warning failed ")[2] == shown + "\n"
