"""Ctrl-C during the start and during a wait."""

import signal

import pytest

from tests.support.app import App

NINE = "0 9 * * *"


@pytest.mark.parametrize("module", ["typer", "schedbot.commands.schedules.list_"])
def test_ctrl_c_during_the_start_ends_it_silently(app: App, module: str) -> None:
    # A finder that sends SIGINT while the module is imported, as a user does on a slow disk.
    (app.folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        name == '{module}' and os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    done = app.run("list", PYTHONPATH=str(app.folder))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_interrupted_wait_names_the_queued_job(app: App) -> None:
    app.add_schedule("a", cron=NINE)
    waiting = app.start("run-now", "a", "--wait")
    assert waiting.stderr
    assert waiting.stderr.readline().startswith("No worker pool is running.")
    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert "Job 1 of 'a' is queued. 'schedbot audit 1' shows its progress." in errors
