"""`schedbot audit --summary` and `--missing`."""

from schedbot.admin.jobs import overview
from schedbot.presentation import output, overviews
from schedbot.session import Session
from schedbot.store.history.filters import Filter


def show(session: Session, selection: Filter, is_missing: bool, json: bool) -> None:
    """Print the accounts without a post, or the summary."""
    if is_missing:
        accounts = overview.list_missing(session, selection)
        if json:
            output.json_lines(map(overviews.missing_to_json, accounts))
        else:
            overviews.print_missing(accounts)
        return
    rows = overview.summarize(session, selection)
    if json:
        output.json_lines(map(overviews.summary_to_json, rows))
    else:
        overviews.print_summary(rows)
