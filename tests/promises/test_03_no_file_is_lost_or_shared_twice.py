"""Promise 3 for files: each is shown or shared once, through any crash; a picture never costs the report."""

import json
from typing import Any

import pytest

from schedbot.store.open_database import open_database
from tests.support.app import App, until
from tests.support.reports.live_project import configure, write_module
from tests.support.sql import read_rows

REPORTS = """
from schedbot.reports import File, csv_file

PNG = b"\\x89PNG\\r\\n\\x1a\\n" + bytes(64)


def show(name):
    picture = {"type": "image", "slack_file": {"name": f"{name}.png"}, "alt_text": f"Sales of {name}"}
    return [{"type": "section", "text": {"type": "mrkdwn", "text": name}}, picture]


@live
def both(context):
    name = context.params["name"]
    csv = File(f"{name}.csv", b"week,sales", title=f"{name}.csv")
    return Message(name, show(name), files=[File(f"{name}.png", PNG, alt=f"Sales of {name}"), csv])


@live
def files(context):
    return Message("files", files=[csv_file(f"{number}.csv", [[number]]) for number in range(3)])


@live
def picture(context):
    name = context.params["name"]
    return Message(name, show(name), files=[File(f"{name}.png", PNG)])


@live
def long(context):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Sales"}}
    return Message("long", [section] * 60 + show("chart")[1:], files=[File("chart.png", PNG)])
"""
TABLES = """
[reports.both]
python = "acme:both"
[reports.files]
python = "acme:files"
[reports.picture]
python = "acme:picture"
[reports.long]
python = "acme:long"
"""


@pytest.fixture
def project(app: App) -> App:
    """An installation with reports that have files."""
    write_module(app.folder, REPORTS)
    configure(app, TABLES)
    return app


def add_jobs(app: App, names: list[str], report: str, **fields: str) -> None:
    """Enqueue a job for each name, in a channel of its own."""
    reports = {name: {"report": report, "params": json.dumps({"name": name}), **fields} for name in names}
    app.add_due_schedules(reports)


def find_post(app: App, name: str) -> dict[str, Any]:
    """Return the only message of a job that shows its picture or its text."""
    [message] = [message for message in app.slack.messages() if message["text"] == name]
    return message


def count_shares(app: App) -> dict[str, int]:
    """Return the number of messages that share each file, by its name."""
    counts: dict[str, int] = {}
    for message in app.slack.messages():
        for file in message.get("files", ()):
            counts[file["name"]] = counts.get(file["name"], 0) + 1
    return counts


def test_picture_is_shown_and_file_follows_in_the_thread(project: App) -> None:
    add_jobs(project, ["acme"], "both")
    project.work()
    chart, csv = project.slack.files()
    message, share = project.slack.messages()
    assert message["blocks"][1]["slack_file"] == {"id": chart["id"]}
    assert (share["thread_ts"], [file["id"] for file in share["files"]]) == (message["ts"], [csv["id"]])
    assert project.slack.content(csv["id"]) == b"week,sales"
    assert (csv["title"], chart["alt_txt"]) == ("acme.csv", "Sales of acme")
    assert read_rows(project.db, "SELECT part, method, outcome, ts FROM attempts ORDER BY number") == [
        (1, "post", "posted", message["ts"]),
        (2, "share", "posted", share["ts"]),
    ]
    assert [*project.path.with_name("schedbot.db-files").iterdir()] == []
    assert [job["degraded"] for job in project.audit()] == [False]


def test_picture_of_a_long_report_is_shown_in_its_part(project: App) -> None:
    add_jobs(project, ["acme"], "long")
    project.work()
    replies = [message for message in project.posts() if message.get("thread_ts", message["ts"]) != message["ts"]]
    pictures = [reply["blocks"][-1]["slack_file"]["id"] for reply in replies]
    assert sorted(pictures) == sorted(file["id"] for file in project.slack.files())
    assert len(pictures) == 1


# Where the pool is killed: method, before or after Slack did it, and the file or message that it concerned.
KILLS = [
    ("files.getUploadURLExternal", "hold", "ticket.png"),
    ("files.getUploadURLExternal", "hold", "upload.csv"),
    ("files.completeUploadExternal", "hold", "private.png"),
    ("chat.postMessage", "hold", "post"),
    ("files.completeUploadExternal", "hold_before", "intent.csv"),
    ("files.completeUploadExternal", "hold", "share.csv"),
]


def test_killed_pool_shares_each_file_once(project: App) -> None:
    names = [text.partition(".")[0] for _, _, text in KILLS]
    add_jobs(project, names, "both")
    for method, fault, text in KILLS:
        project.slack.order(fault, method=method, contains=text)
    pool = project.start("work", "--processes", "1", SCHEDBOT_SLACK_TIMEOUT="20s")
    project.slack.wait_for_held(len(KILLS))
    pool.kill()
    pool.wait()
    project.slack.clear()
    project.work(within=100)
    assert project.states() == {"succeeded": len(KILLS)}
    assert count_shares(project) == dict.fromkeys((f"{name}.csv" for name in names), 1)
    assert [find_post(project, name)["blocks"][1]["type"] for name in names] == ["image"] * len(names)


