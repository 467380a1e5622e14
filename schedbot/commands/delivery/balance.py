"""`schedbot audit --balance`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import typer

from schedbot import times
from schedbot.admin.balance.balance import Balance
from schedbot.admin.balance.comparison import Imbalance
from schedbot.admin.jobs import filters
from schedbot.admin.jobs.filters import FilterOptions
from schedbot.errors import FAILED, BadInput, BadOption
from schedbot.presentation import balance as presentation
from schedbot.presentation import output
from schedbot.session import Session, open_session
from schedbot.store.operations import balance as rows
from schedbot.store.operations.balance import BalanceScope
from schedbot.text_input import refuse_empty

SHOWN = 50
EXAMPLE = "Use 'schedbot audit --balance --from 7d --schedule NAME'."


@dataclass(frozen=True, slots=True)
class BalanceOptions:
    """Options of the comparison, as text."""

    schedules: tuple[str, ...]
    from_: str | None
    to: str | None
    limit: int | None


def carry_out(filter_options: FilterOptions, options: BalanceOptions, others: Iterable[object], json: bool) -> None:
    """Print the comparison. Raises BadInput for an option that it does not take; `others` are their values."""
    if any(others) or filter_options != FilterOptions(schedule=filter_options.schedule):
        raise BadInput("--balance goes with --from, --to, --schedule, --limit and --json only.", EXAMPLE)
    show(options, json)


def show(options: BalanceOptions, json: bool) -> None:
    """Print what does not balance, and the totals. Exit code 1 if anything does not."""
    with open_session() as session:
        balance = open_balance(session, options)
        imbalances = with_progress(session, balance)
        if json:
            output.json_lines(map(presentation.to_json, imbalances))
            output.json_lines([presentation.totals_to_json(balance.totals)])
        else:
            presentation.print_imbalances(imbalances, options.limit or SHOWN, session.now())
            output.print_line(presentation.describe_totals(balance.totals))
    if balance.totals.unbalanced:
        raise typer.Exit(FAILED)


def open_balance(session: Session, options: BalanceOptions) -> Balance:
    """Return the comparison. Raises BadInput, and NotFound for an unknown schedule."""
    refuse_empty("schedule", *options.schedules)
    refuse_empty("from", options.from_)
    refuse_empty("to", options.to)
    zone, now = session.local_zone, session.now()
    first = times.parse_past(options.from_, zone, now) if options.from_ else None
    last = times.parse_past_end(options.to, zone, now) if options.to else None
    if first is not None and last is not None and last < first:
        raise BadOption("to", f" '{options.to}' is before '{options.from_}'.", "Swap them.")
    ids = filters.schedule_ids(session.db, options.schedules)
    return Balance(session, ids, first, last)


def with_progress(session: Session, balance: Balance) -> Iterator[Imbalance]:
    """Yield the differences; a terminal shows a progress bar on stderr."""
    total = rows.count_schedules(session.db, BalanceScope(balance.ids))
    with output.progress("Balancing", total) as bar:
        yield from balance.imbalances(lambda done: bar.update(bar.task_ids[0], completed=done))
