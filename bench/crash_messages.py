"""Crash test of all kinds of messages: parts, files, pictures, threads, updates, people, names, beside plain texts.

    python -m bench.crash_messages --posts 2000 --kills 60 --seed 1

As bench.crash, with lost answers, errors and delays at each request of the way: the upload, the share, the post, the
update, the conversation with a person, and the look-ups. In the end each message, part and share must be in its channel
and thread exactly once, and nothing else may be there. `retry` sends a report whose
renderer was killed twice.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.crash import WORKSPACES, CrashTest
from schedbot import sandbox
from tests.support.app import App, now_ms, rfc3339
from tests.support.bulk_rows import workspace
from tests.support.reports.live_project import configure
from tests.support.sql import read_rows, read_value

LINES_OF_LONG_REPORT = 1_200
MODULE = f"""
import base64
from schedbot.reports import File, Message

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9"
    "HQAAAABJRU5ErkJggg=="
)


def long(context):
    return "\\n".join(f"{{context.schedule}} line {{number}} of the report" for number in range({LINES_OF_LONG_REPORT}))


def file(context):
    return Message(context.schedule, files=[File("numbers.csv", b"month,total\\n2026-11,12\\n")])


def picture(context):
    return Message(context.schedule, files=[File("chart.png", PNG, alt="Orders by day")])


def all(context):
    return Message(long(context), files=[File("chart.png", PNG, alt="Orders"), File("numbers.csv", b"a,b\\n1,2\\n")])
