"""Table of commands. The one place where an error becomes a message and an exit code.

The module of a command is imported when the command is called, so that the program starts fast.
"""

import re
import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from schedbot import __version__, text_input
from schedbot.commands import completion, usage_errors
from schedbot.commands.command_class import Group, LeafCommand
from schedbot.errors import BadFile, SchedbotError, explain_machine_failure, redact_tokens
from schedbot.presentation import streams

COMMANDS: dict[str, dict[str, str]] = {
    "Setup": {
        "demo": "Show schedbot at work in the sandbox, without a Slack account.",
        "init": "Create the database and a commented schedbot.toml.",
        "sandbox": "Run a local Slack, with a page and faults.",
        "workspace": "Manage Slack workspaces and their token sources.",
    },
    "Schedules": {
        "add": "Add a schedule.",
        "list": "List schedules.",
        "show": "Show a schedule.",
        "edit": "Change a schedule.",
        "pause": "Pause schedules.",
        "resume": "Resume paused or suspended schedules.",
        "skip-next": "Skip the next occurrence of a schedule.",
        "remove": "Remove schedules.",
        "next": "Show the next occurrences.",
        "simulate": "Simulate a span of time in a copy of the database.",
        "calendar": "Set send windows for an account or a workspace.",
        "preview": "Show the message that a schedule would post.",
        "test-send": "Post a schedule's message now, marked as a test.",
        "run-now": "Post a schedule's message now, as an extra job.",
        "import": "Import schedules from CSV or JSON Lines, all or nothing.",
        "sync": "Make schedules equal to a list of your own.",
        "export": "Export schedules as CSV or JSON Lines.",
    },
    "Delivery": {
        "tick": "Enqueue due schedules (run by cron).",
        "work": "Post due jobs.",
        "audit": "Show jobs: when due, where posted, why failed.",
        "retry": "Retry failed jobs.",
        "backfill": "Enqueue past occurrences that have no job.",
        "why": "Explain why a schedule did or did not post.",
    },
    "Operations": {
        "backup": "Copy the database and check the copy.",
        "cron": "Manage the lines of your crontab that run 'schedbot tick'.",
        "service": "Manage units of systemd for 'schedbot work' and for the tick.",
        "log": "Show who changed what, when and from where.",
        "reports": "List and check the reports of the configuration.",
        "doctor": "Check the installation.",
        "health": "Show whether posts are going out.",
        "metrics": "Print metrics for Prometheus.",
        "prune": "Delete old jobs, and give their space back.",
        "stats": "Show posts, failures and lateness by day, account and so on.",
    },
}
# These names are keywords, builtins or look like tests, so their modules have other names.
MODULES = {"import": "import_", "list": "list_", "next": "next_", "test-send": "send_test"}

UNCLEANED = ("FILE", "FILE|-", "FOLDER", "COMMAND", "KEY=VALUE")

# Messages of typer (from 0.29 on of pydantic) about a value, and schedbot's wording.
MESSAGES = (
    (r"\A(['\"].*['\"]) is not a valid int(?:eger)?(?: range)?\.", r"\1 is not a whole number"),
    (r"Input should be a valid integer, unable to parse string as an integer", "it is not a whole number"),
    (r"Input should be greater than or equal to", "it must be at least"),
    (r"Input should be less than or equal to", "it must be at most"),
    (r"Value error, ", ""),
)
OUT_OF_RANGE = re.compile(r"(?<!\d)(-?\d+) is not in the range (?:(-?\d+)<=)?x(?:>=(-?\d+))?(?:<=(-?\d+))?\.")


def reword(message: str) -> str:
    """Return typer's message about a value in schedbot's wording, whatever typer's version is."""
    for pattern, replacement in MESSAGES:
        message = re.sub(pattern, replacement, message)
    return OUT_OF_RANGE.sub(name_bound, message)


def name_bound(match: re.Match[str]) -> str:
    value, minimum, maximum = int(match[1]), match[2] or match[3], match[4]
    is_low = minimum and value < int(minimum)
    return f"{value} is less than {minimum}" if is_low else f"{value} is more than {maximum}"


def module_name(command: str) -> str:
    """Return the module of a command; its folder is the command's section."""
    folder = next(title.lower() for title, section in COMMANDS.items() if command in section)
    return f"schedbot.commands.{folder}.{MODULES.get(command, command.replace('-', '_'))}"


def load(command: str) -> Any:
    """Return the typer command (or group) with this name."""
    module = import_module(module_name(command))
    app = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_show_locals=False)
        app.command(command, cls=LeafCommand)(module.run)
    loaded = typer.main.get_command(app)
    loaded.name = command
    clean_options(loaded)
    return loaded


def clean_options(command: Any) -> None:
    """Make each option and argument of the command clean its text, except names of files and parameters of reports."""
    for parameter in command.params:
        if type(parameter.type).__name__ == "StringParamType" and parameter.metavar not in UNCLEANED:
            parameter.type = make_clean_type(type(parameter.type))
    for subcommand in getattr(command, "commands", {}).values():
        clean_options(subcommand)


def make_clean_type(text_type: Any) -> Any:
    """Return a parameter type that cleans text and completes names. Its base differs between versions of typer."""

    class CleanText(text_type):  # type: ignore[misc]
        def convert(self, value: Any, param: Any, ctx: Any) -> str:
            return text_input.clean(super().convert(value, param, ctx))

        def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> Any:
            return completion.complete_parameter(ctx, param, incomplete)

    return CleanText()


class LazyGroup(Group):
    """A group that imports a command when it is called."""

    shows_global_options = True
    other_names = usage_errors.OTHER_COMMANDS

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return all names in the order of the help."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Return the command with this name, or None."""
        return load(cmd_name) if cmd_name in self.list_commands(ctx) else None

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return the names that begin with the typed letters, without importing a command."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return completion.to_items(names) or super().shell_complete(ctx, incomplete)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a wrong value gets schedbot's message."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = reword(error.message)
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of the help, without importing a command."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(list(section.items()))


def print_version(is_requested: bool) -> None:
    if is_requested:
        print(f"schedbot {__version__}")
        raise typer.Exit


# Python's own traceback: typer's shows the values of variables, a token among them, in some of its versions.
app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Post your customers' reports to Slack at the minute they chose: nothing lost, nothing twice.

    Example:  schedbot demo
    """


def main() -> None:
    """Run the command line; exit codes are in `errors`."""
    streams.prepare()
    if completion.is_requested():
        with completion.silence():
            app(prog_name="schedbot")
        sys.exit()
    try:
        streams.refuse_other_encodings(sys.argv[1:])
        run_command()
    except SchedbotError as error:
        print_error(error)
        sys.exit(error.code)
    except (OSError, MemoryError, RuntimeError) as error:
        if (explained := explain_machine_failure(error)) is None:
            raise
        error.__traceback__ = None  # its frames hold the files and the memory that the message needs
        print_error(explained)
        sys.exit(explained.code)


def run_command() -> None:
    """Run the command and flush its output. Raises OutputUnwritable."""
    try:
        try:
            app(prog_name="schedbot")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if (unwritable := streams.unwritable(error)) is None:
            raise
        raise unwritable from None


def print_error(error: SchedbotError) -> None:
    """Print the error and its hint, without control characters."""
    from schedbot.presentation import output

    if isinstance(error, BadFile):
        for line in error.lines:
            output.note(line)
    output.note(redact_tokens(f"Error: {error.command_message}"))
    if error.hint:
        output.note(redact_tokens(f"Hint:  {error.hint}"))
