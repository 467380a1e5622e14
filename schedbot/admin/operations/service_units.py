"""Units of systemd: `schedbot work` as a service, and a timer that runs `schedbot tick` each minute.

Each unit is checked with `systemd-analyze verify` before it is in place. Sources: systemd.service(5), systemd.timer(5),
systemd.exec(5). `%` has a meaning of its own in every line, `$` only in the arguments of a command: not in its path,
and not in `Environment=`.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from schedbot.admin.operations.installed_program import InstalledProgram
from schedbot.errors import BadInput, SchedbotError

SYSTEM_FOLDER = Path("/etc/systemd/system")
WORK, TICK, TIMER = "schedbot.service", "schedbot-tick.service", "schedbot-tick.timer"
UNITS = (WORK, TICK, TIMER)
RUN_S = 60
MARK = "# Written by 'schedbot service install'."

WORK_UNIT = """\
{mark}
[Unit]
Description=schedbot: posts the jobs that are due
Wants=network-online.target
After=network-online.target

[Service]
{user}{environment}
ExecStart={command} work
ExecReload=/bin/kill -USR2 $MAINPID
Restart=always
RestartSec=2
# A stop waits for the requests in flight: the time-out (30 s) and 5 s.
TimeoutStopSec=45
KillMode=mixed

[Install]
WantedBy={target}
"""
TICK_UNIT = """\
{mark}
[Unit]
Description=schedbot: enqueues the schedules that are due

[Service]
Type=oneshot
{user}{environment}
ExecStart={command} tick
StandardOutput=null
"""
TIMER_UNIT = """\
{mark}
[Unit]
Description=schedbot: a tick each minute

[Timer]
OnCalendar=*-*-* *:*:00
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """Folder of the units, for the whole system or for one user."""

    folder: Path
    is_system: bool

    @property
    def systemctl(self) -> list[str]:
        """Command that manages these units."""
        return ["systemctl"] if self.is_system else ["systemctl", "--user"]


def find_place(is_user: bool, is_system: bool) -> UnitPlace:
    """Return the place of the units: root's are the system's by default. Raises BadInput."""
    if is_user and is_system:
        raise BadInput("Use only one of --user, --system.", "--system is for root; it starts with the machine.")
    if is_system or (os.geteuid() == 0 and not is_user):
        return UnitPlace(SYSTEM_FOLDER, is_system=True)
    from platformdirs import user_config_path

    return UnitPlace(user_config_path("systemd") / "user", is_system=False)


def refuse_other_user(place: UnitPlace) -> None:
    """Raise BadInput for a user who may not change the units there."""
    if place.is_system and os.geteuid() != 0:
        raise BadInput("Only root may change units of the system.", "Use sudo, or --user for your own units.")


def build_units(program: InstalledProgram, place: UnitPlace, owner: str) -> dict[str, str]:
    """Return the text of each unit by its name. `owner`: the user that a unit of the system runs as."""
    values = {
        "mark": MARK,
        "user": f"User={owner}\n" if place.is_system else "",
        "environment": "\n".join(f"Environment={quote(f'{k}={v}')}" for k, v in program.variables.items()),
        "command": " ".join([quote(program.words[0]), *(quote_argument(word) for word in program.words[1:])]),
        "target": "multi-user.target" if place.is_system else "default.target",
    }
    return {WORK: WORK_UNIT.format(**values), TICK: TICK_UNIT.format(**values), TIMER: TIMER_UNIT.format(**values)}


def quote(word: str) -> str:
    """Return a word of a unit's line in quotes, with its special characters escaped."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if set(escaped) & set(" \t'\"\\") else escaped


def quote_argument(word: str) -> str:
    """Return an argument of a command in quotes; a `$` in it is no variable."""
    return quote(word.replace("$", "$$"))


def verify(units: dict[str, str]) -> None:
    """Check the units. Raises SchedbotError with what systemd says. Without systemd-analyze nothing is checked."""
    if shutil.which("systemd-analyze") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in units]
        for path in paths:
            path.write_text(units[path.name])
        command = ["systemd-analyze", "verify", "--man=no", *map(str, paths)]
        result = run(command, "systemd-analyze verify", "Try again.")
        problems = [line for line in result.stderr.splitlines() if folder in line or "schedbot" in line]
        if result.returncode != 0 and problems:
            raise SchedbotError(f"systemd refuses the unit: {problems[0]}", "Report it with that line.")


def write(units: dict[str, str], place: UnitPlace) -> list[Path]:
    """Write the units that are new or different. Return their paths. Raises SchedbotError for a unit of another."""
    for path in (place.folder / name for name in units):
        if path.exists() and MARK not in path.read_text():
            hint = "Move it away, then install again: schedbot changes only its own units."
            raise SchedbotError(f"The unit '{path}' was not written by 'schedbot service install'.", hint)
    place.folder.mkdir(parents=True, exist_ok=True)
    changed = [name for name, text in units.items() if read_unit(place.folder / name) != text]
    for name in changed:
        path = place.folder / name
        temporary = path.with_suffix(f"{path.suffix}.new")
        temporary.write_text(units[name])
        temporary.chmod(0o644)
        temporary.rename(path)
    return [place.folder / name for name in changed]


def read_unit(path: Path) -> str:
    """Return the text of a unit; '' if there is none."""
    return path.read_text() if path.exists() else ""


def list_installed(place: UnitPlace) -> list[Path]:
    """Return the units that schedbot has installed there."""
    return [path for path in (place.folder / name for name in UNITS) if MARK in read_unit(path)]


def delete(paths: list[Path]) -> None:
    """Delete units."""
    for path in paths:
        path.unlink()


def is_systemd_running() -> bool:
    """Does systemd run this machine?"""
    return Path("/run/systemd/system").is_dir()


def start(place: UnitPlace) -> None:
    """Start the service and the timer. Raises SchedbotError with what systemctl says."""
    hint = "The units are written; start them by hand."
    systemctl(place, ["daemon-reload"], hint)
    systemctl(place, ["enable", "--now", WORK, TIMER], hint)


def disable(place: UnitPlace, paths: list[Path]) -> None:
    """Stop the service and the timer, if their units are among the paths. Raises SchedbotError."""
    names = [path.name for path in paths if path.name in (WORK, TIMER)]
    if names:
        systemctl(place, ["disable", "--now", *names], "No unit was deleted. Run that command by hand, then try again.")


def forget(place: UnitPlace) -> None:
    """Tell systemd that units are deleted. Raises SchedbotError."""
    systemctl(place, ["daemon-reload"], "The units are deleted; run that command by hand.")


def systemctl(place: UnitPlace, arguments: list[str], hint: str) -> None:
    """Run systemctl. Raises SchedbotError with what it says, and with the hint."""
    command = [*place.systemctl, *arguments]
    result = run(command, " ".join(command), hint)
    if result.returncode != 0:
        reason = " ".join(result.stderr.split())[:300]
        raise SchedbotError(f"'{' '.join(command)}' failed: {reason}", hint)


def run(command: list[str], name: str, hint: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of systemd. Raises SchedbotError if it is missing or does not end."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    except OSError as error:
        raise SchedbotError(f"'{name}' cannot be started: {error}", hint) from None
    except subprocess.TimeoutExpired:
        raise SchedbotError(f"'{name}' did not end within {RUN_S} s.", hint) from None
