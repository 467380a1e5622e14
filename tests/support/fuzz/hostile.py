"""Hostile values for options, arguments and settings, and all commands with their parameters."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from schedbot import cli

# They run until a signal ends them, so they are not called with values that they may take.
ENDLESS = ("demo", "sandbox", "work")
EXAMPLES = (
    *(
        "",
        " ",
        "-",
        "--",
        ".",
        "/",
        "*",
        "[",
        "[/b]",
        "[/b].csv",
        "{",
        "{{",
        "%s",
        "\\",
        "'",
        '"',
        "\n",
        "\t",
        "~",
        "~x/y",
    ),
    *("0", "-1", "1.0", "1e999", "nan", "inf", "٣", "²", "9223372036854775807", "9223372036854775808", "9" * 5_000),
    *("-9223372036854775809", "1" * 20 + "d", "99999999999w", "0s", "P1D"),
    *("9999-12-31", "0001-01-01", "9999-12-31T23:59:59.999Z", "2026-02-30", "monday", "tomorrow 99:99", "2026-W99"),
    *("C0123456789", "default", "acme", "UTC", "slack:U0", "Europe/../../etc/passwd", "/etc/passwd", "utc", "GMT+25"),
    *("* * * * *", "0 9 31 2 *", "*/0 * * * *", "60 24 32 13 8", "@reboot", "0 9 * * mon#9", "every 0 days"),
    *("a=b", "a:=1", "a:=" + "[" * 100_000, "=", ":=", "a:=NaN", "🎉=🎉", "x" * 300 + ".csv", "a/" * 3_000),
    *("http://[::1/api/", "http://\x01/", "https://", "file:///etc/passwd", "xoxb-1-2-3"),
    *("\x1b[31m", "\u202e", "\u200b", "\ufeff", "\udc80", "e\u0301" * 500, "a\u0316\u0300" * 2_000, "x" * 100_000),
)
VALUES = st.one_of(
    st.sampled_from(EXAMPLES), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
)


def list_commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words of each command, and the command."""
    for section in cli.COMMANDS.values():
        for name in section:
            yield from walk((name,), cli.load(name))


def walk(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the command, or the commands of a group."""
    commands = getattr(command, "commands", None)
    if commands is None:
        yield words, command
    for name, subcommand in (commands or {}).items():
        yield from walk((*words, name), subcommand)


def call_strategy(command: Any) -> st.SearchStrategy[list[str]]:
    """Return a strategy for the words after a command: some of its options and its arguments, with hostile values."""
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    words = [option_strategy(option) for option in options if option.opts[0] != "--help"]
    arguments = st.lists(VALUES, max_size=2)
    return st.builds(
        lambda options, values: [*(word for words in options for word in words), *values],
        st.lists(st.one_of(words), max_size=4) if words else st.just([]),
        arguments,
    )


def option_strategy(option: Any) -> st.SearchStrategy[list[str]]:
    """Return a strategy for an option and its value, or for a flag."""
    name = option.opts[0]
    return st.just([name]) if option.is_flag else st.builds(lambda value: [name, value], VALUES)