def test_missing_picture_becomes_its_text_in_the_report(project: App) -> None:
    names = ["scope", "broken", "late"]
    faults: list[tuple[str, str, dict[str, Any]]] = [
        ("files.getUploadURLExternal", "error", {"code": "missing_scope"}),
        ("files.getUploadURLExternal", "status", {"status": 503}),
        ("files.completeUploadExternal", "late", {"ms": 100_000}),
    ]
    add_jobs(project, names, "picture", max_attempts="1")
    for name, (method, fault, more) in zip(names, faults, strict=True):
        project.slack.order(fault, method=method, contains=f"{name}.png", **more)
    project.work()
    errors = ["missing_files_scope", "upload_failed", "invalid_blocks"]
    for name, error in zip(names, errors, strict=True):
        [text] = find_post(project, name)["blocks"][1]["elements"]
        assert text["text"] == f"Sales of {name}\nThe picture cannot be shown here ({error})."
    jobs = project.audit()
    assert [(job["state"], job["degraded"]) for job in jobs] == [("succeeded", True)] * len(names)
    for job, error in zip(jobs, errors, strict=True):
        story = " ".join(project.run("audit", str(job["job"])).stdout.split())
        assert f"in the place of the picture '{job['schedule']}.png':" in story
        assert f"({error})" in story


def test_full_disk_costs_a_picture_and_delays_a_file(project: App) -> None:
    spool = project.path.with_name("schedbot.db-files")
    spool.write_text("in the place of the folder")
    add_jobs(project, ["acme"], "picture")
    add_jobs(project, ["globex"], "both", max_attempts="1")
    project.start("work")
    until(lambda: project.states() == {"succeeded": 1, "queued": 1} and len(project.audit()[1]["attempts"]) > 1)
    [note] = find_post(project, "acme")["blocks"][1]["elements"]
    assert note["text"] == "Sales of acme\nThe picture cannot be shown here (picture_not_stored)."
    assert {attempt["error"] for attempt in project.audit()[1]["attempts"]} == {"spool_unusable"}
    spool.unlink()
    until(lambda: project.states() == {"succeeded": 2})
    assert count_shares(project) == {"globex.csv": 1}
    assert [job["degraded"] for job in project.audit()] == [True, False]


def test_files_of_a_deleted_message_stay_out_of_the_channel(project: App) -> None:
    add_jobs(project, ["acme"], "files")
    project.slack.order("hold_before", method="files.getUploadURLExternal", contains="0.csv")
    project.start("work", SCHEDBOT_SLACK_TIMEOUT="20s")
    project.slack.wait_for_held(1)
    project.slack.delete_message("C0000000000", project.slack.messages()[0]["ts"])
    project.slack.release()
    until(lambda: project.states() == {"failed": 1})
    assert count_shares(project) == {"0.csv": 1}
    assert project.audit()[0]["why"] == "2 of 4 parts are posted: thread_gone"


def test_share_is_looked_up_in_its_thread_without_files_read(project: App) -> None:
    add_jobs(project, ["acme"], "both")
    project.slack.order("error", method="files.info", code="missing_scope", times="forever")
    project.work()
    assert (project.states(), count_shares(project)) == ({"succeeded": 1}, {"acme.csv": 1})


def move(app: App) -> None:
    """Move an installation, with the spool of its database, to another folder."""
    app.db.close()
    app.folder = app.folder.rename(app.folder.with_name("moved"))
    app.db = open_database(app.path)


def test_refused_file_fails_after_the_message(project: App) -> None:
    add_jobs(project, ["acme"], "both")
    project.slack.order("error", method="files.getUploadURLExternal", contains="acme.csv", code="file_type_not_allowed")
    project.work()
    [job] = project.audit()
    assert (job["state"], job["error"], job["ts"]) == (
        "failed",
        "file_type_not_allowed",
        find_post(project, "acme")["ts"],
    )
    assert count_shares(project) == {}
    move(project)
    assert project.run("retry", "1", "--yes").returncode == 0
    project.work()
    assert project.states() == {"succeeded": 1}
    assert (count_shares(project), len(project.slack.messages())) == ({"acme.csv": 1}, 2)


def test_share_that_nobody_can_look_up_is_held(project: App) -> None:
    add_jobs(project, ["acme"], "both", on_unknown="resend")
    for method in ("files.info", "conversations.replies"):
        project.slack.order("error", method=method, code="missing_scope", times="forever")
    project.work()
    [job] = project.audit()
    assert (job["state"], job["error"], count_shares(project)) == ("held", "missing_files_scope", {"acme.csv": 1})
    project.slack.clear()
    assert project.run("retry", "1", "--yes").returncode == 0
    project.work()
    assert (project.states(), count_shares(project)) == ({"succeeded": 1}, {"acme.csv": 1})
