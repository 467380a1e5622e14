"""Templates are plain files of one folder: no link leads out of it, and no token is posted."""

import os
from pathlib import Path

import pytest

from schedbot.errors import ReportFailed
from schedbot.model import Report
from schedbot.reports import render
from tests.support.reports.template_context import template_context

MONDAY_9AM = template_context()
TOKEN = "xoxb-1234-secret"


def refusal(folder: Path, name: str) -> str:
    """Return the error and hint of a template that includes the file `name`."""
    file = folder / "report.json.j2"
    file.write_text(f'{{"text": "{{% include "{name}" %}}"}}')
    with pytest.raises(ReportFailed) as refused:
        render(Report("template", str(file), {}), MONDAY_9AM)
    return f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("target", ["/proc/self/environ", "/etc/hostname"])
def test_link_out_of_the_folder_is_not_included(tmp_path: Path, target: str) -> None:
    (tmp_path / "env").symlink_to(target)
    assert "leads out of the template's folder" in refusal(tmp_path, "env")


def test_link_of_a_subfolder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret").write_text("secret")
    (folder / "sub").symlink_to(tmp_path / "other")
    assert "leads out of the template's folder" in refusal(folder, "sub/secret")


@pytest.mark.parametrize("content", [TOKEN, f"SLACK_BOT_TOKEN={TOKEN}\n"])
def test_file_with_a_token_is_not_included(tmp_path: Path, content: str) -> None:
    (tmp_path / "slack.token").write_text(content)
    error = refusal(tmp_path, "slack.token")
    assert "holds a token" in error
    assert "secret" not in error


def test_private_file_of_one_word_is_not_included(tmp_path: Path) -> None:
    file = tmp_path / "api.key"
    file.write_text("c2VjcmV0LXNlY3JldC1zZWNyZXQ=\n")
    file.chmod(0o600)
    assert "holds a token" in refusal(tmp_path, "api.key")


def test_private_partial_is_included(tmp_path: Path) -> None:
    for name, content in (("part.j2", "hello"), ("link.j2", "https://example.com/a.png")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    file = tmp_path / "report.json.j2"
    file.write_text('{"text": "{% include "part.j2" %} {% include "link.j2" %}"}')
    assert render(Report("template", str(file), {}), MONDAY_9AM).text == "hello https://example.com/a.png"


def test_named_pipe_is_not_included(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a plain file" in refusal(tmp_path, "pipe")


def test_link_inside_the_folder_is_included(tmp_path: Path) -> None:
    (tmp_path / "part.j2").write_text("hello")
    (tmp_path / "link.j2").symlink_to("part.j2")
    file = tmp_path / "report.json.j2"
    file.write_text('{"text": "{% include "link.j2" %}"}')
    assert render(Report("template", str(file), {}), MONDAY_9AM).text == "hello"


def test_linked_folder_of_templates_is_used(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "report.json.j2").write_text('{"text": "hello"}')
    (tmp_path / "current").symlink_to("v1")
    assert render(Report("template", str(tmp_path / "current" / "report.json.j2"), {}), MONDAY_9AM).text == "hello"
