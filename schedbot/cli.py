"""Parser of all commands. The module of a command is imported when the command is called."""

import re
from importlib import import_module
from typing import Annotated, Any

import typer

from schedbot import __version__, root_help, text_input
from schedbot.command_table import COMMANDS as COMMANDS
from schedbot.command_table import DESCRIPTION, EXAMPLE, module_name
from schedbot.commands import completion, usage_errors
from schedbot.commands.command_class import Group, LeafCommand

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

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, without importing a command."""
        formatter.write(root_help.build())


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


@app.callback(help=f"{DESCRIPTION}\n\nExample:  {EXAMPLE}")
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options before the command's name."""
