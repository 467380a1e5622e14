"""Render a named report in a test, as `schedbot work` does: in its own process, under the limits of its table.

The process is kept for the next test, so that a module is imported once. It starts anew when the environment changes.
"""

import atexit
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypedDict, Unpack

from schedbot import clock, settings, times
from schedbot.errors import BadInput, SchedbotError
from schedbot.model import Message
from schedbot.posts import File, RenderedFile
from schedbot.reports import definitions, live_client
from schedbot.reports.context import LiveOccurrence
from schedbot.reports.definitions import Definitions
from schedbot.reports.fallback_text import extract_attachment_text, extract_text
from schedbot.reports.live_client import LiveClient
from schedbot.reports.results import NotReady, RenderedReport, Skip, report_error
from schedbot.settings import Flags

CONFIG = "schedbot.toml"
CHANGES_IN_EACH_TEST = "PYTEST_CURRENT_TEST"
ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
Rendered = Message | Skip | NotReady


class OccurrenceFields(TypedDict, total=False):
    """Options of `render`. Each has a default.

    `due`, `previous`: a time in the zone `tz` (`2026-12-07 09:00`), RFC 3339, or an aware datetime. `due`, the instant
    of the report, is the present by default. `previous`: the schedule's last post; default: none. `tz`: UTC by default.
    `params`: values of the schedule's --param. `on_empty`: the schedule's --on-empty. `attempt` counts from 1.
    `is_preview`: as in `schedbot preview`. `config`: a configuration file; by default the first schedbot.toml in the
    test's folder and those above it.
    """

    account: str
    due: str | datetime
    tz: str
    params: Mapping[str, Any]
    previous: str | datetime | None
    schedule: str
    workspace: str
    channel: str
    attempt: int
    on_empty: str
    is_preview: bool
    config: str | Path


class Render(Protocol):
    """Type of the fixture `render`."""

    def __call__(self, report: str, **occurrence: Unpack[OccurrenceFields]) -> Rendered:
        """Render a report, as the function `render` does."""


class WarmRenderer:
    """A process that renders, kept as long as the surroundings of the tests stay the same."""

    def __init__(self) -> None:
        self.client: LiveClient | None = None
        self.folder: TemporaryDirectory[str] | None = None  # of the files of reports
        self.surroundings: object = None
        self.pid = 0

    def render(self, loaded: Definitions, report: str, occurrence: LiveOccurrence) -> RenderedReport:
        """Return the result of a report. Raises BadInput for a report or database that cannot be used."""
        request = live_client.build_live_request(loaded, report, occurrence)
        environment = {name: value for name, value in os.environ.items() if name != CHANGES_IN_EACH_TEST}
        surroundings = (loaded.python_path, tuple(sys.path), os.getcwd(), os.getpid(), environment)
        if self.client is None or self.surroundings != surroundings:
            self.close()
            self.folder = TemporaryDirectory(prefix="schedbot-files-", ignore_cleanup_errors=True)
            self.client, self.surroundings = LiveClient(loaded.python_path, self.folder.name), surroundings
            self.pid = os.getpid()
        try:
            return read_files(next(self.client.render([request])).rendered)
        except BaseException:  # the time-out of a test: a late result must not become that of the next test
            self.close()
            raise

    def close(self) -> None:
        """End the process, if it runs and is not that of the process that forked this one."""
        if self.client and self.pid == os.getpid():
            self.client.close()
            if self.folder:
                self.folder.cleanup()
        self.client = self.folder = None


def read_files(rendered: RenderedReport) -> RenderedReport:
    """Return a result whose files have their content, as the report gave them back."""
    message = rendered.message
    if message is None or not message.files:
        return rendered
    files = tuple(map(read_file, message.files))
    return replace(rendered, message=replace(message, files=files))


def read_file(file: File | RenderedFile) -> File:
    """Return a file with its content: none for a picture that could not be drawn. It is removed from the disk."""
    if isinstance(file, File):
        return file
    content = Path(file.path).read_bytes() if file.path else b""
    if file.path:
        Path(file.path).unlink()
    return File(file.name, content, file.title, file.alt)


RENDERER = WarmRenderer()
atexit.register(RENDERER.close)


