"""Results of a report's function: a message, "nothing to report" or "not yet".

A function returns a text, a `Message`, a list of blocks, a figure, the bytes of a picture, `skip(reason)` or
`not_ready(reason, retry_in="10m")`.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schedbot import times
from schedbot.errors import BadInput, ReportFailed
from schedbot.model import Message
from schedbot.reports.escaping import clean, escape_text
from schedbot.reports.files.parse_files import make_file, parse_files

if TYPE_CHECKING:  # a Python report that imports `skip` needs no settings
    from schedbot.reports.definitions import ReportDefinition

RETRY_IN = "10m"
LEAST_RETRY_MS = 1_000
LONGEST_REASON = 500
# Keys of an object, by its first key; a message has any of them.
OBJECTS = (("skip",), ("not_ready", "retry_in"), ("text", "blocks", "attachments", "markdown", "files"))
EXPECTED = "Return a text, a Message, blocks, a figure, skip(reason) or not_ready(reason)."


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to report: the occurrence ends as `skipped`, with this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotReady:
    """The data is not there yet: the report is rendered again after `retry_in_ms`, until the job's deadline."""

    reason: str
    retry_in_ms: int


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """Result of a rendering, from a renderer to the pool. Exactly one of the first four fields is set.

    `failure`: one line; `detail`: the last frames of a traceback, or the end of a command's stderr, without values.
    `rendered_at`: UTC milliseconds; the data is as of this instant. `is_out_of_memory`:
    another report in the process may have used the memory. `is_unstored`: its files could not be written.
    """

    message: Message | None = None
    skip: Skip | None = None
    not_ready: NotReady | None = None
    failure: str | None = None
    hint: str = ""
    detail: str = ""
    render_ms: int = 0
    rendered_at: int = 0
    is_out_of_memory: bool = False
    is_unstored: bool = False


def skip(reason: str) -> Skip:
    """Return the result "nothing to report", with the reason. Raises ReportFailed for a reason that is no text."""
    return Skip(check_reason("skip", reason))


def not_ready(reason: str, retry_in: str = RETRY_IN) -> NotReady:
    """Return the result "not yet": ask again after `retry_in`, a duration like `10m`. Raises ReportFailed."""
    try:
        retry_in_ms = times.parse_duration(retry_in)
    except (BadInput, TypeError, AttributeError):
        raise ReportFailed(f"not_ready: retry_in is {retry_in!r}, not a duration.", 'Write it like "10m".') from None
    return NotReady(check_reason("not_ready", reason), max(LEAST_RETRY_MS, retry_in_ms))


def check_reason(function: str, reason: str) -> str:
    """Return the reason, in one line. Raises ReportFailed."""
    if not isinstance(reason, str) or not reason.strip():
        raise ReportFailed(f"{function}: the reason is {reason!r}.", f'Give a text: {function}("no orders yet").')
    text = clean(reason).encode(errors="backslashreplace").decode()  # half a surrogate cannot be stored
    return " ".join(text.split())[:LONGEST_REASON]


Result = Message | Skip | NotReady


def parse_result(value: Any, source: str) -> Result:
    """Return a value of a report's function or program as a result. Raises ReportFailed, which names `source`."""
    match value:
        case Message():
            return normalize(value, source)
        case Skip() | NotReady():
            return value
        case str():
            return Message(escape_text(value))
        case None:
            raise ReportFailed(f"{source} returned None.", EXPECTED)
        case Mapping():
            return parse_object(value, source)
        case list() | tuple():
            return Message("", parse_blocks(value, source))
    if picture := make_file(value):
        return Message(files=parse_files([picture], source))
    raise ReportFailed(f"{source} returned a value of type {type(value).__name__}.", EXPECTED)


def time_is_over(definition: "ReportDefinition") -> RenderedReport:
    """Return the result of a report that took longer than its limit."""
    hint = f"Make it faster, or raise 'timeout' in [reports.{definition.name}]."
    return RenderedReport(failure=f"It took more than {definition.timeout_ms / 1000:g} s.", hint=hint)


def report_error(subject: str, failure: str, hint: str, detail: str) -> ReportFailed:
    """Return the error of a report for a command: `The report 'weekly' failed: ...`, with the detail below it."""
    return ReportFailed("\n  ".join([f"{subject} failed: {failure}", *detail.splitlines()]), hint, detail)


def explain_end(exit_code: int | None) -> str:
    """Return the reason of a report that ended its process. `exit_code`: negative for a signal."""
    if exit_code is not None and exit_code < 0:
        return f"It ended its process (signal {name_signal(-exit_code)})."
    return f"It ended its process (exit code {exit_code})."


def name_signal(number: int) -> str:
    """Return `SIGKILL` for 9."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def parse_object(value: Mapping[str, Any], source: str) -> Result:
    """Return the result of an object: `{"text", "blocks", ...}`, `{"skip": reason}` or `{"not_ready": reason}`."""
    keys = next((keys for keys in OBJECTS if keys[0] in value), OBJECTS[-1])
    unknown = next((key for key in value if key not in keys), None)
    if unknown is not None or not value:
        problem = (
            f"{source} returned an object with the unknown key {unknown!r}." if value else f"{source} returned {{}}."
        )
        raise ReportFailed(problem, f"The keys are {', '.join(keys)}.")
    if "skip" in value:
        return skip(value["skip"])
    if "not_ready" in value:
        return not_ready(value["not_ready"], value.get("retry_in", RETRY_IN))
    for key in ("text", "markdown"):
        if not isinstance(value.get(key, ""), str):
            raise ReportFailed(f"{source} returned a '{key}' that is not a text.", EXPECTED)
    attachments = parse_blocks(value.get("attachments", ()), source, "attachments")
    blocks, files = parse_blocks(value.get("blocks", ()), source), value.get("files", ())
    message = Message(value.get("text", ""), blocks, value.get("markdown", ""), files, attachments)
    return normalize(message, source)


def normalize(message: Message, source: str) -> Message:
    """Return a message of texts, blocks, attachments and files: Markdown becomes blocks. Raises ReportFailed."""
    if not isinstance(message.text, str) or not isinstance(message.markdown, str):
        raise ReportFailed(f"{source} returned a message whose text is no text.", EXPECTED)
    files = parse_files(message.files, source)
    blocks = parse_blocks(message.blocks, source)
    if message.markdown.strip():
        from schedbot.reports.markdown.blocks import build_blocks  # loads a parser

        blocks = (*blocks, *build_blocks(message.markdown, [file.name for file in files]))
    attachments = parse_blocks(message.attachments, source, "attachments")
    return Message(message.text, blocks, files=files, attachments=attachments)


def parse_blocks(blocks: Any, source: str, key: str = "blocks") -> tuple[Mapping[str, Any], ...]:
    """Return blocks, or attachments, as JSON objects, from those or from slack_sdk's models. Raises ReportFailed."""
    if not isinstance(blocks, list | tuple):
        raise ReportFailed(f"{source} returned '{key}' that are not a list.", EXPECTED)
    parsed = [block.to_dict() if hasattr(block, "to_dict") else block for block in blocks]
    for number, block in enumerate(parsed):
        if not isinstance(block, Mapping):
            problem = f"{source} returned {key} of which {key}[{number}] is no {key[:-1]} but a {type(block).__name__}."
            raise ReportFailed(problem, "A block is an object with a 'type'; an attachment has blocks or a text.")
    return tuple(parsed)
