"""The alert about a full disk: nothing can be written into the database, and a person hears of it once all the same."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from schedbot.admin.operations.alerts import dispatch, full_disk, watch
from schedbot.admin.operations.alerts.full_disk import DiskAlert, DiskDelivery
from schedbot.errors import DiskFull
from schedbot.operation_settings import AlertSettings
from schedbot.store.sqlite.alert_file import open_alert_file
from tests.support.app import TOKEN, App, now_ms, until
from tests.support.failing_pools import fill, mount
from tests.support.sandboxes import fork_sandbox

OPS = "C0000000900"
MINUTE = 60_000
NOW = 1_796_137_200_000


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An app on a disk of 12 MB, with a channel and a command for alerts."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    script = f"cat >> {tmp_path}/alerts.jsonl; echo >> {tmp_path}/alerts.jsonl"
    with mount(tmp_path / "small", "-t", "tmpfs", "-o", "size=12m", "tmpfs") as folder, fork_sandbox() as slack:
        app = App(folder, slack)
        command = ("/bin/sh", "-c", script)
        app.config.write_text(f'[alerts]\nchannel = "{OPS}"\ncommand = {json.dumps(command)}\n')
        app.settings = replace(app.settings, alerts=AlertSettings(channel=OPS, command=command))
        app.add_schedule("later", cron="0 9 * * *")
        yield app
        app.close()


def commanded(app: App) -> list[dict[str, Any]]:
    """Return the alerts about the disk that the command got."""
    file = app.folder.parent / "alerts.jsonl"
    alerts = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [each for each in alerts if "disk" in each["text"]]


def posted(app: App) -> list[str]:
    return [message["text"] for message in app.posts() if message["channel"] == OPS and "disk" in message["text"]]


def check_after(app: App, ms: int) -> None:
    """Look for causes that much later."""
    dispatch.check(replace(app.session(), now=lambda: now_ms() + ms))


def test_full_disk_is_announced_once_and_so_is_its_end(small: App) -> None:
    assert small.run("tick").returncode == 0
    filler = fill(small.folder)
    for _ in range(2):  # the database can be read, since this process has it open
        assert small.run("tick").returncode == 1
        with suppress(DiskFull):  # SQLite's log may have room left in itself
            check_after(small, 0)
        watch.look_once(small.session().settings)
    [problem], [text] = commanded(small), posted(small)
    assert (problem["kind"], problem["problems"][0]["cause"]) == ("problem", "disk")
    assert f"The disk of '{small.folder}' is full: 0 kB are free." in text
    filler.unlink()
    minutes = count(2)

    def is_announced() -> bool:
        check_after(small, next(minutes) * MINUTE)
        return len(posted(small)) == 2

    until(is_announced)
    assert [each["kind"] for each in commanded(small)] == ["problem", "recovery"]
    assert ["resolved after" in text for text in posted(small)] == [False, True]


def test_disk_that_fills_before_any_read_is_announced(small: App) -> None:
    """Only a tick runs, and the database is closed between ticks: SQLite cannot even open it."""
    assert small.run("tick").returncode == 0
    small.db.close()
    fill(small.folder)
    for _ in range(2):
        assert small.run("tick").returncode == 1
    assert (len(commanded(small)), len(posted(small))) == (1, 1)
    health = small.run("health", "--json")
    assert (health.returncode, json.loads(health.stdout)["status"]) == (1, "failed")
    assert "is full" in health.stdout


def test_killed_sender_of_a_disk_alert_does_not_double(small: App) -> None:
    assert small.run("tick").returncode == 0
    fill(small.folder)
    small.run("tick")
    with open_alert_file(small.path) as file:  # as if it was killed after the response, before its end was written
        alert = full_disk.read(file)
        sent = DiskDelivery(now_ms() - MINUTE)
        full_disk.write(file, replace(alert, deliveries={**alert.deliveries, "channel": sent}))
    for _ in range(2):
        small.run("tick")
    assert len(posted(small)) == 1


ON = DiskAlert(sentence="x.", since=NOW, seen_at=NOW)
SENT = replace(ON, deliveries={"command": DiskDelivery(NOW, ended_at=NOW)})
OVER = replace(SENT, is_over=True, deliveries={"command": DiskDelivery()})


@pytest.mark.parametrize(
    ("alert", "sentence", "later", "expected"),
    [
        pytest.param(DiskAlert(), "", 0, DiskAlert(), id="nothing"),
        pytest.param(DiskAlert(), "x.", 0, ON, id="begins"),
        pytest.param(SENT, "y.", MINUTE, replace(SENT, seen_at=NOW + MINUTE), id="goes on"),
        pytest.param(SENT, "", MINUTE, SENT, id="not seen for a moment"),
        pytest.param(SENT, "", 2 * MINUTE, OVER, id="over"),
        pytest.param(ON, "", 2 * MINUTE, DiskAlert(), id="over before anybody heard of it"),
        pytest.param(OVER, "", 2 * MINUTE, OVER, id="recovery waits"),
        pytest.param(OVER, "x.", 0, ON, id="full again"),
        pytest.param(
            replace(OVER, deliveries={"command": DiskDelivery(NOW, ended_at=NOW)}),
            "",
            0,
            DiskAlert(),
            id="recovery sent",
        ),
    ],
)
def test_disk_alert_begins_and_ends(alert: DiskAlert, sentence: str, later: int, expected: DiskAlert) -> None:
    assert full_disk.advance(alert, sentence, NOW + later) == expected
