"""Health as a Nagios plugin prints it: one line with the worst problem first, and performance data.

https://nagios-plugins.org/doc/guidelines.html: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
"""

from schedbot.admin.operations import health
from schedbot.admin.operations.health import Health, Problem
from schedbot.presentation import output

OK, WARNING, CRITICAL, UNKNOWN = range(4)
LEVELS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
CODES = {health.OK: OK, health.DEGRADED: WARNING, health.BROKEN: CRITICAL}


def to_line(result: Health, summary: str) -> tuple[int, str]:
    """Return the exit code and the line. `summary` is the text without problems."""
    code = CODES[result.status]
    text = " ".join(problem.sentence for problem in sorted(result.problems, key=severity)) or summary
    return code, f"{head(code, text)} | {performance_data(result)}"


def to_unknown(text: str) -> tuple[int, str]:
    """Return the exit code and the line for an installation that cannot be judged."""
    return UNKNOWN, head(UNKNOWN, text)


def head(code: int, text: str) -> str:
    # A bar begins the performance data.
    return f"SCHEDBOT {LEVELS[code]} - {output.printable(' '.join(text.split())).replace('|', '/')}"


def severity(problem: Problem) -> int:
    return 0 if problem.is_standstill else 2 if problem.needs_person else 1


def performance_data(result: Health) -> str:
    """Return `queued=3 pools=1 oldest_due=0s ...`: label, value and unit, then the bounds of warning and critical."""
    vitals = result.vitals
    counts = (("queued", vitals.queued), ("pools", vitals.pools), ("held", vitals.held))
    troubles = (("failed_24h", vitals.failed_24h), ("missed_24h", vitals.missed_24h))
    due_bounds = f"{health.DUE_LATE_MS // 1000};{health.DUE_STUCK_MS // 1000}"
    ages = [f"oldest_due={health.oldest_due_ms(vitals) // 1000}s;{due_bounds};0"]
    if vitals.tick_at is not None:
        ages.append(f"tick_age={max(0, vitals.now - vitals.tick_at) // 1000}s;;{health.TICK_LATE_MS // 1000};0")
    figures = [f"{label}={value};;;0" for label, value in counts]
    return " ".join([*figures, *(f"{label}={value};0;;0" for label, value in troubles), *ages])
