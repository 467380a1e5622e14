"""The table of commands, and the one place where an error becomes a line and an exit code.

A command's module is imported when it is called: start-up is part of the interface.
"""

import re
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from schedbot import __version__, settings
from schedbot.errors import BadFile, SchedbotError
from schedbot.presentation import streams

COMMANDS: dict[str, dict[str, str]] = {
    "Setup": {
        "demo": "The whole way in the sandbox: no Slack account needed.",
        "init": "Make the database and a commented schedbot.toml.",
        "sandbox": "Serve a Slack on loopback, with a page and faults to order.",
        "workspace": "The Slack workspaces, and where their tokens are found.",
    },
    "Schedules": {
        "add": "Add a schedule.",
        "list": "List schedules.",
        "show": "Show one schedule.",
        "edit": "Change a schedule.",
        "pause": "Stop schedules for a while.",
        "resume": "Go on with paused or suspended schedules.",
        "skip-next": "Drop the next occurrence alone.",
        "remove": "Remove schedules.",
        "next": "Show the coming occurrences.",
        "simulate": "Run a span of time in a copy: what would be due when.",
        "calendar": "When may be posted, for an account or a workspace.",
        "preview": "Show what a schedule would post.",
        "test-send": "Post it now, marked as a test.",
        "run-now": "Enqueue one extra job now.",
        "import": "Take schedules from CSV or JSON Lines, all or nothing.",
        "export": "Write schedules as CSV or JSON Lines.",
    },
    "Delivery": {
        "tick": "Turn due schedules into jobs (cron calls this).",
        "work": "Post the jobs that are due.",
        "audit": "Show what was due, what was posted, and what failed why.",
        "retry": "Send again what failed.",
        "backfill": "Enqueue what was never enqueued.",
        "why": "Say why there was no post, or what became of it.",
    },
    "Operations": {
        "doctor": "Check the set-up and say what is wrong with it.",
        "health": "Say in one line whether posts go out.",
    },
}

# What typer says of a value, by itself or (from 0.29 on) by pydantic, and what a user reads instead.
WORDS = (
    (r"'.*' is not a valid int(?:eger)?(?: range)?\.", "it is not a whole number"),
    (r"Input should be a valid integer, unable to parse string as an integer", "it is not a whole number"),
    (r"Input should be greater than or equal to", "it must be at least"),
    (r"Input should be less than or equal to", "it must be at most"),
    (r"Value error, ", ""),
)
OUT_OF_RANGE = re.compile(r"(-?\d+) is not in the range (?:(-?\d+)<=)?x(?:>=(-?\d+))?(?:<=(-?\d+))?\.")


def in_our_words(said: str) -> str:
    """What is wrong with a value, whatever version of typer found it."""
    for theirs, ours in WORDS:
        said = re.sub(theirs, ours, said)
    return OUT_OF_RANGE.sub(beyond, said)


def beyond(found: re.Match[str]) -> str:
    value, least, most = int(found[1]), found[2] or found[3], found[4]
    return f"it must be at least {least}" if least and value < int(least) else f"it must be at most {most}"


def module_of(command: str) -> str:
    """Return the module that holds a command: the folder is the section's name.

    `import`, `list` and `next` are words of the language or its builtins, so their files end in `_`.
    """
    folder = next(title.lower() for title, section in COMMANDS.items() if command in section)
    file = {"import": "import_", "list": "list_", "next": "next_", "test-send": "send_test"}.get(command)
    return f"schedbot.commands.{folder}.{file or command.replace('-', '_')}"


def load(command: str) -> Any:
    """The typer command (or group) of that name."""
    module = import_module(module_of(command))
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(command)(module.run)
    loaded = typer.main.get_command(app)
    loaded.name = command
    return loaded


class Table(TyperGroup):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All names, in the order of the help."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """The command of that name, or None."""
        return load(cmd_name) if cmd_name in self.list_commands(ctx) else None

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what is wrong with a number is said in our words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = in_our_words(error.message)
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The help's sections, without importing a command."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()))


def version(asked: bool) -> None:
    if asked:
        print(f"schedbot {__version__}")
        raise typer.Exit


app = typer.Typer(cls=Table, rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def root(
    config: Annotated[str | None, typer.Option(metavar="FILE", help="The configuration file.")] = None,
    database: Annotated[str | None, typer.Option(metavar="FILE", help="The database.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=version, is_eager=True)
    ] = False,
) -> None:
    """Post your customers' reports to Slack at the minute they chose: nothing lost, nothing twice.

    Example:  schedbot demo
    """
    settings.flags = settings.Flags(config=config, database=database)


def main() -> None:
    """Run the command that was typed; exit codes are in `errors`."""
    streams.ready()
    try:
        streams.refuse_other_encodings(sys.argv[1:])
        answered()
    except SchedbotError as error:
        tell(error)
        sys.exit(error.code)


def answered() -> None:
    """Run the command until its answer is written to the end. Raises Unwritten."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if (known := streams.unwritten(error)) is None:
            raise
        raise known from None


def tell(error: SchedbotError) -> None:
    """Print what was wrong and what to do, without what would steer the terminal."""
    from schedbot.presentation import terminal

    if isinstance(error, BadFile):
        for line in error.lines:
            terminal.note(line)
    terminal.note(f"Error: {error}")
    if error.hint:
        terminal.note(f"Hint:  {error.hint}")
