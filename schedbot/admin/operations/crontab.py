"""One marked block of the user's crontab: `schedbot tick` once a minute. Every other byte of the crontab stays.

cron reads no profile: it runs the line with /bin/sh, a short PATH and HOME. The line is tried so before it is written.
Source: crontab(5), where `%` means a line break unless it is escaped.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass

from schedbot.admin.operations.installed_program import InstalledProgram
from schedbot.errors import SchedbotError

CRON_PATH = "/usr/bin:/bin"
TRY_S = 60
BEGIN, END = "# BEGIN schedbot {name}", "# END schedbot {name}"
NOTE = "# Written by 'schedbot cron install'; 'schedbot cron remove' deletes these lines."


@dataclass(frozen=True, slots=True)
class CronBlock:
    """The block of an installation. `text` ends with a line break."""

    name: str
    text: str


def build_block(program: InstalledProgram) -> CronBlock:
    """Return the block of the installation. Errors of a tick reach the mail of cron; its result is dropped."""
    command = program.shell_line("tick").replace("%", r"\%")
    lines = [BEGIN.format(name=program.name), NOTE, f"* * * * * {command} >/dev/null", END.format(name=program.name)]
    return CronBlock(program.name, "\n".join(lines) + "\n")


def find_block(crontab: bytes, name: str) -> bytes:
    """Return the block of the installation in a crontab; empty: there is none. Raises SchedbotError for half of one."""
    begin, end = BEGIN.format(name=name).encode() + b"\n", END.format(name=name).encode() + b"\n"
    crontab = crontab if crontab.endswith(b"\n") else crontab + b"\n"
    start = 0 if crontab.startswith(begin) else crontab.find(b"\n" + begin) + 1
    if not crontab[start:].startswith(begin):
        return b""
    stop = crontab.find(end, start)
    if stop < 0:
        raise SchedbotError(
            f"The crontab has the line '{begin.decode().strip()}' and not the line that ends the block.",
            "Repair it with 'crontab -e'.",
        )
    return crontab[start : stop + len(end)]


def replace_block(crontab: bytes, name: str, block: str) -> bytes:
    """Return the crontab with the block in the place of the old one, or at the end. An empty block removes it."""
    old = find_block(crontab, name)
    if old:
        return crontab.replace(old, block.encode(), 1) if old in crontab else crontab[: -len(old) + 1] + block.encode()
    if not block:
        return crontab
    separator = b"" if not crontab or crontab.endswith(b"\n") else b"\n"
    return crontab + separator + block.encode()


def read() -> bytes:
    """Return the user's crontab; empty: there is none. Raises SchedbotError."""
    result = run_crontab(["-l"])
    if result.returncode == 0:
        return result.stdout
    if b"no crontab for" in result.stderr:
        return b""
    raise refused(result)


def write(crontab: bytes) -> None:
    """Replace the user's crontab; an empty one is removed. Raises SchedbotError, and nothing is changed then."""
    result = run_crontab(["-"], crontab) if crontab else run_crontab(["-r"])
    is_removed = not crontab and b"no crontab for" in result.stderr
    if result.returncode != 0 and not is_removed:
        raise refused(result)


def run_crontab(arguments: list[str], content: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run the program `crontab`. Raises SchedbotError if there is none."""
    try:
        return subprocess.run(["crontab", *arguments], input=content, capture_output=True, timeout=TRY_S, check=False)
    except FileNotFoundError:
        hint = "Install it ('apt-get install cron'), or use 'schedbot service install' with systemd."
        raise SchedbotError("The program 'crontab' is not on this machine.", hint) from None
    except subprocess.TimeoutExpired:
        raise SchedbotError(f"The program 'crontab' did not end within {TRY_S} s.", "Try again.") from None


def refused(result: "subprocess.CompletedProcess[bytes]") -> SchedbotError:
    """Return the error of a crontab that cannot be read or written, with what the program says."""
    reason = " ".join(result.stderr.decode(errors="replace").split())[:300] or f"exit code {result.returncode}"
    return SchedbotError(f"The crontab cannot be read or changed: {reason}", "See crontab(1) and /etc/cron.allow.")


def try_line(program: InstalledProgram) -> None:
    """Run a tick that changes nothing in the environment that cron gives. Raises SchedbotError with its error."""
    user = pwd.getpwuid(os.getuid())
    environment = {"HOME": user.pw_dir, "LOGNAME": user.pw_name, "SHELL": "/bin/sh", "PATH": CRON_PATH}
    command = ["/bin/sh", "-c", program.shell_line("tick", "--dry-run")]
    try:
        result = subprocess.run(
            command, env=environment, cwd=user.pw_dir, capture_output=True, text=True, timeout=TRY_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SchedbotError(f"A tick in the environment of cron cannot be tried: {error}.") from None
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        raise SchedbotError(
            f"A tick fails in the environment of cron: {lines[0].removeprefix('Error: ')}",
            lines[1].removeprefix("Hint:").strip() if len(lines) > 1 else "Nothing was changed.",
        )
