"""List the named reports: where each comes from, its schedules, and its last result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schedbot.errors import NotFound
from schedbot.reports import definitions
from schedbot.reports.definitions import Definitions, ReportDefinition
from schedbot.session import Session
from schedbot.store.history import report_history


@dataclass(frozen=True, slots=True)
class ReportOverview:
    """A named report. `problem`: why its table cannot be used, or that it has none. `last_at`: UTC milliseconds.

    `folder`: of the configuration file.
    """

    name: str
    kind: str
    place: str
    schedules: int
    last_at: int | None
    last_outcome: str | None
    p95_ms: int | None
    problem: str = ""
    folder: str = ""


def list_reports(session: Session, names: Sequence[str] = ()) -> Iterator[ReportOverview]:
    """Yield the named reports: all, or those given. Raises NotFound for a name that nothing has."""
    loaded = definitions.load(session.settings)
    missing = [name for name in report_history.list_names(session.db) if not loaded.has(name)]
    known = [*sorted({*loaded.reports, *(name for name in loaded.problems if not name.startswith("["))}), *missing]
    for name in names:
        if name not in known:
            raise NotFound(f"The configuration has no report '{name}'.", loaded.suggest(name))
    return (describe(session, loaded, name) for name in known if not names or name in names)


def describe(session: Session, loaded: Definitions, name: str) -> ReportOverview:
    """Return what is known of a report."""
    definition = loaded.reports.get(name)
    last = report_history.find_last(session.db, name)
    return ReportOverview(
        name=name,
        kind=definition.kind if definition else "",
        place=find_place(definition) if definition else "",
        schedules=report_history.count_schedules(session.db, name),
        last_at=last.started_at if last else None,
        last_outcome=last.outcome if last else None,
        p95_ms=report_history.find_p95_ms(session.db, name),
        problem="" if definition else find_problem(loaded, name),
        folder=definition.folder if definition else "",
    )


def find_place(definition: ReportDefinition) -> str:
    """Return where a report comes from, in one line."""
    return " ".join(definition.command or (definition.place,)).replace("\n", " ")


def find_problem(loaded: Definitions, name: str) -> str:
    """Return why a report cannot be used."""
    problem = loaded.problems.get(name)
    return str(problem) if problem else f"The configuration has no [reports.{name}]."
