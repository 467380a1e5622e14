"""Checks of `doctor` on what is on record."""

from schedbot import times
from schedbot.admin.balance.balance import Balance
from schedbot.admin.operations import health
from schedbot.admin.operations.check_result import CheckResult
from schedbot.session import Session
from schedbot.store.operations import chain
from schedbot.store.schedules import active_schedules

MOST_SCHEDULES = 5_000  # their books are compared in less than a second
WEEK_MS = 7 * 24 * 3_600_000


def check_books(session: Session, is_full: bool = True) -> CheckResult:
    """Check that the occurrences of the last week that the rules imply are those on record.

    Many schedules take minutes, so they are compared only with `is_full`.
    """
    if not is_full and active_schedules.has_more_than(session.db, MOST_SCHEDULES):
        detail = f"more than {MOST_SCHEDULES:,} schedules: not compared, as 'doctor --full' does"
        return CheckResult("books", detail)
    balance = Balance(session, None, session.now() - WEEK_MS, None)
    first = next(differences := balance.imbalances(), None)
    if first is None:
        count = health.count(balance.totals.occurrences, "occurrence balances", "occurrences balance")
        return CheckResult("books", f"{count} over the last week")
    for _ in differences:
        pass
    due = times.format_instant(first.due_at, times.zone(first.tz), session.now())
    problem = (
        f"{balance.totals.unbalanced:,} of {balance.totals.occurrences:,} occurrences of the last week do not balance"
    )
    detail = f"{problem}; the first is '{first.schedule}' due {due}: {first.why}"
    return CheckResult("books", detail, "Run 'schedbot audit --balance --from 7d' to see all.")


def check_chain(session: Session, known_head: str = "") -> CheckResult:
    """Verify the hash chain over the record. `known_head`: hash of a former head that must be in it."""
    report = chain.verify(session.db, known_head)
    if report.problem:
        remedy = "Compare with a backup, and find out who can write the file. See docs/record.md."
        return CheckResult("chain", report.problem, remedy)
    rows, links = health.count(report.rows, "row", "rows"), health.count(report.links, "link", "links")
    counts = f"{rows} in {links}, as they were written"
    return CheckResult("chain", f"{counts}; head {report.head or 'none'}")
