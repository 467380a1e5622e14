"""Reports that are called once for many occurrences, and limits over all renderers, in a running pool."""

import json
from collections import Counter

import pytest

from tests.support.app import App
from tests.support.reports.live_project import configure, write_module

pytestmark = pytest.mark.slow
TABLES = """
[reports.batched]
python = "acme:batched"
batch = 200
timeout = "3s"
memory = "96M"
"""
# `account` "bad" is at fault; each call is recorded with its size.
MODULE = """
def record(**facts):
    with open("calls.jsonl", "a") as file:
        file.write(__import__("json").dumps(facts) + "\\n")

@live
def batched(contexts):
    record(size=len(contexts))
    if any(context.account == "bad" for context in contexts):
        {harm}
    return [f"hello {{context.schedule}}" for context in contexts]
"""
HARMS = {
    "raises": ("raise ValueError('no such account')", "acme:batched raised ValueError: no such account."),
    "hangs": ("time.sleep(600)", "It took more than 3 s."),
    "ends_the_process": ("os._exit(3)", "It ended its process (exit code 3)."),
    "leaks": ("rows = [bytearray(1 << 20) for _ in range(500)]", "It took more than 96 MB of memory."),
    "returns_too_few": ("return []", "acme:batched returned 0 results for 1 contexts."),
    "leaves_one_out": (
        "return {c.schedule: f'hello {c.schedule}' for c in contexts if c.account != 'bad'}",
        "acme:batched returned None.",
    ),
}


def add_jobs(app: App, count: int, report: str) -> None:
    """Add schedules that are due now; the account of the eighth is `bad`."""
    accounts = ["bad" if number == 7 else "acme" for number in range(count)]
    schedules = {f"report-{number}": {"report": report, "account": name} for number, name in enumerate(accounts)}
    app.add_due_schedules(schedules)


@pytest.mark.parametrize("name", HARMS)
def test_bad_context_of_a_batch_fails_alone(app: App, name: str) -> None:
    harm, reason = HARMS[name]
    write_module(app.folder, MODULE.format(harm=harm))
    configure(app, TABLES)
    add_jobs(app, 40, "batched")
    app.work(SCHEDBOT_RENDERERS="1")
    jobs = {job["schedule"]: job for job in app.audit()}
    bad = jobs.pop("report-7")
    assert (bad["state"], len(bad["attempts"])) == ("failed", 1)
    assert reason in bad["attempts"][0]["detail"]
    assert Counter(job["state"] for job in jobs.values()) == {"succeeded": 39}
    sizes = [json.loads(line)["size"] for line in (app.folder / "calls.jsonl").read_text().splitlines()]
    assert max(sizes) == 40, sizes


def test_concurrency_holds_over_all_renderers(app: App) -> None:
    body = """
    @live
    def narrow(context):
        with open("running.txt", "a") as file: file.write("+")
        time.sleep(0.3)
        with open("running.txt", "a") as file: file.write("-")
        return "done"
    """
    write_module(app.folder, body)
    configure(app, '[reports.narrow]\npython = "acme:narrow"\nconcurrency = 3')
    add_jobs(app, 15, "narrow")
    app.work(SCHEDBOT_RENDERERS="2")
    running, most = 0, 0
    for sign in (app.folder / "running.txt").read_text():
        running += 1 if sign == "+" else -1
        most = max(most, running)
    assert (most, len(app.posts())) == (3, 15)
