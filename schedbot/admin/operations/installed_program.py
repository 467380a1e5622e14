"""The program and the settings that cron and systemd start: absolute paths, since neither reads a profile."""

import os
import pwd
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from schedbot import settings
from schedbot.errors import BadInput


@dataclass(frozen=True, slots=True)
class InstalledProgram:
    """Command line of this schedbot, and the variables that lead it to this installation."""

    words: tuple[str, ...]
    variables: dict[str, str]

    @property
    def name(self) -> str:
        """Name of the installation: the path of its configuration, else of its database."""
        return self.variables.get("SCHEDBOT_CONFIG") or self.variables["SCHEDBOT_DATABASE"]

    def shell_line(self, *arguments: str) -> str:
        """Return a line of a shell that runs the command with these arguments."""
        variables = [f"{name}={shlex.quote(value)}" for name, value in self.variables.items()]
        return " ".join([*variables, shlex.join([*self.words, *arguments])])


def find_program(flags: settings.Flags) -> InstalledProgram:
    """Return this program and its installation. Raises BadInput for settings that cannot be read."""
    loaded = settings.load(flags)
    script = Path(sys.executable).with_name("schedbot")
    words = (str(script),) if script.is_file() else (sys.executable, "-m", "schedbot")
    variables = {"SCHEDBOT_CONFIG": str(loaded.config)} if loaded.config else {}
    is_named = bool(flags.database or settings.read_variable("SCHEDBOT_DATABASE"))
    if is_named or not loaded.config:
        variables["SCHEDBOT_DATABASE"] = str(loaded.database.absolute())
    refuse_line_breaks(variables)
    return InstalledProgram(words, variables)


def find_owner(flags: settings.Flags) -> str:
    """Return the user that owns the database, else the present one. Raises BadInput for settings."""
    database = settings.load(flags).database
    number = database.stat().st_uid if database.exists() else os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def refuse_line_breaks(variables: dict[str, str]) -> None:
    """Raise BadInput for a path that a line of a crontab or a unit cannot hold."""
    for value in variables.values():
        if "\n" in value or "\r" in value:
            raise BadInput(f"The path {value!r} has a line break.", "Move the installation to a folder without one.")
