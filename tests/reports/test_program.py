"""Reports from a program: arguments, context on stdin, environment, output, and limits."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schedbot.posts import File
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.results import RenderedReport
from tests.support.app import until
from tests.support.reports.live_reports import MONDAY_9AM, message_of, render_live

Program = Callable[..., RenderedReport]
TOKEN = "xoxb-1234-abcdefgh"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Render a report of a script: shell, or Python if the first argument is `python`."""

    def run(script: str, *arguments: str, fields: dict[str, Any] | None = None, **table: Any) -> RenderedReport:
        file = tmp_path / "report"
        file.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        definition = ReportDefinition(
            "legacy", "command", "./report", command=("./report", *arguments), folder=str(tmp_path), **table
        )
        return render_live(definition, **fields or {})

    return run


def python(script: str) -> str:
    return f"#!{sys.executable}\n{script}"


def arguments_of(report: RenderedReport) -> list[str]:
    return message_of(report).text.split("\n")


def test_text_on_stdout_is_posted_as_it_is(program: Program) -> None:
    report = program("printf 'Sales <!channel> & \\033[31mred\\033[0m\\nup\\n\\n'")
    assert message_of(report).text == "Sales &lt;!channel&gt; &amp; red\nup"


def test_json_on_stdout_is_a_message(program: Program) -> None:
    message = message_of(program("""echo '{"text": "*5* sales", "blocks": [{"type": "divider"}]}'"""))
    assert (message.text, list(message.blocks)) == ("*5* sales", [{"type": "divider"}])
    blocks = """echo '[{"type": "header", "text": {"type": "plain_text", "text": "Week"}}]'"""
    assert message_of(program(blocks)).text == "Week"


def test_program_can_skip_or_be_not_ready(program: Program) -> None:
    skipped = program("""echo '{"skip": "no orders"}'""").skip
    assert skipped is not None
    assert skipped.reason == "no orders"
    waiting = program("""echo '{"not_ready": "still loading", "retry_in": "5m"}'""").not_ready
    assert waiting is not None
    assert (waiting.reason, waiting.retry_in_ms) == ("still loading", 300_000)


@pytest.mark.parametrize("text", ["[INFO] all good", "{name} is {", "42", '"quoted"', "[1, 2", "null"])
def test_other_output_is_text(program: Program, text: str) -> None:
    assert message_of(program(f"printf '%s' '{text}'")).text == text


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        ("""echo '{"text": "half'""", "The command's output begins like JSON and is not: line 1: "),
        ("""echo '{"text": "a", "blocks": [NaN]}'""", "NaN is not a number in JSON"),
        ("""echo '{"message": "a"}'""", "The command returned an object with the unknown key 'message'."),
        ("echo '[1]'", "The command returned blocks of which blocks[0] is no block but a int."),
        ("echo '  '", "The command wrote nothing to stdout."),
        ("printf 'a\\377'", "The command's output is not UTF-8 text (byte 2)."),
        ("exit 7", "The command 'report' ended with code 7."),
        ("kill -TERM $$", "The command 'report' was ended by the signal SIGTERM."),
        ("yes", "The command 'report' wrote more than 1 MB and was ended."),
        ("#!/no/such/interpreter", "the interpreter of its first line is not there."),
        ("#!\0", "cannot be started: "),
    ],
)
def test_bad_end_or_output_fails_with_a_sentence(program: Program, script: str, failure: str) -> None:
    report = program(script)
    assert report.failure is not None
    assert failure in report.failure


def test_end_of_stderr_is_kept_without_tokens(program: Program) -> None:
    script = f"for n in $(seq 3000); do echo line $n; done >&2; echo connecting with {TOKEN} >&2; "
    report = program(script + "exit 3")
    assert report.failure == "The command 'report' ended with code 3."
    assert report.detail.endswith("line 3000\nconnecting with xox…")
    assert len(report.detail) <= 4_000
    assert program(script + "echo fine").detail == report.detail


