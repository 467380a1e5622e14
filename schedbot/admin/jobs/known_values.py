"""Refuse an account, a channel or an error code that is not on record: it is a typing mistake.

A value that is on record, but matches nothing, is no mistake. An error code of the table is known before it happens.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from schedbot import times
from schedbot.errors import BadOption
from schedbot.model import CancelReason
from schedbot.store.database import Database
from schedbot.store.history import known_values
from schedbot.store.history.known_values import (
    ACCOUNTS,
    CALENDAR_ACCOUNTS,
    CHANNELS,
    ERRORS,
    REMOVED_ACCOUNTS,
    IndexedColumn,
)

WITH_ACCOUNT = (ACCOUNTS, REMOVED_ACCOUNTS, CALENDAR_ACCOUNTS)
MIN_RATIO = 0.7


def require_accounts(db: Database, accounts: Sequence[str]) -> None:
    """Raise BadInput for an account that no schedule has. Removed schedules and calendars count."""
    for account in accounts:
        if not any(known_values.is_on_record(db, column, account) for column in WITH_ACCOUNT):
            problem = f": no schedule has or had the account {times.quote(account)}."
            raise BadOption(
                "account", problem, suggest(db, ACCOUNTS, account, "'schedbot list --json' shows the accounts.")
            )


def require_channels(db: Database, channels: Sequence[str]) -> None:
    """Raise BadInput for a channel that no schedule has or had."""
    for channel in channels:
        if not known_values.is_on_record(db, CHANNELS, channel):
            problem = f": no schedule has or had the channel {times.quote(channel)}."
            raise BadOption(
                "channel", problem, suggest(db, CHANNELS, channel, "'schedbot list --json' shows the channels.")
            )


def require_errors(db: Database, codes: Sequence[str]) -> None:
    """Raise BadInput for an error code that is neither in the table of codes nor on record."""
    if not codes:
        return
    from schedbot.slack import error_codes

    own = frozenset(CancelReason)
    for code in codes:
        if code not in own and not error_codes.is_known(code) and not known_values.is_on_record(db, ERRORS, code):
            hint = suggest(db, ERRORS, code, "docs/errors.md lists the codes.", (*error_codes.ERROR_CODES, *own))
            raise BadOption("error", f": {times.quote(code)} is no known error code, and no job has it.", hint)


def suggest(db: Database, column: IndexedColumn, value: str, other: str, known: Iterable[str] = ()) -> str:
    """Return a hint with the nearest value on record or of `known`; else `other`."""
    nearby = (known_values.list_neighbours(db, column, text) for text in {value, value.lower(), value.upper()})
    by_folded = {entry.casefold(): entry for values in (*nearby, known) for entry in values if entry}
    near = get_close_matches(value.casefold(), by_folded, n=1, cutoff=MIN_RATIO)
    return f"Did you mean '{by_folded[near[0]]}'?" if near else other
