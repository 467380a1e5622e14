"""Paths, addresses and templates that libraries refuse in their own way: code 2 and a sentence."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import Run

ADD = ("add", "daily", "--cron", "0 9 * * *", "--tz", "UTC", "--channel", "C0123456789")


def nested_loops(depth: int) -> str:
    loops = "".join(f"{{% for a{n} in [1] %}}" for n in range(depth))
    return loops + '{"text": "x"}' + "{% endfor %}" * depth


@pytest.mark.parametrize("depth", [21, 101, 2_000])
def test_template_of_many_loops_is_refused(run: Run, tmp_path: Path, depth: int) -> None:
    (tmp_path / "r.j2").write_text(nested_loops(depth))
    done = run(*ADD, "--report", str(tmp_path / "r.j2"))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The template file")
    assert "nested too deeply" in done.stderr


@pytest.mark.parametrize("name", ["x" * 256, "a/" * 3_000, "~nobody-here/x"], ids=["name", "path", "home"])
@pytest.mark.parametrize(
    "words",
    [
        *(("--database", "{}", "list"), ("--config", "{}", "list"), (*ADD, "--report", "{}"), ("import", "{}")),
        *(("backup", "{}"), ("restore", "{}"), ("metrics", "--output", "{}"), ("stats", "--html", "{}")),
    ],
    ids=lambda words: words[0],
)
def test_path_that_no_file_can_have_is_refused(run: Run, words: tuple[str, ...], name: str) -> None:
    done = run(*(word.replace("{}", name) for word in words))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(("Error: The path '", "Error: The report has 6,000"))


def test_wrong_database_is_a_wrong_use(run: Run, tmp_path: Path) -> None:
    for name in ("none.db", str(tmp_path)):
        assert run("--database", name, "list").returncode == 2


@pytest.mark.parametrize("key", ["database", "token_file"])
def test_zero_byte_of_a_setting_is_named(run: Run, tmp_path: Path, key: str) -> None:
    section = "[slack]\n" if key == "token_file" else ""
    (tmp_path / "schedbot.toml").write_text(f'{section}{key} = "a\\u0000b"\n')
    variables = {} if key == "token_file" else {"SCHEDBOT_DATABASE": ""}
    done = run("list", **variables)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, r"Error: The path 'a\x00b' has a zero byte.")


@pytest.mark.parametrize(
    "address", ["http://[::1/api/", "http://\x01/api/", "http://", "http://a:99999/", "http://a b/"]
)
def test_address_that_is_no_address_is_refused(run: Run, address: str) -> None:
    done = run("workspace", "check", "default", SCHEDBOT_SLACK_API_URL=address, SLACK_BOT_TOKEN="xoxb-1-1")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: Slack's API address")
    assert "Traceback" not in done.stderr


def test_file_with_markup_in_its_name_is_imported(tmp_path: Path, run: Run) -> None:
    header = "name,channel,cron,tz,text"
    (tmp_path / "[").mkdir()
    (tmp_path / "[/b].csv").write_text(f"{header}\ns,C0123456789,0 9 * * *,UTC,hi\n")
    ours, theirs = pty.openpty()
    env = {**os.environ, "SCHEDBOT_DATABASE": str(tmp_path / "s.db")}
    command = [sys.executable, "-m", "schedbot", "import", "./[/b].csv"]
    child = subprocess.run(command, cwd=tmp_path, env=env, stderr=theirs, stdout=subprocess.PIPE, text=True)
    os.close(theirs)
    os.close(ours)
    assert (child.returncode, child.stdout) == (0, "Added 1 schedule.\n")


def test_processes_have_the_same_bound_by_setting(run: Run) -> None:
    done = run("work", "--drain", SCHEDBOT_PROCESSES="257")
    assert done.returncode == 2
    assert "SCHEDBOT_PROCESSES is '257', which is not a number from 1 to 256." in done.stderr


def test_show_prints_parameters_as_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.j2").write_text('{"text": "x"}')
    run(*ADD, "--report", str(tmp_path / "r.j2"), "--param", "a:=[true, null]")
    assert '{"a": [true, null]}' in run("show", "daily").stdout
