"""Server that has imported the program, and forks a process for each command or sandbox of a test.

A new process takes 0.3 to 0.4 s of CPU time, nearly all of it for imports. A fork takes 10 ms and shares no state.
"""

import multiprocessing
import os
import pkgutil

import schedbot

NOT_LOADED = ("schedbot.sandbox.__main__", "schedbot.testing", "schedbot.example")
MODULES = [module.name for module in pkgutil.walk_packages(schedbot.__path__, "schedbot.")]
LIBRARIES = ["rich.prompt", "rich.progress", "rich.table", "typer", "jinja2", "croniter", "filelock"]
CLIENTS = ["slack_sdk.web.async_client", "aiohttp"]
ENCODINGS = ["encodings.ascii", "encodings.utf_8_sig", "encodings.idna"]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *[name for name in MODULES if not name.startswith(NOT_LOADED)],
        *LIBRARIES,
        *CLIENTS,
        *ENCODINGS,
        "tests.support.sandboxes",
        "tests.support.forks.commands",
    ]
)
START_ENVIRONMENT = dict(os.environ)  # of the server too
