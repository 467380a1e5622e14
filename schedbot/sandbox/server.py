"""Runs the sandbox as an HTTP server on 127.0.0.1, until a signal or the end of its parent."""

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
from schedbot.sandbox.api import PREFIX, UPLOAD_PREFIX, Api
from schedbot.sandbox.api_responses import Json
from schedbot.sandbox.control.api import ControlApi, FindNames
from schedbot.sandbox.events import Events
from schedbot.sandbox.guard import guard
from schedbot.sandbox.state import SandboxOptions, new_state

HOST = "127.0.0.1"
BACKLOG = 4096
# At the end, open event streams and held requests are cut off.
SHUTDOWN_TIMEOUT_S = 0.2
PARENT_CHECK_INTERVAL_S = 0.25


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Configuration of the server. `port` 0 uses a free port; `parent` is the id of a process with which it ends."""

    port: int = 0
    file: str | None = None
    options: SandboxOptions = field(default_factory=SandboxOptions)
    faults: tuple[str, ...] = ()
    parent: int | None = None


def know_no_name(ids: list[str]) -> dict[str, str]:
    """Return no name: the server has no database of schedules."""
    return {}


async def serve(config: ServerConfig, announce: Callable[[int], None], find_names: FindNames = know_no_name) -> None:
    """Serve until SIGTERM, SIGINT or the end of the parent. Calls `announce` with the port. Raises SchedbotError.

    `find_names` returns the names of schedules by their ids, for the page.
    """
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    runner = web.AppRunner(build_app(config, find_names), access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S)
    await runner.setup()
    try:
        await _listen(runner, config.port)
        announce(runner.addresses[0][1])
        await (_wait_for_parent_exit(stop, config.parent) if config.parent else stop.wait())
    finally:
        await runner.cleanup()


def build_app(config: ServerConfig, find_names: FindNames = know_no_name) -> web.Application:
    """Return the application with its initial state. Raises BadInput, SchedbotError."""
    state = new_state(config.options)
    api, events = Api(state), Events()
    for line in config.faults:
        api.faults.order(faults.parse_line(line))
    app = web.Application(middlewares=[guard])
    app.router.add_route("*", PREFIX + "{method}", api.answer)
    app.router.add_post(UPLOAD_PREFIX + "{ticket}", api.receive_upload)
    state.listeners.append(events.publish_message)
    clear_file: Callable[[], None] = _do_nothing
    if config.file is not None:
        file = storage.open_storage(Path(config.file), state)
        state.listeners.append(file.write)
        state.file_listeners.append(file.write_file)
        clear_file = file.clear
    app.router.add_get("/", page.show_page)
    app.add_routes(ControlApi(api, events, clear_file, find_names).routes())
    return app


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port, backlog=BACKLOG).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            hint = "Choose another port with --port, or a free port with --port 0."
            raise SchedbotError(f"Port {port} is already in use.", hint=hint) from None
        hint = "Choose a port from 1024 to 65535, or a free port with --port 0."
        raise SchedbotError(f"Port {port} cannot be used: {error.strerror}.", hint=hint) from None


async def _wait_for_parent_exit(stop: asyncio.Event, parent: int) -> None:
    while not stop.is_set() and os.getppid() == parent:
        try:
            await asyncio.wait_for(stop.wait(), PARENT_CHECK_INTERVAL_S)
        except TimeoutError:
            continue


def _do_nothing() -> None:
    """Without a file there is nothing to clear."""


def parse_config(fields: Json) -> ServerConfig:
    """Return the configuration in the JSON that a parent passes to its child."""
    return ServerConfig(**{**fields, "options": SandboxOptions(**fields["options"]), "faults": tuple(fields["faults"])})
