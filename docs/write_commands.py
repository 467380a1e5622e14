"""Makes docs/commands.md from the program itself:  python docs/write_commands.py"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schedbot import cli

TARGET = Path(__file__).with_name("commands.md")
HEAD = """\
# Commands

Made from the program by `docs/write_commands.py`; `schedbot COMMAND --help` says the same.

Before a command's name stand `--config FILE` (else `SCHEDBOT_CONFIG`, else `./schedbot.toml`, the user's configuration
folder, `/etc/schedbot/schedbot.toml`) and `--database FILE` (else `SCHEDBOT_DATABASE`, else what the configuration
says). Exit codes: 0 done, 1 failed, 2 used wrongly and nothing changed, 3 done, but something waits for a person.
"""


def text() -> str:
    """The page."""
    parts = [HEAD]
    for title, commands in cli.COMMANDS.items():
        parts.append(f"## {title}\n")
        for name in commands:
            parts += command(f"schedbot {name}", cli.load(name))
    return "\n".join(parts)


def command(name: str, loaded: Any) -> Iterator[str]:
    """A command's section; a group's is followed by those of its commands."""
    about, _, example = (loaded.help or "").partition("Example:")
    yield f"### {name}\n"
    yield f"{about.strip()}\n"
    yield f"```sh\n{' '.join(example.split())}\n```\n"
    rows = [row(one) for one in loaded.params if one.name != "help"]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"
    for sub, one in getattr(loaded, "commands", {}).items():
        yield from command(f"{name} {sub}", one)


def row(param: Any) -> str:
    """`--cron EXPR` and what it is for. Only what the program itself says, so that no version of typer changes it."""
    value = param.metavar or param.name.upper()
    said = [value] if param.param_type_name == "argument" else [*param.opts, *param.secondary_opts]
    words = " / ".join(said)
    if param.param_type_name == "option" and not param.is_flag:
        words += f" {value}"
    default = getattr(param.default, "value", param.default)
    known = isinstance(default, str | int) and not isinstance(default, bool) and default != ""
    told = " ".join((param.help or "").split())
    return f"| `{cell(words)}` | {cell(told)}{f' [default: {default}]' if known else ''} |"


def cell(said: str) -> str:
    return said.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(text())
