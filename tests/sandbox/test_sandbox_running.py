"""A sandbox starts fast, is on loopback alone, ends when it is told to, and never outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schedbot.commands.setup import sandbox
from schedbot.errors import BadInput, SchedbotError
from schedbot.sandbox import Sandbox, start
from tests.support.app import until
from tests.support.sandbox_client import SandboxClient

COMMAND = [sys.executable, "-m", "schedbot", "sandbox"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def command() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`schedbot sandbox` as a person starts it, and the line that it says."""
    port = str(free_port())
    child = subprocess.Popen([*COMMAND, "--port", port, "--any-channel"], stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    with child:
        yield child, child.stderr.readline()
        child.kill()


def test_it_says_where_it_is(command: tuple["subprocess.Popen[str]", str]) -> None:
    port = command[1].split(":")[3].split("/")[0]
    url = f"http://127.0.0.1:{port}/"
    assert command[1] == f"Sandbox: {url}  (API {url}api/, token xoxb-sandbox-acme)\n"
    assert Sandbox(url).workspaces()[0]["token"] == "xoxb-sandbox-acme"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_soon_though_a_browser_watches(
    command: tuple["subprocess.Popen[str]", str], number: signal.Signals
) -> None:
    child, line = command
    port = int(line.split(":")[3].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as browser:
        browser.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert browser.recv(100).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        child.send_signal(number)
        assert child.wait(10) == 0
    assert time.monotonic() - started < 3  # a second, on a machine that has nothing else to do
    assert child.stderr is not None
    assert child.stderr.read() == ""


def test_the_command_orders_and_clears_faults_of_the_one_that_runs() -> None:
    with start(any_channel=True) as running:
        port = running.url.rsplit(":", 1)[1]
        ordering = [*COMMAND, "--port", port, "--order", "chat.postMessage:error:code=fatal_error:times=forever"]
        assert "Fault 1" in subprocess.run(ordering, capture_output=True, text=True, check=True).stdout
        assert SandboxClient(running)("chat.postMessage", channel="C1", text="x").body["error"] == "fatal_error"
        subprocess.run([*COMMAND, "--port", port, "--clear"], capture_output=True, check=True)
        assert SandboxClient(running)("chat.postMessage", channel="C1", text="x").body["ok"] is True


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param("foo", "--person 'foo' does not name a user and a time zone.", id="no zone"),
        pytest.param("anna=UTC", "--person 'anna=UTC' does not name a user", id="no id"),
        pytest.param("U0SANDBOX01=Europe/Berln", "No time zone is called 'Europe/Berln'.", id="no such zone"),
    ],
)
def test_a_person_is_given_by_an_id_and_a_zone_that_there_is_or_nobody_moves(said: str, told: str) -> None:
    with start() as running:
        port = int(running.url.rsplit(":", 1)[1])
        with pytest.raises(BadInput) as refused:
            sandbox.run(port=port, person=["U0SANDBOX02=Asia/Tokyo", said], order=["auth.test:status:status=502"])
        assert SandboxClient(running)("users.info", user="U0SANDBOX02").body["user"]["tz"] == "Europe/Berlin"
        assert SandboxClient(running)("auth.test").status == 200
    assert str(refused.value).startswith(told)
    assert refused.value.hint


def test_a_person_moves_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with start() as running:
        sandbox.run(port=int(running.url.rsplit(":", 1)[1]), person=["U0SANDBOX02=Asia/Tokyo", "U0NOWHERE="])
        assert SandboxClient(running)("users.info", user="U0SANDBOX02").body["user"]["tz"] == "Asia/Tokyo"
    assert capsys.readouterr().out == "U0SANDBOX02 lives in Asia/Tokyo.\nU0NOWHERE lives in no zone.\n"


def test_a_fault_may_stand_from_the_start() -> None:
    with start(faults=["auth.test:status:status=502"]) as running:
        assert SandboxClient(running)("auth.test").status == 502
        assert SandboxClient(running)("auth.test").status == 200


def test_a_wrong_fault_at_the_start_says_what_to_write() -> None:
    with pytest.raises(SchedbotError, match="No fault is called 'explode'") as refused:
        start(faults=["auth.test:explode"])
    assert "drop_after" in refused.value.hint


def test_a_history_that_there_is_not_is_refused() -> None:
    with pytest.raises(SchedbotError, match="No history is called 'scarse'"):
        start(history="scarse")


def test_a_port_that_is_taken_is_named_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SchedbotError, match=f"Port {port} is taken") as refused:
            start(port)
    assert "--port" in refused.value.hint


def test_an_order_where_no_sandbox_runs_says_so() -> None:
    with pytest.raises(SchedbotError, match=r"No sandbox answers at http://127\.0\.0\.1:"):
        Sandbox(f"http://127.0.0.1:{free_port()}").clear()


def test_it_listens_on_loopback_alone() -> None:
    with start() as running:
        wanted = f":{int(running.url.rsplit(':', 1)[1]):04X}"
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        assert [fields[1] for fields in listening if fields[1].endswith(wanted) and fields[3] == "0A"] == [
            "0100007F" + wanted
        ]


def test_it_answers_soon_and_may_be_stopped_twice() -> None:
    started = time.monotonic()
    running = start()
    assert time.monotonic() - started < 5  # half a second, on a machine that has nothing else to do
    running.stop()
    running.stop()
    assert running.child.returncode == 0


def test_it_ends_when_its_parent_is_killed() -> None:
    code = "from schedbot.sandbox import start; r = start(); print(r.url, r.child.pid, flush=True); input()"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        url, pid = parent.stdout.readline().split()
        os.kill(int(pid), 0)
        parent.kill()
    with pytest.raises(SchedbotError):
        until(lambda: Sandbox(url).waiting() == -1, within=5)