"""
TABLES = "".join(f'\n[reports.{name}]\npython = "messages:{name}"\n' for name in ("long", "file", "picture", "all"))

# Fields of the schedules of each kind.
KINDS: dict[str, dict[str, str]] = {
    "text": {},
    "long": {"text": "", "report": "long"},
    "file": {"text": "", "report": "file"},
    "picture": {"text": "", "report": "picture"},
    "all": {"text": "", "report": "all"},
    "thread": {"thread": "daily"},
    "update": {"update": "true"},
    "person": {},
    "name": {"username": "Reports", "icon": ":bar_chart:", "unfurl": "true"},
}
METHODS = (
    *("chat.postMessage", "chat.update", "conversations.open", "conversations.history", "conversations.replies"),
    *("files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"),
)
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("drop_after", {}),
    ("stall", {}),
    ("status", {"status": 500}),
    ("error", {"code": "internal_error"}),
    ("ratelimit", {"retry_after": 1}),
    ("delay", {"ms": 1500}),
]


class SentPart(NamedTuple):
    """A part of a message in Slack, by the occurrence in its metadata."""

    occurrence: str
    part: int


def add_schedules(app: App, posts: int) -> None:
    """Add schedules of all kinds that are due now. One that updates has posted before."""
    (app.folder / "messages.py").write_text(MODULE)
    configure(app, TABLES)
    with app.db.writing():
        for number in range(WORKSPACES):
            workspace(app.db, f"w{number}")
    due_at = now_ms() // 1000 * 1000
    kinds = list(KINDS)
    numbers = {kind: range(place, posts, len(kinds)) for place, kind in enumerate(kinds)}
    for number in numbers["update"]:
        add_schedule(app, number, "update", {"cron": "0 0 1 1 *"}, due_at)
        app.run("run-now", f"update-{number}")
    assert app.work(within=600).returncode == 0
    for number in numbers["update"]:
        app.run("run-now", f"update-{number}")
    for number in numbers["person"]:
        app.slack.set_user(f"U{number:010d}", "UTC")
    for kind in kinds:
        for number in numbers[kind] if kind != "update" else ():
            add_schedule(app, number, kind, {"at": rfc3339(due_at)}, due_at)
    app.tick(due_at)


def add_schedule(app: App, number: int, kind: str, timing: Mapping[str, str], due_at: int) -> None:
    channel = f"{'U' if kind == 'person' else 'C'}{number:010d}"
    fields = {"channel": channel, "workspace": f"w{number % WORKSPACES}", "max_attempts": "20", **timing, **KINDS[kind]}
    app.add_schedule(f"{kind}-{number}", as_of=due_at - 30_000, **fields)


def order_faults(app: App, rng: random.Random, posts: int, share: float) -> None:
    """Order faults for a share of the requests of each method, and a slow answer for all posts."""
    for method in METHODS:
        for _ in range(int(posts * share / len(METHODS)) + 1):
            kind, options = rng.choice(FAULTS)
            app.slack.order(kind, method=method, nth=rng.randint(1, max(2, posts // len(METHODS))), **options)
    app.slack.order("delay", ms=100, times="forever")


def count(app: App) -> dict[str, object]:
    """Return the counts of parts and shares in Slack, compared with the recorded jobs."""
    sent: Counter[SentPart] = Counter()
    shares: Counter[str] = Counter()
    for message in app.slack.messages():
        payload = message.get("metadata", {}).get("event_payload")
        if payload:
            sent[SentPart(payload["occurrence"], int(payload.get("part", 1)))] += 1
        else:
            shares.update(file["id"] for file in message.get("files", ()))
    jobs = read_rows(app.db, "SELECT id, schedule_id || ':' || due_at, parts, state FROM jobs")
    methods = dict[tuple[int, int], str]()
    for job, part, method in read_rows(app.db, "SELECT job_id, part, method FROM message_parts"):
        methods[job, part] = method
    due = [
        SentPart(occurrence, part)
        for job, occurrence, parts, _ in jobs
        for part in range(1, parts + 1)
        if methods.get((job, part), "post") == "post"
    ]
    updated = {row[0] for row in read_rows(app.db, UPDATED)}
    missing = [part for part in due if not sent[part] and part.occurrence not in updated]
    known = {row[0] for row in read_rows(app.db, "SELECT file_id FROM message_files WHERE NOT is_picture")}
    return {
        "jobs": len(jobs),
        "parts due": len(due),
        "lost": len(missing),
        "doubled": sum(number > 1 for number in sent.values()),
        "shares due": len(known),
        "shares lost": sum(not shares[file_id] for file_id in known),
        "shares doubled": sum(number > 1 for number in shares.values()),
        "orphaned shares": sum(file_id not in known for file_id in shares),
        "degraded": read_value(app.db, "SELECT count(*) FROM jobs WHERE degraded"),
        "states": app.states(),
        "attempts": dict(read_rows(app.db, "SELECT outcome, count(*) FROM attempts GROUP BY outcome")),
        "look-ups": dict(read_rows(app.db, "SELECT answer, count(*) FROM lookups GROUP BY answer")),
        "integrity": read_value(app.db, "PRAGMA integrity_check"),
    }


# Occurrences whose message a later one brought up to date: their metadata is gone.
UPDATED = """
SELECT j.schedule_id || ':' || j.due_at FROM jobs j
 WHERE EXISTS (SELECT 1 FROM jobs l WHERE l.schedule_id = j.schedule_id AND l.ts = j.ts AND l.due_at > j.due_at)
"""


def settle(app: App, crash_test: CrashTest) -> None:
    """Work until no job is open."""
    while crash_test.open_jobs():
        app.work(within=600)


def run(posts: int, kills: int, seed: int, share: float, history: str) -> dict[str, object]:
    """Run the crash test once. `history`: `full`, or `scarce` for one look-up a minute. Returns its counts."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, sandbox.start(any_channel=True, history=history) as slack:
        app = App(Path(folder), slack, timeout_s=2, lease_s=3, processes=2)
        add_schedules(app, posts)
        order_faults(app, rng, posts, share)
        crash_test = CrashTest(app, posts, rng)
        started = time.monotonic()
        crash_test.run_pools(kills)
        settle(app, crash_test)
        killed = app.states().get("failed", 0)
        app.run("retry", "--error", "render_failed", "--yes")
        settle(app, crash_test)
        counts = count(app)
        app.close()
    return {
        "kills": dict(crash_test.kills),
        "sent by retry": killed,
        **counts,
        "seconds": round(time.monotonic() - started),
    }


def main() -> None:
    """Run the test and print its counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.3, help="faults for each post")
    parser.add_argument("--history", choices=("full", "scarce"), default="full", help="scarce: one look-up a minute")
    args = parser.parse_args()
    for name, value in run(args.posts, args.kills, args.seed, args.faults, args.history).items():
        print(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
