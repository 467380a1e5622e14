"""Commands that cron and monitors start each minute, and the help: they run without the parser of options.

A call that is not exactly of the known form goes to the parser, and so does a tick that has work to do.
"""

from collections.abc import Callable, Sequence

from schedbot import command_table
from schedbot.configuration import Flags

GLOBAL_OPTIONS = {f"--{name}": name for name in command_table.GLOBAL_OPTIONS}


def run(words: Sequence[str]) -> int | None:
    """Run the command and return its exit code; None: it is not one of these, and nothing was done."""
    if words in (["--help"], ["-h"]):
        return show_help()
    values: dict[str, str] = {}
    names, switches = [], set()
    rest = iter(words)
    for word in rest:
        option, is_joined, value = word.partition("=")
        if option in GLOBAL_OPTIONS:
            values[GLOBAL_OPTIONS[option]] = value if is_joined else next(rest, "")
        elif word.startswith("-"):
            switches.add(word)
        else:
            names.append(word)
    if len(names) != 1 or not all(value.strip() for value in values.values()):
        return None
    command, known = COMMANDS.get(names[0], (None, frozenset()))
    return command(clean(values), switches) if command and switches <= known else None


def clean(values: dict[str, str]) -> Flags:
    from schedbot import text_input

    return Flags(**{name: text_input.clean_path(value) for name, value in values.items()})


def show_help() -> int:
    """Print the help of the program."""
    from schedbot import root_help

    print(root_help.build(), end="")
    return 0


def tick(flags: Flags, switches: set[str]) -> int | None:
    """Run a tick that has nothing to do."""
    from schedbot.commands import idle_tick

    return idle_tick.try_tick(flags, "--json" in switches)


def health(flags: Flags, switches: set[str]) -> int | None:
    """Show whether posts are going out."""
    from schedbot.commands import health_check

    if switches == {"--json", "--nagios"}:
        return None
    return health_check.check(flags, json="--json" in switches, nagios="--nagios" in switches)


Command = Callable[[Flags, set[str]], int | None]
COMMANDS: dict[str, tuple[Command, frozenset[str]]] = {
    "tick": (tick, frozenset({"--json"})),
    "health": (health, frozenset({"--json", "--nagios"})),
}
