"""`schedbot.testing`: a team's pytest renders a named report as the pool does, and posts it to a sandbox."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schedbot.errors import BadInput, ReportFailed
from schedbot.reports import not_ready, skip
from schedbot.testing import Message, render, rendering, text_of

ROOT = Path(__file__).parents[2]
CONFIG = """\
python_path = ["."]
[reports.hello]
text = "Hello."
[reports.python]
python = "team_reports:report"
timeout = "2s"
"""
MODULE = """\
import os
import time
import signal
from schedbot.reports import Message, not_ready, skip

def report(context):
    wish = context.params.get("wish")
    if wish == "fail":
        return 1 / 0
    if wish == "skip":
        return skip("nothing new")
    if wish == "wait":
        return not_ready("no data yet", retry_in="5m")
    if wish == "hang":
        while True:
            pass
    if wish in ("slow", "slower"):
        time.sleep(0.5 if wish == "slow" else 1)
        return wish
    if wish == "exit":
        os._exit(3)
    if wish == "variable":
        return os.environ.get("TEAM_SETTING", "none")
    return f"{context.account} <b> {context.due:%a %H:%M %Z} {context.previous} {context.attempt}"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A team's project: a configuration, a module of reports, and a folder of tests."""
    (tmp_path / "schedbot.toml").write_text(CONFIG)
    (tmp_path / "schedbot.toml").chmod(0o600)
    (tmp_path / "team_reports.py").write_text(MODULE)
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.fixture
def python_report(project: Path) -> Callable[[str], object]:
    """Render the project's Python report with the param `wish`."""
    return lambda wish: render("python", config=project / "schedbot.toml", params={"wish": wish})


def run_pytest(project: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the team's tests with the plug-in, in a process of their own."""
    (project / "tests" / "test_team.py").write_text(test)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "schedbot.testing.plugin"]
    return subprocess.run(
        [*command, *options], cwd=project, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )


def test_message_has_the_values_of_the_occurrence(project: Path) -> None:
    message = render(
        "python", config=project / "schedbot.toml", account="acme", due="2026-12-07 09:00", tz="America/New_York",
        previous=datetime(2026, 11, 30, 14, tzinfo=UTC), attempt=2,
    )  # fmt: skip
    assert message == Message("acme &lt;b&gt; Mon 09:00 EST 2026-11-30 09:00:00-05:00 2", [], "", (), [])
    assert text_of(message) == "acme <b> Mon 09:00 EST 2026-11-30 09:00:00-05:00 2"


def test_empty_and_late_reports_are_results(python_report: Callable[[str], object]) -> None:
    assert python_report("skip") == skip("nothing new")
    assert python_report("wait") == not_ready("no data yet", retry_in="5m")


def test_failure_names_the_reason_and_the_frames(python_report: Callable[[str], object]) -> None:
    with pytest.raises(ReportFailed, match=r"ZeroDivisionError: division by zero.\n.*team_reports.py:9 in report"):
        python_report("fail")


@pytest.mark.slow
def test_report_that_hangs_or_exits_fails_alone(python_report: Callable[[str], object]) -> None:
    with pytest.raises(ReportFailed, match="more than 2 s") as late:
        python_report("hang")
    assert late.value.__notes__ == ["Hint: Make it faster, or raise 'timeout' in [reports.python]."]
    with pytest.raises(ReportFailed, match="exit code 3"):
        python_report("exit")
    assert python_report("skip") == skip("nothing new")


def test_report_sees_a_variable_that_a_test_sets(
    python_report: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert python_report("variable") == Message("none", [], "", (), [])
    monkeypatch.setenv("TEAM_SETTING", "blue")
    assert python_report("variable") == Message("blue", [], "", (), [])


def test_unknown_names_are_errors(project: Path) -> None:
    with pytest.raises(BadInput, match="no report 'helo'") as unknown:
        render("helo", config=project / "schedbot.toml")
    assert "Did you mean 'hello'?" in unknown.value.__notes__[0]
    with pytest.raises(TypeError, match="'acount'"):
        render("hello", config=project / "schedbot.toml", acount="acme")  # type: ignore[call-arg]


def test_missing_configuration_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"no schedbot\.toml in .* or above it"):
        rendering.find_config(tmp_path)


@pytest.mark.slow
def test_fixture_and_function_find_the_configuration(project: Path) -> None:
    test = """
from schedbot.testing import render as render_report, text_of

def test_fixture(render):
    assert text_of(render("hello")) == "Hello."

def test_function():
    assert text_of(render_report("hello")) == "Hello."

def test_skipped(render):
    text_of(render("python", params={"wish": "skip"}))
"""
    completed = run_pytest(project, test)
    assert "1 failed, 2 passed" in completed.stdout, completed.stdout + completed.stderr
    assert "it had nothing to report: nothing new" in completed.stdout
    assert "rendering.py" not in completed.stdout


@pytest.mark.slow
def test_sandbox_fixture_posts_the_report(project: Path) -> None:
    test = """
import pytest

def test_post(sandbox):
    sandbox.run("add", "a", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0ACME00001", "--report", "hello")
    sandbox.run("run-now", "a")
    sandbox.run("work", "--drain")
    assert sandbox.texts("C0ACME00001") == ["Hello."]
    assert not (sandbox.config.parent / "schedbot.db").exists()

def test_wrong_command(sandbox):
    with pytest.raises(AssertionError, match="exited with code 2"):
        sandbox.run("show", "nobody")
    assert sandbox.run("show", "nobody", check=False).returncode == 2
"""
    completed = run_pytest(project, test)
    assert "2 passed" in completed.stdout, completed.stdout + completed.stderr


def test_plugin_loads_nothing_heavy_before_a_fixture_is_used(project: Path) -> None:
    test = """
import sys

def test_modules():
    loaded = sorted(name for name in sys.modules if name.startswith("schedbot"))
    assert loaded == ["schedbot", "schedbot.testing", "schedbot.testing.plugin"]
"""
    completed = run_pytest(project, test)
    assert "1 passed" in completed.stdout, completed.stdout + completed.stderr


def test_render_works_without_pytest(project: Path) -> None:
    code = (
        "import sys; from schedbot.testing import render, text_of; print(text_of(render('hello')));"
        "sys.exit('pytest' in sys.modules)"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code], cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True,
    )  # fmt: skip
    assert (completed.stdout, completed.returncode) == ("Hello.\n", 0), completed.stderr


@pytest.mark.slow
def test_render_after_an_interrupted_one_has_its_own_result(python_report: Callable[[str], object]) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise TimeoutError("the time-out of a test")

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        python_report("skip")
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeoutError):
            python_report("slow")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert python_report("slower") == Message("slower", [], "", (), [])


def test_forked_test_leaves_the_renderer_to_its_parent(project: Path) -> None:
    render("hello", config=project / "schedbot.toml")
    pid = os.fork()
    if not pid:
        try:
            text_of(render("hello", config=project / "schedbot.toml"))
            rendering.RENDERER.close()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    process = rendering.RENDERER.client and rendering.RENDERER.client.process
    assert process
    assert process.child.poll() is None