def test_arguments_stay_whole_and_get_values(program: Program) -> None:
    fields = {"account": "a b; touch x $(y) 'z'", "params": {"n": 5, "on": True, "list": ["é"], "account": "other"}}
    literal = '{{x}} {"a": {}}'
    templates = ("--account", "{account}", "{n}{on}", "{list}", literal + " {schedule}/{workspace}/{channel}", "{due}")
    times = ("{due_at} {period_start} {period_end} {attempt}", "", "*")
    report = program("""printf '%s\\n' "$@" .""", *templates, *times, fields=fields)
    day = 86_400_000
    midnight = MONDAY_9AM - 9 * 3_600_000
    assert arguments_of(report) == [
        *("--account", "a b; touch x $(y) 'z'", "5true", '["é"]', '{x} {"a": {}} acme-weekly/default/C0ACME'),
        *("2026-12-07T09:00:00-05:00", f"{MONDAY_9AM} {midnight - day} {midnight} 1", "", "*", "."),
    ]


@pytest.mark.parametrize(
    ("argument", "failure"),
    [
        (
            "--x={region}",
            "The argument '--x={region}' of the command has the placeholder {region}, which has no value.",
        ),
        ("{bad}", "The value of {bad} has a character that no argument of a program can have."),
    ],
)
def test_wrong_placeholder_is_an_error(program: Program, argument: str, failure: str) -> None:
    report = program("echo never", argument, fields={"params": {"bad": "a\0b"}})
    assert report.failure is not None
    assert failure in report.failure
    assert "{account}" in report.hint or "{region}" not in argument


def test_context_is_on_stdin(program: Program) -> None:
    fields = {
        "params": {"region": "EU", "long": "x" * 200_000},
        "previous_at": MONDAY_9AM - 7 * 86_400_000,
        "attempt": 2,
    }
    script = "import json, sys; c = json.load(sys.stdin); del c['params']['long']; print(' ' + repr(json.dumps(c)))"
    text = message_of(program(python(script), fields=fields)).text.strip()
    assert json.loads(text.strip("'")) == {
        **{"schedule": "acme-weekly", "account": "acme", "workspace": "default", "channel": "C0ACME"},
        **{"params": {"region": "EU"}, "due": "2026-12-07T09:00:00-05:00", "due_at": MONDAY_9AM},
        **{"previous": "2026-11-30T09:00:00-05:00", "previous_at": MONDAY_9AM - 7 * 86_400_000},
        "period": {
            **{"start": "2026-12-06T00:00:00-05:00", "end": "2026-12-07T00:00:00-05:00"},
            **{"start_at": MONDAY_9AM - 33 * 3_600_000, "end_at": MONDAY_9AM - 9 * 3_600_000},
        },
        **{"attempt": 2, "is_preview": False},
    }


def test_environment_is_only_the_configured(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("HOME", "/home/acme")
    names = {line.partition("=")[0] for line in arguments_of(program("env", env={"REGION": "EU"}))}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "HOME", "LANG", "REGION"}
    assert "LANG=de_DE" in arguments_of(program("env", env={"LANG": "de_DE"}))


def test_program_runs_in_the_folder_of_the_configuration(program: Program, tmp_path: Path) -> None:
    assert arguments_of(program("pwd")) == [str(tmp_path)]


@pytest.mark.parametrize(
    ("command", "mode", "failure", "remedy"),
    [
        ("./none", 0, "There is no program '{folder}/none'.", "[reports.x]"),
        ("./file", 0o644, "The program '{folder}/file' is not executable.", "chmod +x '{folder}/file'"),
        ("{folder}", 0, "'{folder}' is not a program but a folder or a device.", "[reports.x]"),
        ("no-such-program", 0, "There is no program 'no-such-program' in the folders of PATH.", "[reports.x]"),
        ("./{account}", 0, "There is no program '{folder}/{account}'.", "[reports.x]"),
    ],
)
def test_program_that_cannot_start_is_named(tmp_path: Path, command: str, mode: int, failure: str, remedy: str) -> None:
    if mode:
        (tmp_path / "file").write_text("#!/bin/sh\n")
        (tmp_path / "file").chmod(mode)
    name = command.replace("{folder}", str(tmp_path))
    report = render_live(ReportDefinition("x", "command", name, command=(name,), folder=str(tmp_path)))
    assert report.failure == failure.replace("{folder}", str(tmp_path))
    assert remedy.replace("{folder}", str(tmp_path)) in report.hint


