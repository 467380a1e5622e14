"""A project of reports from live data: modules and tables of the configuration in the folder of an App."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent, indent

from schedbot import settings
from tests.support.app import App

# Reports of these modules behave as written only when they are posted: the trial of `add` gets a text.
MODULE = """
import asyncio, functools, os, signal, sys, threading, time
from schedbot.model import Message
from schedbot.reports.results import not_ready, skip


def live(function):
    @functools.wraps(function)
    def report(context):
        first = context[0] if isinstance(context, list) else context
        if not first.is_preview:
            return function(context)
        return ["trial"] * len(context) if isinstance(context, list) else "trial"

    return report


def good(context):
    if not context.is_preview:
        time.sleep(0.5)
    return f"good {context.schedule}"

"""


def write_module(folder: Path, body: str, name: str = "acme") -> None:
    """Write a module of reports, with the report `good` and the decorator `live`."""
    (folder / f"{name}.py").write_text(MODULE + dedent(body))


def write_bad_report(folder: Path, body: str) -> None:
    """Write a module whose report `bad` has this body; its parameter is `context`."""
    write_module(folder, "@live\ndef bad(context):\n" + indent(dedent(body).strip("\n"), "    "))


def configure(app: App, tables: str) -> None:
    """Put tables of reports behind the configuration of `init`, and use them in calls of this process too."""
    base = app.folder / "base.toml"
    if not base.exists():
        base.write_text(app.config.read_text())
    app.config.write_text('python_path = ["."]\n' + base.read_text() + dedent(tables))
    loaded = settings.load(settings.Flags(config=str(app.config), database=str(app.path)))
    app.settings = replace(
        app.settings,
        python_path=loaded.python_path,
        report_tables=loaded.report_tables,
        database_tables=loaded.database_tables,
    )
