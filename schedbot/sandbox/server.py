"""The sandbox as a server: on 127.0.0.1 and nowhere else, until it is told to end or its parent is gone."""

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from schedbot.errors import SchedbotError
from schedbot.sandbox import faults, page, storage
from schedbot.sandbox.answers import Json
from schedbot.sandbox.api import PREFIX, Api
from schedbot.sandbox.control_api import Orders, at_home
from schedbot.sandbox.events import Events
from schedbot.sandbox.state import Rules, new_world

HOST = "127.0.0.1"
BACKLOG = 4096
# Browsers that watch and requests that are held are not waited for.
LAST_WORDS_S = 0.2
LOOK_FOR_PARENT_S = 0.25


@dataclass(frozen=True, slots=True)
class Setup:
    """What was chosen at the start. `port` 0 takes a free one; with `parent` (a process id) it ends when that does."""

    port: int = 0
    file: str | None = None
    rules: Rules = field(default_factory=Rules)
    faults: tuple[str, ...] = ()
    parent: int | None = None


async def serve(setup: Setup, announce: Callable[[int], None]) -> None:
    """Serve until SIGTERM, SIGINT or the parent's end; `announce` is told the port. Raises SchedbotError."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(build(setup), access_log=None, shutdown_timeout=LAST_WORDS_S)
    await runner.setup()
    try:
        await _listen(runner, setup.port)
        announce(runner.addresses[0][1])
        await (_until_orphaned(stop, setup.parent) if setup.parent else stop.wait())
    finally:
        await runner.cleanup()


def build(setup: Setup) -> web.Application:
    """The application with its state, as it stands at the start. Raises BadInput, SchedbotError."""
    world = new_world(setup.rules)
    api, events = Api(world), Events()
    for line in setup.faults:
        api.faults.order(faults.parse(line))
    app = web.Application()
    app.router.add_route("*", PREFIX + "{method}", api.answer)
    world.listeners.append(events.message)
    forget: Callable[[], None] = _nothing
    if setup.file is not None:
        kept = storage.opened(Path(setup.file), world)
        world.listeners.append(kept.write)
        forget = kept.empty
    app.router.add_get("/", at_home(page.show))
    app.add_routes(Orders(api, events, forget).routes())
    return app


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port, backlog=BACKLOG).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = "Choose another with --port, or --port 0 for any that is free."
            raise SchedbotError(f"Port {port} is taken.", hint=hint) from None
        hint = "Choose one from 1024 to 65535, or --port 0 for any that is free."
        raise SchedbotError(f"Port {port} can't be used: {error.strerror}.", hint=hint) from None


async def _until_orphaned(stop: asyncio.Event, parent: int) -> None:
    while not stop.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(stop.wait(), LOOK_FOR_PARENT_S)
        except TimeoutError:
            continue


def _nothing() -> None:
    """Nothing is kept beside the world."""


def setup_from(chosen: Json) -> Setup:
    """A setup from its JSON, as a parent hands it to its child."""
    return Setup(**{**chosen, "rules": Rules(**chosen["rules"]), "faults": tuple(chosen["faults"])})
