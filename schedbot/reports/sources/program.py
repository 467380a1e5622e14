"""Run a report's program: context as JSON on stdin, its message on stdout.

Rules: no shell; a placeholder in an argument is replaced inside that argument. The program gets only the environment of
its table and PATH, HOME and LANG. JSON on stdout is a message or `{"skip": reason}`; other output is plain text.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schedbot import log
from schedbot.errors import ReportFailed
from schedbot.reports.context import ReportContext
from schedbot.reports.definitions import ReportDefinition
from schedbot.reports.escaping import clean
from schedbot.reports.results import name_signal
from schedbot.reports.sources import program_files
from schedbot.reports.sources.occurrence_values import to_ms
from schedbot.reports.sources.program_arguments import build_arguments
from schedbot.reports.sources.program_process import Ended, Invocation, execute
from schedbot.times import format_duration

MAX_OUTPUT = 1 << 20
MAX_ERRORS = 4_000
BROKEN_JSON = re.compile(r'\s*(\{\s*["}]|\[\s*[{\]])')
COLOUR = re.compile("\x1b\\[[0-9;]*[A-Za-z]")  # of a terminal
MAY_USE = ("PATH", "HOME", "LANG")
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


def run(definition: ReportDefinition, context: ReportContext) -> tuple[Any, str]:
    """Return the program's output, parsed, and the end of its stderr. Raises ReportFailed.

    The output is a list or an object of JSON, or else a text.
    """
    environment = build_environment(definition)
    program = find_program(definition, environment)
    invocation = Invocation(
        arguments=(program, *build_arguments(definition.command[1:], context)),
        environment=environment,
        folder=definition.folder or ".",
        stdin=json.dumps(build_input(context), ensure_ascii=False, default=str).encode("utf-8", "replace"),
        timeout_ms=definition.timeout_ms,
        memory_bytes=definition.memory_bytes,
    )
    ended = execute(invocation, MAX_OUTPUT)
    errors = read_errors(ended)
    try:
        check_end(definition, ended)
        return program_files.read_files(parse_output(ended.stdout), definition), errors
    except ReportFailed as error:
        error.detail = errors
        raise


def build_environment(definition: ReportDefinition) -> dict[str, str]:
    """Return all variables that the program gets: no token of Slack is among them."""
    usual = {name: os.environ[name] for name in MAY_USE if name in os.environ}
    return {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8", **usual, **definition.env}


def find_program(definition: ReportDefinition, environment: Mapping[str, str]) -> str:
    """Return the path of the program. One with a `/` is relative to the configuration. Raises ReportFailed."""
    name, table = definition.command[0], f"[reports.{definition.name}]"
    if "/" not in name:
        program = shutil.which(name, path=environment["PATH"])
        if program is None:
            problem = f"There is no program '{name}' in the folders of PATH."
            raise ReportFailed(problem, f"Install it, or write its path as 'command' in {table}.")
        return program
    path = Path(definition.folder, Path(name).expanduser())
    if not path.exists():
        raise ReportFailed(f"There is no program '{path}'.", f"Fix 'command' in {table}.")
    if not path.is_file():
        raise ReportFailed(f"'{path}' is not a program but a folder or a device.", f"Fix 'command' in {table}.")
    if not os.access(path, os.X_OK):
        raise ReportFailed(f"The program '{path}' is not executable.", f"Run: chmod +x '{path}'")
    return str(path)


def build_input(context: ReportContext) -> dict[str, Any]:
    """Return the context as JSON: the names of ReportContext, and instants also in UTC milliseconds."""
    previous, period = context.previous, context.period
    return {
        "schedule": context.schedule,
        "account": context.account,
        "workspace": context.workspace,
        "channel": context.channel,
        "params": dict(context.params),
        "due": context.due.isoformat(),
        "due_at": context.due_at,
        "previous": previous and previous.isoformat(),
        "previous_at": previous and to_ms(previous),
        "period": {
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
            "start_at": to_ms(period.start),
            "end_at": to_ms(period.end),
        },
        "attempt": context.attempt,
        "is_preview": context.is_preview,
    }


def check_end(definition: ReportDefinition, ended: Ended) -> None:
    """Raise ReportFailed unless the program ended with code 0, in time and with no more output than allowed."""
    name = Path(definition.command[0]).name
    if ended.is_late:
        raise ReportFailed(
            f"The command '{name}' took longer than {format_duration(definition.timeout_ms)} and was ended.",
            "Make it faster, or raise 'timeout' in the report's table.",
        )
    if ended.is_too_long:
        raise ReportFailed(f"The command '{name}' wrote more than {MAX_OUTPUT >> 20} MB and was ended.")
    if ended.code < 0:
        hint = f"Its memory is limited to {definition.memory_bytes >> 20} MB by 'memory' in the report's table."
        raise ReportFailed(f"The command '{name}' was ended by the signal {name_signal(-ended.code)}.", hint)
    if ended.code:
        raise ReportFailed(f"The command '{name}' ended with code {ended.code}.", "Its last lines of stderr say more.")


def parse_output(output: bytes) -> Any:
    """Return a list or an object of JSON, else a text. Raises ReportFailed."""
    try:
        text = output.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"The command's output is not UTF-8 text (byte {error.start + 1})."
        raise ReportFailed(problem, 'Set env = { LANG = "C.UTF-8", PYTHONUTF8 = "1" }.') from None
    if not text.strip():
        raise ReportFailed(
            "The command wrote nothing to stdout.", 'Write a text, or {"skip": "reason"} if there is nothing to report.'
        )
    if not text.lstrip().startswith(("{", "[")):
        return clean_output(text)
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        if BROKEN_JSON.match(text):
            reason = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
            problem = f"The command's output begins like JSON and is not: {reason}."
            raise ReportFailed(problem, "Write JSON with a library, not by joining texts.") from None
        return clean_output(text)


def clean_output(text: str) -> str:
    """Return the text without colours of a terminal, control characters and line ends around it."""
    return clean(COLOUR.sub("", text)).strip("\n")


def refuse_constant(constant: str) -> None:
    """Raise ValueError for NaN and Infinity."""
    raise ValueError(f"{constant} is not a number in JSON")


def read_errors(ended: Ended) -> str:
    """Return the last characters of stderr, without tokens."""
    return clean_output(log.redact_tokens(ended.stderr.decode("utf-8", "replace")))[-MAX_ERRORS:]
