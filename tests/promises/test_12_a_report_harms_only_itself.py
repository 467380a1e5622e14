"""A report harms only itself, whatever its code does: its attempt ends with the reason, and others are posted."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.app import App, until
from tests.support.reports.live_project import configure, write_bad_report, write_module

TABLES = """
[reports.good]
python = "acme:good"
timeout = "3s"

[reports.bad]
python = "acme:bad"
timeout = "3s"
memory = "96M"
"""
LATE = "It took more than 3 s."
FULL = "It took more than 96 MB of memory."
ENDINGS = {
    "sleeps": ("time.sleep(600)", LATE),
    "loops": ("while True: pass", LATE),
    "holds_the_interpreter": ("import re; re.match('(a+)+$', 'a' * 64 + 'b')", LATE),
    "leaks": ("rows = []\nwhile True: rows.append(bytearray(8 << 20))", FULL),
    "starts_threads": ("while True: threading.Thread(target=time.sleep, args=[600], daemon=True).start()", FULL),
    "ends_the_process": ("os._exit(7)", "It ended its process (exit code 7)."),
    "exits": ("sys.exit('no more')", "acme:bad raised SystemExit: no more."),
    "kills_itself": ("import ctypes; ctypes.string_at(0)", "It ended its process (signal SIGSEGV)."),
    "raises": ("raise ValueError('no such account')", "acme:bad raised ValueError: no such account."),
    "raises_in_the_condition": ("if context.params['rows']: return skip('none')", "acme:bad raised KeyError: 'rows'."),
    "returns_nothing": ("return None", "acme:bad returned None."),
    "returns_no_json": (
        "return [{'type': 'section', 'text': {'type': 'plain_text', 'text': {1}}}]",
        "acme:bad returned blocks that cannot be used: TypeError: Object of type set is not JSON serializable.",
    ),
}
POSTED = {
    "prints": "print('printed'); os.write(1, b'printed')\nreturn 'posted'",
    "forks": "os.fork()\nreturn 'posted'",
    "forks_and_stays": "if not os.fork(): time.sleep(600)\nreturn 'posted'",
    "forks_and_raises": "if not os.fork(): raise ValueError\nreturn 'posted'",
}


def add_good_and_bad(app: App) -> None:
    """Add three good reports and a bad one that are due now."""
    reports = ["good", "bad", "good", "good"]
    app.add_due_schedules({f"{report}-{number}": {"report": report} for number, report in enumerate(reports)})


@pytest.mark.parametrize("name", ENDINGS)
def test_bad_report_ends_its_own_attempt(app: App, name: str) -> None:
    body, reason = ENDINGS[name]
    write_bad_report(app.folder, body)
    configure(app, TABLES)
    add_good_and_bad(app)
    worked = app.work(SCHEDBOT_RENDERERS="1")
    jobs = {job["schedule"]: job for job in app.audit()}
    bad = jobs.pop("bad-1")
    assert (bad["state"], bad["error"], len(bad["attempts"])) == ("failed", "render_failed", 1), worked.stderr
    assert reason in bad["attempts"][0]["detail"]
    assert sorted(post["text"] for post in app.posts()) == ["good good-0", "good good-2", "good good-3"]
    assert {len(job["attempts"]) for job in jobs.values()} == {1}


@pytest.mark.parametrize("name", POSTED)
def test_odd_report_is_posted_once(app: App, name: str) -> None:
    write_bad_report(app.folder, POSTED[name])
    configure(app, TABLES)
    add_good_and_bad(app)
    worked = app.work(SCHEDBOT_RENDERERS="1")
    assert sorted(post["text"] for post in app.posts()) == ["good good-0", "good good-2", "good good-3", "posted"]
    assert worked.stdout == ""


def test_process_of_a_report_ends_with_its_renderer(app: App) -> None:
    """A program and a forked process of other reports do not go on when the renderer ends."""
    write_bad_report(app.folder, "if not os.fork(): time.sleep(600)\ntime.sleep(0.5)\nos._exit(7)")
    write_waiting_program(app.folder)
    configure(app, TABLES + '[reports.waiting]\ncommand = ["./wait"]\ntimeout = "4s"')
    app.add_due_schedules({report: {"report": report} for report in ("waiting", "bad")})
    app.work(SCHEDBOT_RENDERERS="1")
    assert {job["schedule"]: job["state"] for job in app.audit()} == {"waiting": "failed", "bad": "failed"}
    assert list_processes_in(app.folder) == []


def write_waiting_program(folder: Path) -> None:
    """Write a program that ends only in the trial of `add`."""
    program = folder / "wait"
    program.write_text("#!/bin/sh\ngrep -q '\"is_preview\": true' && echo trial && exit\nexec sleep 600\n")
    program.chmod(0o755)


def list_processes_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that work in this folder."""
    processes = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (path / "cwd").readlink() == folder:
                processes.append((path / "cmdline").read_text().replace("\0", " "))
    return processes


def test_program_ends_with_a_killed_pool(app: App) -> None:
    write_waiting_program(app.folder)
    configure(app, '[reports.waiting]\ncommand = ["./wait"]')
    app.add_due_jobs(1, text="", report="waiting")
    pool = app.start("work", SCHEDBOT_RENDERERS="1")
    until(lambda: any("sleep 600" in line for line in list_processes_in(app.folder)))
    pool.kill()
    until(lambda: list_processes_in(app.folder) == [])


def test_check_names_the_report_that_holds_the_interpreter(app: App) -> None:
    body = """
    def held(context):
        return "fine" if not os.path.exists("fails") else __import__("re").match("(a+)+$", "a" * 64 + "b")
    """
    write_module(app.folder, body)
    configure(app, TABLES.replace("bad", "held"))
    for number, report in enumerate(["good", "held", "good"]):
        app.add_schedule(f"{report}-{number}", text="", report=report, cron="0 9 * * *")
    (app.folder / "fails").touch()
    checked = app.run("reports", "check", "--json")
    results = {row["schedule"]: row["ok"] for row in map(json.loads, checked.stdout.splitlines())}
    assert results == {"good-0": True, "held-1": False, "good-2": True}
