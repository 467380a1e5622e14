"""Writes docs/commands.md from the program's help:  python docs/write_commands.py"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schedbot import cli

TARGET = Path(__file__).with_name("commands.md")
HEAD = """\
# Commands

Generated from the program's help by `docs/write_commands.py`; `schedbot COMMAND --help` shows the same.

Two options go before the command's name or after it: `--config FILE` (default: `SCHEDBOT_CONFIG`, else
`./schedbot.toml`, else the user's configuration folder, else `/etc/schedbot/schedbot.toml`) and `--database FILE`
(default: `SCHEDBOT_DATABASE`, else the database of the configuration).

Exit codes: 0 done; 1 failed; 2 used wrongly, nothing changed; 3 done, but something waits for a person.
"""


def text() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, commands in cli.COMMANDS.items():
        parts.append(f"## {title}\n")
        for name in commands:
            parts += section(f"schedbot {name}", cli.load(name))
    return "\n".join(parts)


def section(name: str, command: Any) -> Iterator[str]:
    """Yield the section of a command, and for a group the sections of its commands."""
    description, _, example = (command.help or "").partition("Example:")
    yield f"### {name}\n"
    yield f"{description.strip()}\n"
    yield f"```sh\n{' '.join(example.split())}\n```\n"
    rows = [row(param) for param in command.params if not getattr(param, "hidden", False)]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"
    for subname, subcommand in getattr(command, "commands", {}).items():
        yield from section(f"{name} {subname}", subcommand)


def row(param: Any) -> str:
    """Return a row with an option and its help. Independent of the version of typer."""
    value = param.metavar or param.name.upper()
    names = [value] if param.param_type_name == "argument" else [*param.opts, *param.secondary_opts]
    syntax = " / ".join(names)
    if param.param_type_name == "option" and not param.is_flag:
        syntax += f" {value}"
    default = getattr(param.default, "value", param.default)
    has_default = isinstance(default, str | int) and not isinstance(default, bool) and default != ""
    help_text = " ".join((param.help or "").split())
    return f"| `{cell(syntax)}` | {cell(help_text)}{f' [default: {default}]' if has_default else ''} |"


def cell(content: str) -> str:
    return content.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(text())
