"""`health` names what keeps work from being done: stopped processes, a full disk, rendering that lags."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from schedbot.admin.operations.machine import machine_health, process_states
from schedbot.store.operations.lagging_jobs import LaggingReport
from tests.support.app import App, now_ms, until
from tests.support.bulk_rows import flood_reports
from tests.support.job_history import NOW


def health(app: App) -> tuple[int, str]:
    result = app.run("health")
    return result.returncode, " ".join(result.stdout.split())


@pytest.mark.slow
def test_stopped_pool_and_child_are_named(app: App) -> None:
    app.add_schedule("later", cron="0 9 * * *")
    app.tick()
    flood_reports(app.db, "weekly", 1, now_ms())  # so that there is a renderer too
    pool = app.start("work")
    until(lambda: len(list(process_states.list_descendants(pool.pid))) > 1)
    until(lambda: "queued" not in app.states())
    until(lambda: "No worker pool" not in health(app)[1])
    children = list(process_states.list_descendants(pool.pid))
    for child in children:
        os.kill(child, signal.SIGSTOP)
    code, text = health(app)
    assert (code, text.partition(":")[0]) == (1, "degraded")
    assert [child for child in children if f"Process {child} of worker pool" not in text] == []
    for child in children:
        os.kill(child, signal.SIGCONT)
    os.kill(pool.pid, signal.SIGSTOP)
    code, text = health(app)
    assert (code, text.partition(":")[0]) == (1, "failed")
    assert f":{pool.pid}' is stopped (SIGSTOP) and posts nothing" in text
    os.kill(pool.pid, signal.SIGCONT)
    assert "SIGSTOP" not in health(app)[1]


@pytest.mark.slow
def test_stopped_tick_that_holds_a_lock_is_named(app: App) -> None:
    app.add_schedule("later", cron="0 9 * * *")
    app.tick()
    until(lambda: health(app)[0] == 0)
    with app.db.writing():
        tick = app.start("tick")  # it waits for the lock
        lock = app.path.with_name(f"{app.path.name}-lock")
        assert process_states.list_lock_holders(lock) == {os.getpid()}
    until(lambda: tick.poll() is not None)
    holder = app.start("work", "--drain")
    holder.wait(30)
    locking = "import fcntl, os, signal, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); os.kill(os.getpid(), 19)"
    other = os.spawnlp(os.P_NOWAIT, "python3", "python3", "-c", locking, str(lock))
    try:
        until(lambda: process_states.read_state(other) == process_states.STOPPED)
        code, text = health(app)
        assert code == 1
        assert f"Process {other} is stopped (SIGSTOP) and holds a lock of the database" in text
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)


def test_due_jobs_without_a_renderer_lag(app: App) -> None:
    flood_reports(app.db, "weekly", 5, now_ms() - 300_000)
    code, text = health(app)
    assert code == 1
    assert "Rendering lags: 5 due jobs wait for the report 'weekly', the oldest for 5 min" in text


def test_lagging_report_is_said_with_its_age() -> None:
    (problem,) = machine_health.rendering_problems([LaggingReport("weekly", 1, NOW - 180_000)], NOW)
    assert problem.sentence.startswith("Rendering lags: 1 due job waits for the report 'weekly', the oldest for 3 min.")


def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(machine_health.disk_problems(tmp_path)) == []
    monkeypatch.setattr(machine_health, "FULL_BYTES", 1 << 62)
    (problem,) = machine_health.disk_problems(tmp_path)
    assert problem.is_standstill
    assert problem.sentence.startswith(f"The disk of '{tmp_path}' is full")


@pytest.mark.slow
def test_monitor_is_pinged_only_while_posts_go_out(app: App) -> None:
    requests: list[str] = []

    class Monitor(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *values: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Monitor) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app.config.write_text(f'[health]\nping_url = "http://127.0.0.1:{server.server_port}/ping"\n')
        app.add_schedule("later", cron="0 9 * * *")
        assert app.run("tick", no_proxy="*").returncode == 0
        assert requests == ["/ping"]
        flood_reports(app.db, "weekly", 1, now_ms() - 300_000)
        silent = app.run("tick", no_proxy="*")
        assert (silent.returncode, requests) == (0, ["/ping"])
        assert "A due job has waited for 5 min" in silent.stderr
        server.shutdown()
