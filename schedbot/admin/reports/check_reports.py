"""Check reports: render the next message of every active schedule, many at once, and post nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from schedbot.admin.schedules import preview
from schedbot.errors import BadInput, NotFound, SchedbotError
from schedbot.model import Schedule, ScheduleState
from schedbot.posts import RenderedFile
from schedbot.reports import definitions, live_client
from schedbot.reports.live_client import LiveClient, LiveRequest, LiveResult
from schedbot.reports.results import RenderedReport
from schedbot.session import Session
from schedbot.store.schedules import schedules
from schedbot.store.schedules.schedules import ScheduleFilter

ACTIVE = ScheduleFilter(states=(ScheduleState.ACTIVE,))


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """Result for a schedule; None: of the report's table.

    `error`: why its report failed; `place`: the line of its code, or the last line of a command's stderr. `note`: why
    it gave no message, or lacks a picture, though it works.
    """

    schedule: str | None
    report: str
    error: str | None = None
    hint: str = ""
    note: str = ""
    took_ms: int | None = None
    place: str = ""

    @property
    def is_ok(self) -> bool:
        """Did the report work?"""
        return self.error is None


class ReportChecker:
    """Checks the reports of all active schedules, or of those whose report has one of the names (or globs)."""

    def __init__(self, session: Session, names: Sequence[str] = ()) -> None:
        self.session = session
        self.names = names
        self.definitions = definitions.load(session.settings)
        for name in names:
            if not any(character in name for character in "*?[") and not self.definitions.has(name):
                raise NotFound(f"The configuration has no report '{name}'.", self.definitions.suggest(name))
        self.schedules: dict[int, str] = {}  # of the requests that run, by key

    def run(self) -> Iterator[CheckedReport]:
        """Yield the invalid tables, then the result of each schedule, as soon as it is there.

        Raises SchedbotError if no process can start.
        """
        yield from self.list_invalid_tables()
        client = LiveClient(self.definitions.python_path)
        failures: list[CheckedReport] = []
        try:
            for result in client.render(self.requests(failures)):
                yield from self.take(failures)
                yield self.describe(result)
        finally:
            client.close()
        yield from self.take(failures)
        if not self.names:
            yield from self.check_templates()

    def list_invalid_tables(self) -> Iterator[CheckedReport]:
        """Yield a failure for each table that cannot be used."""
        for name, problem in self.definitions.problems.items():
            if self.is_selected(name):
                yield CheckedReport(None, name, str(problem), problem.hint)

    def take(self, failures: list[CheckedReport]) -> Iterator[CheckedReport]:
        """Yield the collected failures and forget them."""
        while failures:
            yield failures.pop(0)

    def requests(self, failures: list[CheckedReport]) -> Iterator[LiveRequest]:
        """Yield a request for each schedule with a named report. One that cannot be made is a failure."""
        for schedule in schedules.list_matching(self.session.db, ACTIVE):
            report = schedule.terms.report
            if report.kind != "named" or not self.is_selected(report.source):
                continue
            if report.source in self.definitions.problems:  # listed already
                continue
            try:
                request = self.build(schedule)
            except BadInput as error:
                failures.append(CheckedReport(schedule.name, report.source, str(error), error.hint))
                continue
            self.schedules[request.key] = schedule.name
            yield request

    def is_selected(self, report: str) -> bool:
        """Is the report among the names?"""
        return not self.names or any(fnmatchcase(report, name) for name in self.names)

    def build(self, schedule: Schedule) -> LiveRequest:
        """Return the request for the next occurrence of a schedule. Raises BadInput."""
        due_at = preview.next_due_or_now(schedule, self.session.now())
        occurrence = preview.build_occurrence(self.session, schedule, due_at)
        return live_client.build_live_request(self.definitions, schedule.terms.report.source, occurrence)

    def describe(self, result: LiveResult) -> CheckedReport:
        """Return the result of a rendering."""
        rendered = result.rendered
        return CheckedReport(
            schedule=self.schedules.pop(result.request.key),
            report=result.request.definition.name,
            error=rendered.failure,
            hint=rendered.hint,
            note=find_note(rendered),
            took_ms=rendered.render_ms,
            place=find_place(rendered),
        )

    def check_templates(self) -> Iterator[CheckedReport]:
        """Yield the result of each schedule with a template of its own."""
        for schedule in schedules.list_matching(self.session.db, ACTIVE):
            if schedule.terms.report.kind == "template":
                yield check_template(self.session, schedule)


def find_note(rendered: RenderedReport) -> str:
    """Return why a report that works gave no message, or which pictures its message lacks."""
    if rendered.skip:
        return f"nothing to report: {rendered.skip.reason}"
    if rendered.not_ready:
        return f"not ready: {rendered.not_ready.reason}"
    files = rendered.message.files if rendered.message else ()
    names = [f"'{file.name}'" for file in files if isinstance(file, RenderedFile) and file.error]
    return f"cannot draw {', '.join(names)} ('schedbot preview' shows the reason)" if names else ""


def find_place(rendered: RenderedReport) -> str:
    """Return the last line of a failure's detail that the reason does not have already."""
    lines = [line for line in rendered.detail.splitlines() if line.strip() not in (rendered.failure or "")]
    return lines[-1].strip() if rendered.failure and lines else ""


def check_template(session: Session, schedule: Schedule) -> CheckedReport:
    """Return the result of a template for the schedule's next occurrence."""
    source = schedule.terms.report.source
    try:
        preview.render(session, schedule, preview.next_due_or_now(schedule, session.now()))
    except SchedbotError as error:
        return CheckedReport(schedule.name, source, str(error), error.hint)
    return CheckedReport(schedule.name, source)


def count_schedules(session: Session) -> int:
    """Return the number of active schedules, for a progress bar."""
    return schedules.count_matching(session.db, ACTIVE)
