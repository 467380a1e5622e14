"""Start, command line and end of a sandbox process."""

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
from tests.support.sandbox.client import SandboxClient

COMMAND = [sys.executable, "-m", "schedbot", "sandbox"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def command() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The running command `schedbot sandbox`, and its first line of output."""
    port = str(free_port())
    child = subprocess.Popen([*COMMAND, "--port", port, "--any-channel"], stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    with child:
        yield child, child.stderr.readline()
        child.kill()


def test_command_prints_its_address(command: tuple["subprocess.Popen[str]", str]) -> None:
    port = command[1].split(":")[3].split("/")[0]
    url = f"http://127.0.0.1:{port}/"
    assert command[1] == f"Sandbox: {url}  (API {url}api/, token xoxb-sandbox-acme)\n"
    assert Sandbox(url).workspaces()[0]["token"] == "xoxb-sandbox-acme"


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_it_with_a_browser_connected(
    command: tuple["subprocess.Popen[str]", str], signal_number: signal.Signals
) -> None:
    child, line = command
    port = int(line.split(":")[3].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as browser:
        browser.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert browser.recv(100).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        child.send_signal(signal_number)
        assert child.wait(10) == 0
    assert time.monotonic() - started < 3  # a second on an idle machine
    assert child.stderr is not None
    assert child.stderr.read() == ""


def test_command_orders_and_clears_faults() -> None:
    with start(any_channel=True) as running:
        port = running.url.rsplit(":", 1)[1]
        order = [*COMMAND, "--port", port, "--order", "chat.postMessage:error:code=fatal_error:times=forever"]
        assert "Ordered fault 1:" in subprocess.run(order, capture_output=True, text=True, check=True).stdout
        assert SandboxClient(running)("chat.postMessage", channel="C1", text="x").body["error"] == "fatal_error"
        subprocess.run([*COMMAND, "--port", port, "--clear"], capture_output=True, check=True)
        assert SandboxClient(running)("chat.postMessage", channel="C1", text="x").body["ok"] is True


@pytest.mark.parametrize(
    ("person", "message"),
    [
        pytest.param("foo", "--person 'foo' lacks a user id or a time zone.", id="no zone"),
        pytest.param("anna=UTC", "--person 'anna=UTC' lacks a user id", id="no id"),
        pytest.param("U0SANDBOX01=Europe/Berln", "No time zone is called 'Europe/Berln'.", id="no such zone"),
    ],
)
def test_invalid_person_changes_no_user_and_no_fault(person: str, message: str) -> None:
    with start() as running:
        port = int(running.url.rsplit(":", 1)[1])
        with pytest.raises(BadInput) as error:
            sandbox.run(port=port, person=["U0SANDBOX02=Asia/Tokyo", person], order=["auth.test:status:status=502"])
        assert SandboxClient(running)("users.info", user="U0SANDBOX02").body["user"]["tz"] == "Europe/Berlin"
        assert SandboxClient(running)("auth.test").status == 200
    assert str(error.value).startswith(message)
    assert error.value.hint


def test_command_sets_a_users_time_zone(capsys: pytest.CaptureFixture[str]) -> None:
    with start() as running:
        sandbox.run(port=int(running.url.rsplit(":", 1)[1]), person=["U0SANDBOX02=Asia/Tokyo", "U0NOWHERE="])
        assert SandboxClient(running)("users.info", user="U0SANDBOX02").body["user"]["tz"] == "Asia/Tokyo"
    assert capsys.readouterr().out == "Time zone of U0SANDBOX02: Asia/Tokyo\nTime zone of U0NOWHERE: none\n"


def test_fault_applies_from_the_start() -> None:
    with start(faults=["auth.test:status:status=502"]) as running:
        assert SandboxClient(running)("auth.test").status == 502
        assert SandboxClient(running)("auth.test").status == 200


def test_invalid_fault_at_the_start_is_an_error() -> None:
    with pytest.raises(SchedbotError, match="Unknown fault kind 'explode'") as error:
        start(faults=["auth.test:explode"])
    assert "drop_after" in error.value.hint


def test_unknown_history_is_an_error() -> None:
    with pytest.raises(SchedbotError, match="Unknown history 'scarse'"):
        start(history="scarse")


def test_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SchedbotError, match=f"Port {port} is already in use") as error:
            start(port)
    assert "--port" in error.value.hint


def test_order_without_a_running_sandbox_is_an_error() -> None:
    with pytest.raises(SchedbotError, match=r"No sandbox is running at http://127\.0\.0\.1:"):
        Sandbox(f"http://127.0.0.1:{free_port()}").clear()


def test_it_listens_on_loopback_only() -> None:
    with start() as running:
        address = f":{int(running.url.rsplit(':', 1)[1]):04X}"
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        assert [fields[1] for fields in listening if fields[1].endswith(address) and fields[3] == "0A"] == [
            "0100007F" + address
        ]


def test_it_starts_fast_and_stops_twice() -> None:
    started = time.monotonic()
    running = start()
    assert time.monotonic() - started < 5  # half a second on an idle machine
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
        until(lambda: Sandbox(url).count_held() == -1, within=5)
