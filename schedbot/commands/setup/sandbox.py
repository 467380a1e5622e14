"""`schedbot sandbox`: a Slack on loopback, or an order to one that runs."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class History(StrEnum):
    """How much of a channel's history may be asked for."""

    FULL = "full"
    SCARCE = "scarce"


def run(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8765,
    file: Annotated[Path | None, typer.Option(help="Keep the messages in this file (JSON Lines).")] = None,
    any_channel: Annotated[bool, typer.Option("--any-channel", help="Any C... or G... id is a channel.")] = False,
    pace: Annotated[bool, typer.Option(help="Refuse a second post to a channel within a second.")] = True,
    history: Annotated[History, typer.Option(help="scarce: one look-up a minute, 15 messages.")] = History.FULL,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help="A fault that stands from the start.")
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option(metavar="FAULT", help="Order a fault of the one that runs.")
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option(metavar="ID=ZONE", help="Give a user of the one that runs a time zone.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take back the faults of the one that runs.")] = False,
    release: Annotated[bool, typer.Option("--release", help="Let its held requests go.")] = False,
) -> None:
    """Serve a Slack on 127.0.0.1, with a page to look at and faults to order. Ctrl-C ends it.

    FAULT is METHOD:KIND[:name=value]..., for example 'chat.postMessage:drop_after:times=3:channel=C0SANDBOX01'.
    Kinds: error, status, ratelimit, garbage, delay, stall, drop_before, drop_after, hold_before, hold.

    Example:  schedbot sandbox --port 8765
    """
    if order or clear or release or person:
        people = [_lives_in(said) for said in person or []]
        _tell(port, order or [], clear, release)
        _place(port, people)
        return
    import asyncio

    from schedbot.sandbox.server import Setup, serve
    from schedbot.sandbox.state import Rules

    setup = Setup(port, str(file) if file else None, Rules(pace, history.value, any_channel), tuple(fault or ()))
    asyncio.run(serve(setup, _announce))


def _tell(port: int, orders: list[str], clear: bool, release: bool) -> None:
    """Give orders to the sandbox that runs; taking back comes first, so that both together replace."""
    from schedbot.sandbox.control_client import Sandbox

    running = Sandbox(f"http://127.0.0.1:{port}")
    if clear:
        print(f"Faults taken back: {running.clear()}.")
    for line in orders:
        print(f"Fault {running.order_line(line)}: {line}")
    if release:
        print(f"Requests let go: {running.release()}.")


def _lives_in(said: str) -> tuple[str, str]:
    """A user's id and time zone, from `ID=ZONE`; after the `=` nothing is no zone. Raises BadInput."""
    from schedbot import times
    from schedbot.errors import BadInput
    from schedbot.slack import users

    user_id, equals, zone = said.partition("=")
    if not equals or not users.ID.fullmatch(user_id):
        raise BadInput(
            f"--person {times.quote(said)} does not name a user and a time zone.",
            "Write it like U0SANDBOX01=Europe/Berlin, the id in capitals.",
        )
    if zone:
        times.zone(zone)
    return user_id, zone


def _place(port: int, people: list[tuple[str, str]]) -> None:
    """Let users of the sandbox that runs live in a time zone."""
    from schedbot.sandbox.control_client import Sandbox

    for user_id, zone in people:
        Sandbox(f"http://127.0.0.1:{port}").person(user_id, zone)
        print(f"{user_id} lives in {zone or 'no zone'}.")


def _announce(port: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    print(f"Sandbox: {url}  (API {url}api/, token xoxb-sandbox-acme)", file=sys.stderr, flush=True)
