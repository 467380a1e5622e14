"""Commands with templates that never end or take all memory: they end in time, with the reason."""

import json
import time
from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.command_line import Run

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}[]"
GREEDY = "{{ 'a' * 9000000000 }}"
ADD = ("add", "daily", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0123456789", "--report")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template that works."""
    file = tmp_path / "report.json.j2"
    file.write_text('{"text": "hello"}')
    return file


def test_add_refuses_a_template_that_takes_all_memory(run: Run, template: Path) -> None:
    template.write_text(GREEDY)
    done = run(*ADD, str(template))
    assert (done.returncode, done.stdout) == (2, "")
    assert "memory" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_greedy_template_ends_preview_and_test_send(app: App, template: Path) -> None:
    app.add_schedule("daily", cron="0 9 * * *", report=str(template), text="")
    template.write_text(GREEDY)
    for command in ("preview", "test-send"):
        done = app.run(command, "daily")
        assert done.returncode == 1, command
        assert "memory" in done.stderr.lower(), command
    assert app.slack.texts() == []


@pytest.mark.slow
def test_import_refuses_an_endless_template_in_time(run: Run, template: Path, tmp_path: Path) -> None:
    template.write_text(ENDLESS)
    line = {"channel": "C0123456789", "cron": "0 9 * * *", "tz": "UTC", "report": str(template)}
    lines = [json.dumps({**line, "name": f"s{number}", "account": f"a{number}"}) for number in range(5)]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    started = time.monotonic()
    done = run("import", str(tmp_path / "s.jsonl"))
    assert time.monotonic() - started < 40
    assert done.returncode == 2
    assert "report: It took more than 10 s." in done.stderr


def test_process_that_renders_has_no_environment(run: Run, template: Path) -> None:
    template.write_text('{"text": "{% include "environ" %}"}')
    (template.parent / "environ").symlink_to("/proc/self/environ")
    assert "xoxb-secret" not in run(*ADD, str(template), SLACK_BOT_TOKEN="xoxb-secret").stderr
    assert "xoxb-secret" not in run("preview", "daily", SLACK_BOT_TOKEN="xoxb-secret").stdout