def render(report: str, **occurrence: Unpack[OccurrenceFields]) -> Rendered:
    """Return the message of a named report; `Skip` if it has nothing to report, `NotReady` if its data is not there.

        render("weekly", account="acme", due="2026-12-07 09:00", tz="America/New_York")

    `OccurrenceFields` has all options. A report that fails raises ReportFailed with the reason, and for Python the last
    frames of the traceback. Raises BadInput for a report that the configuration does not have, and for a wrong option.
    """
    __tracebackhide__ = True
    return render_from(Path(sys._getframe(1).f_code.co_filename).parent, report, occurrence)


def render_from(folder: Path, report: str, occurrence: OccurrenceFields) -> Rendered:
    """Return the result of a report of the configuration in `folder`, or above it. Raises as `render` does."""
    __tracebackhide__ = True
    unknown = next((name for name in occurrence if name not in OccurrenceFields.__annotations__), None)
    if unknown is not None:
        raise TypeError(f"render() got an unexpected keyword argument '{unknown}'")
    try:
        config = Path(occurrence["config"]) if "config" in occurrence else find_config(folder)
        loaded = definitions.load(settings.load(Flags(config=str(config))))
        rendered = RENDERER.render(loaded, report, build_occurrence(report, occurrence))
        if rendered.failure is not None:
            raise report_error(loaded.find(report).subject, rendered.failure, rendered.hint, rendered.detail)
    except SchedbotError as error:
        if error.hint:
            error.add_note(f"Hint: {error.hint}")
        raise
    result = rendered.message or rendered.skip or rendered.not_ready
    assert result is not None
    return result


def find_config(folder: Path) -> Path:
    """Return the first schedbot.toml in the folder, above it, or in the present folder. Raises BadInput."""
    here = Path.cwd()
    for place in (folder, *folder.parents, here, *here.parents):
        if (place / CONFIG).is_file():
            return place / CONFIG
    raise BadInput(f"There is no {CONFIG} in '{folder}' or above it.", 'Name it: render(..., config="path/of/it").')


def build_occurrence(report: str, fields: OccurrenceFields) -> LiveOccurrence:
    """Return the occurrence that a test describes. Raises BadInput."""
    tz, account, previous = fields.get("tz", "UTC"), fields.get("account", ""), fields.get("previous")
    return LiveOccurrence(
        schedule=fields.get("schedule", f"{account}-{report}".strip("-")),
        account=account,
        workspace=fields.get("workspace", "default"),
        channel=fields.get("channel", "C0SANDBOX01"),
        due_at=parse_instant(fields.get("due", "now"), tz),
        tz=tz,
        params=fields.get("params", {}),
        previous_at=None if previous is None else parse_instant(previous, tz),
        attempt=fields.get("attempt", 1),
        is_preview=fields.get("is_preview", False),
        on_empty=fields.get("on_empty", ""),
    )


def parse_instant(at: str | datetime, tz: str) -> int:
    """Return an instant in UTC milliseconds. A datetime without a zone is in the zone `tz`. Raises BadInput."""
    zone = times.zone(tz)
    if isinstance(at, datetime):
        at = (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()
    return times.parse_instant(at, zone, clock.now_ms())


def text_of(result: Rendered) -> str:
    """Return all words of a message as a reader sees them: its text, blocks and attachments, a line for each part.

    Words of the messages that follow it in its thread (`message.continuation`) are below them.

    Raises AssertionError with the reason for a report that gave no message.
    """
    __tracebackhide__ = True
    match result:
        case Skip():
            raise AssertionError(f"The report gave no message, it had nothing to report: {result.reason}")
        case NotReady():
            raise AssertionError(f"The report gave no message, it was not ready: {result.reason}")
    text = "\n".join(map(list_words, (result, *result.continuation)))
    for escape, character in ESCAPES:
        text = text.replace(escape, character)
    return text


def list_words(message: Message) -> str:
    """Return the words of one message, each line once."""
    parts = (message.text, extract_text(message.blocks), extract_attachment_text(message.attachments))
    return "\n".join(dict.fromkeys(line for part in parts for line in part.splitlines()))
