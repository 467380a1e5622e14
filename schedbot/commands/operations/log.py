"""`schedbot log`: the record of changes."""

from itertools import islice
from typing import Annotated

import typer

from schedbot import times
from schedbot.admin.operations import change_log
from schedbot.errors import BadInput
from schedbot.presentation import changes as presentation
from schedbot.presentation import output
from schedbot.session import open_session
from schedbot.store.history.changes import ChangeFilter
from schedbot.store.operations import chain
from schedbot.text_input import EMPTY_HINT, refuse_empty


def run(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Schedule, workspace or account; also a former name.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Changes since then: 2d, monday, '2026-12-01'.")
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="WHO", help="Changes of this person or program.")] = None,
    command: Annotated[str | None, typer.Option(metavar="COMMAND", help="Changes of this command: edit.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=1_000_000, help="Newest N changes. [default: 50; all with --json]"),
    ] = None,
    head: Annotated[
        bool, typer.Option("--head", help="The last link of the hash chain over the record, to be kept elsewhere.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a change, newest first.")] = False,
) -> None:
    """Show who changed what, when and from where, the newest first, with each field before and after.

    With NAME: how a schedule came to be as it is, under all its names.

    Example:  schedbot log acme-weekly --since 30d
    """
    if name is not None and not name.strip():
        raise BadInput("NAME is empty.", EMPTY_HINT)
    for option, value in (("since", since), ("actor", actor), ("command", command)):
        refuse_empty(option, value)
    if head:
        show_head(has_others=any((name, since, actor, command, limit)), json=json)
        return
    with open_session() as session:
        since_at = times.parse_past(since, session.local_zone, session.now()) if since else None
        selected = change_log.list_changes(session, ChangeFilter(name, since_at, actor, command))
        if json:
            output.json_lines(map(presentation.to_json, islice(selected, limit)))
            return
        shown = islice(selected, limit or 50)
        presentation.print_changes(shown, session.now())


def show_head(has_others: bool, json: bool) -> None:
    """Print number and hash of the last link; nothing for an empty chain."""
    if has_others:
        raise BadInput("--head goes with --json only.", "Use 'schedbot log --head'.")
    with open_session() as session:
        last = chain.get_head(session.db)
    if last.link:
        if json:
            output.json_lines([{"link": last.link, "hash": last.hash}])
        else:
            output.print_line(f"{last.link} {last.hash}")
