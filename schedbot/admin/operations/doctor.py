"""Is the set-up sound? One finding a line: what was looked at, what was seen, and what helps.

Rule: nothing is changed, every check runs whatever the others found, and no token is shown.
"""

import os
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schedbot import settings, times
from schedbot.admin.operations import health
from schedbot.admin.schedules import refresh_user_zones
from schedbot.admin.workspaces import check as workspace_check
from schedbot.errors import SchedbotError, TokenUnavailable
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack import tokens
from schedbot.store.opening import open_database
from schedbot.store.operations.health import read_vitals
from schedbot.store.schedules import workspace_usage, workspaces
from schedbot.store.schedules.workspaces import Workspace
from schedbot.store.sqlite import integrity, wake_fifo

ROOM_BYTES = 200 * 1024 * 1024
# WAL needs memory that all processes share: sqlite.org/wal.html
OVER_A_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs")
MOUNTS = Path("/proc/mounts")
THERE = "there; 'doctor --online' tries it"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. `remedy` is empty when all is well."""

    check: str
    seen: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Is nothing to be done?"""
        return not self.remedy


def examine(now: Callable[[], int], online: bool) -> Iterator[Finding]:
    """All checks, one after the other; `online` asks Slack too. What stands on something broken is left out."""
    yield Finding("zone data", "{} of the {}".format(*times.zone_data_version()))
    try:
        said = settings.load()
    except SchedbotError as error:
        yield trouble("settings", error)
        return
    yield Finding("settings", str(said.config) if said.config else "no file: defaults and environment")
    try:
        db = open_database(said.database)
    except SchedbotError as error:
        yield trouble("database", error)
        return
    try:
        yield from examine_open(Session(said, db, now), online)
    finally:
        db.close()


def examine_open(session: Session, online: bool) -> Iterator[Finding]:
    """The checks that need the database."""
    yield database(session)
    yield mode(session.db.path)
    yield sqlite()
    yield disk(session.db.path.parent)
    yield filesystem(session.db.path)
    every = workspaces.every(session.db)
    for workspace in every:
        unused = len(every) > 1 and not workspace_usage.schedules(session.db, workspace.id)
        found = token(session.settings, workspace, unused)
        yield online_token(session, workspace) if online and found.seen == THERE else found
    for user, seen, remedy in refresh_user_zones.find_unanswered(session):
        yield Finding(f"zone of {user}", seen, remedy)
    yield tick(session)
    yield pools(session)


def trouble(check: str, error: SchedbotError) -> Finding:
    """What an error says, as a finding."""
    return Finding(check, str(error), error.hint or "See to it, then run 'schedbot doctor' again.")


def database(session: Session) -> Finding:
    """The file is whole."""
    found = integrity.damage(session.db)
    if found:
        remedy = "Stop schedbot, keep a copy of the file, and restore a backup, or see sqlite.org/recovery.html."
        return Finding("database", f"{session.db.path} is damaged: {found[0]}", remedy)
    return Finding("database", f"{session.db.path}, schema {integrity.schema(session.db)[0]}, whole")


def mode(path: Path) -> Finding:
    """Only its owner can read it: it holds what customers are told."""
    bits = stat.S_IMODE(path.stat().st_mode)
    remedy = f"chmod 600 {path}" if bits & 0o077 else ""
    return Finding("its mode", f"{bits:04o}{': others can read it' if remedy else ''}", remedy)


def sqlite() -> Finding:
    """No version that can corrupt the file."""
    remedy = "Install apsw 3.51.3 or newer." if integrity.is_faulty_sqlite() else ""
    return Finding("SQLite", integrity.sqlite_version(), remedy)


def disk(folder: Path) -> Finding:
    """There is room to write."""
    free = shutil.disk_usage(folder).free
    remedy = f"Make room on the disk of {folder}." if free < ROOM_BYTES else ""
    return Finding("disk", f"{free // 1024**2:,} MB free", remedy)


def filesystem(path: Path) -> Finding:
    """The file is on a disk of this machine."""
    kind = kind_of_filesystem(path.resolve())
    remedy = "Move the database to a local disk." if kind.startswith(OVER_A_NETWORK) else ""
    return Finding("filesystem", kind or "unknown", remedy)


def kind_of_filesystem(path: Path) -> str:
    """The type of the mount that holds `path`, or nothing where the system does not say."""
    try:
        mounts = [line.split()[1:3] for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    holding = [(point, kind) for point, kind in mounts if path.is_relative_to(point.replace("\\040", " "))]
    return max(holding, key=lambda mount: len(mount[0]), default=("", ""))[1]


def token(said: Settings, workspace: Workspace, unused: bool) -> Finding:
    """A token is where it is said to be, and looks like one."""
    subject = f"token of {workspace.name}"
    try:
        workspace_check.find_token(said, workspace)
    except TokenUnavailable as error:
        if workspace.token.kind == tokens.SETTING and unused:
            return Finding(subject, "none, and no schedule uses it")
        return trouble(subject, error)
    return Finding(subject, THERE)


def online_token(session: Session, workspace: Workspace) -> Finding:
    """Slack takes the token, and it may do what is needed."""
    subject = f"token of {workspace.name}"
    checked = workspace_check.check(session, workspace, channels=False)
    if checked.problem:
        return Finding(subject, checked.problem, checked.remedy)
    if checked.missing:
        scopes = ", ".join(scope for scope, _ in checked.missing)
        remedy = (
            f"Add them and reinstall the app: 'schedbot workspace check {shlex.quote(workspace.name)}' says what for."
        )
        return Finding(subject, f"{checked.team}: scopes are missing: {scopes}", remedy)
    return Finding(subject, f"{checked.team}, {checked.url}, posts as {checked.bot}")


def tick(session: Session) -> Finding:
    """cron runs a tick each minute."""
    seen = read_vitals(session.db, session.now())
    told = "never ran" if seen.tick_at is None else f"ran {times.format_relative(seen.tick_at, seen.now)}"
    late = seen.tick_at is None or seen.now - seen.tick_at > health.TICK_LATE_MS
    remedy = "Let cron run it each minute: '* * * * * schedbot tick' (see crontab.example)." if late else ""
    return Finding("tick", told, remedy)


def pools(session: Session) -> Finding:
    """Each pool that runs can be woken, and is of this version."""
    seen = read_vitals(session.db, session.now())
    running = seen.pools
    listening = sum(map(is_heard, session.db.path.parent.glob(f"{session.db.path.name}-*{wake_fifo.ENDING}")))
    told = f"{health.counted(running, 'runs', 'run')}, {health.counted(listening, 'listens', 'listen')} for wake-ups"
    if seen.other_programs:
        told = " ".join([f"{told}.", *(health.another(*pool) for pool in seen.other_programs)])
        return Finding("pools", told, "Restart 'schedbot work'.")
    if running == 0 and health.oldest_due_ms(seen) > health.DUE_LATE_MS:
        waited = times.format_duration(health.oldest_due_ms(seen))
        return Finding("pools", f"0 run, and a job that is due has waited for {waited}", "Start 'schedbot work'.")
    remedy = "Its wake-up FIFO beside the database is gone: restart 'schedbot work'." if running > listening else ""
    return Finding("pools", told, remedy)


def is_heard(fifo: Path) -> bool:
    """Does somebody read from the FIFO?"""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True