def test_program_of_path_is_found(tmp_path: Path) -> None:
    definition = ReportDefinition("x", "command", "echo", command=("echo", "hello {account}"), folder=str(tmp_path))
    assert message_of(render_live(definition)).text == "hello acme"


def is_gone(pid_file: Path) -> bool:
    """Has the process of the file ended?"""
    try:
        state = Path("/proc", pid_file.read_text().strip(), "stat").read_text()
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def test_late_program_ends_with_its_children(program: Program, tmp_path: Path) -> None:
    report = program("sleep 60 & echo $! > child; echo working >&2; sleep 60", timeout_ms=400)
    assert report.failure == "The command 'report' took longer than 400 ms and was ended."
    assert report.detail == "working"
    assert 400 <= report.render_ms < 3_000
    until(lambda: is_gone(tmp_path / "child"), within=5)


@pytest.mark.parametrize("child", ["sleep 60", "yes >&2", "exec >&- 2>&-; sleep 60"])
def test_child_that_keeps_running_delays_nothing(program: Program, tmp_path: Path, child: str) -> None:
    report = program(f"({child}) & echo $! > child; echo done", timeout_ms=20_000)
    assert message_of(report).text == "done"
    assert report.render_ms < 5_000
    assert (tmp_path / "child").exists()
    until(lambda: is_gone(tmp_path / "child"), within=5)


def test_program_that_closes_its_output_is_limited(program: Program) -> None:
    report = program("echo done; exec >&- 2>&-; sleep 60", timeout_ms=300)
    assert report.failure == "The command 'report' took longer than 300 ms and was ended."


def test_memory_of_a_program_is_limited(program: Program) -> None:
    script = python("x = bytearray({} << 20); print('used', len(x) >> 20)")
    assert message_of(program(script.format(20), memory_bytes=200 << 20)).text == "used 20"
    report = program(script.format(400), memory_bytes=200 << 20)
    assert report.failure == "The command 'report' ended with code 1."
    assert "MemoryError" in report.detail


def test_program_that_ignores_stdin_succeeds(program: Program) -> None:
    assert message_of(program("exec <&-; echo fine", fields={"params": {"x": "y" * 500_000}})).text == "fine"


def test_files_of_a_program_are_read(program: Program, tmp_path: Path) -> None:
    script = (
        """printf 'a,b\\n' > sales.csv; echo '{"text": "s", "files": [{"name": "week.csv", "path": "sales.csv"}]}'"""
    )
    (file,) = message_of(program(script)).files
    assert isinstance(file, File)
    assert (file.name, file.content) == ("week.csv", b"a,b\n")


@pytest.mark.parametrize(
    ("files", "failure"),
    [
        ('"a"', "The command returned 'files' that are not a list."),
        ("[1]", "The command returned files[0], which is no object."),
        ('[{"name": "a"}]', "The command returned files[0] without a path."),
        ('[{"path": "a", "size": 1}]', "The command returned files[0] with the unknown key 'size'."),
        ('[{"path": "a", "name": 1}]', "The command returned files[0] with a 'name' that is not a text."),
        ('[{"path": "no.csv"}]', "cannot be read: no such file or directory."),
        ('[{"path": "."}]', "cannot be read: "),
    ],
)
def test_wrong_file_of_a_program_is_named(program: Program, files: str, failure: str) -> None:
    assert failure in str(program(f"""echo '{{"text": "s", "files": {files}}}'""").failure)
