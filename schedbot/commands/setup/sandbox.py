"""`schedbot sandbox`: serve a local Slack, or control a running sandbox."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class History(StrEnum):
    """Rate limit of a channel's history."""

    FULL = "full"
    SCARCE = "scarce"


def run(
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port on 127.0.0.1; 0 uses a free port.")
    ] = 8765,
    file: Annotated[Path | None, typer.Option(help="Store the messages in this file (JSON Lines).")] = None,
    any_channel: Annotated[
        bool, typer.Option("--any-channel", help="Accept any C... or G... id as a channel.")
    ] = False,
    pace: Annotated[bool, typer.Option(help="Refuse a second post to a channel within a second.")] = True,
    history: Annotated[History, typer.Option(help="scarce: one look-up a minute, 15 messages.")] = History.FULL,
    fault: Annotated[list[str] | None, typer.Option(metavar="FAULT", help="Start with this fault.")] = None,
    order: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help="Order a fault in the running sandbox.")
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option(metavar="ID=ZONE", help="Set a user's time zone in the running sandbox.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Clear the faults of the running sandbox.")] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Release the held requests of the running sandbox.")
    ] = False,
) -> None:
    """Serve a local Slack on 127.0.0.1, with a web page and faults to order. Ctrl-C stops it.

    FAULT is METHOD:KIND[:name=value]..., for example 'chat.postMessage:drop_after:times=3:channel=C0SANDBOX01'.
    Kinds: error, status, ratelimit, garbage, delay, late, stall, drop_before, drop_after, hold_before, hold.

    Example:  schedbot sandbox --port 8765
    """
    if order or clear or release or person:
        users = [_parse_user_zone(text) for text in person or []]
        _control_faults(port, order or [], clear, release)
        _set_users(port, users)
        return
    import asyncio

    from schedbot.sandbox.server import ServerConfig, serve
    from schedbot.sandbox.state import SandboxOptions

    options = SandboxOptions(pace, history.value, any_channel)
    config = ServerConfig(port, str(file) if file else None, options, tuple(fault or ()))
    asyncio.run(serve(config, _announce, _find_schedule_names))


def _control_faults(port: int, orders: list[str], clear: bool, release: bool) -> None:
    """Clear, order and release faults in the running sandbox, in this order, so that --clear --order replaces them."""
    from schedbot.sandbox.control.client import Sandbox

    sandbox = Sandbox(f"http://127.0.0.1:{port}")
    if clear:
        print(f"Cleared faults: {sandbox.clear()}")
    for line in orders:
        print(f"Ordered fault {sandbox.order_line(line)}: {line}")
    if release:
        print(f"Released requests: {sandbox.release()}")


def _parse_user_zone(text: str) -> tuple[str, str]:
    """Return the user id and the time zone in `ID=ZONE`; an empty zone is allowed. Raises BadInput."""
    from schedbot import times
    from schedbot.errors import BadInput
    from schedbot.slack import user_ids

    user_id, equals, zone = text.partition("=")
    if not equals or not user_ids.ID.fullmatch(user_id):
        raise BadInput(
            f"--person {times.quote(text)} lacks a user id or a time zone.",
            "Write it like U0SANDBOX01=Europe/Berlin, with the id in capitals.",
        )
    if zone:
        times.zone(zone)
    return user_id, zone


def _set_users(port: int, users: list[tuple[str, str]]) -> None:
    """Set the time zones of users in the running sandbox."""
    from schedbot.sandbox.control.client import Sandbox

    for user_id, zone in users:
        Sandbox(f"http://127.0.0.1:{port}").set_user(user_id, zone)
        print(f"Time zone of {user_id}: {zone or 'none'}")


def _find_schedule_names(ids: list[str]) -> dict[str, str]:
    """Return the names of schedules of this installation, for the page. Without a database there are none."""
    from contextlib import suppress

    from schedbot.errors import SchedbotError
    from schedbot.session import open_session
    from schedbot.store.schedules import lookup

    with suppress(SchedbotError), open_session() as session:
        return lookup.names_by_ids(session.db, ids)
    return {}


def _announce(port: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    print(f"Sandbox: {url}  (API {url}api/, token xoxb-sandbox-acme)", file=sys.stderr, flush=True)
