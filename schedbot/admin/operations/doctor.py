"""`doctor`: check the installation. Each check gives one result with its remedy.

Nothing is changed, no token is shown, and every check runs whatever the others find.
"""

import glob
import os
import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from schedbot import settings, times
from schedbot.admin.operations import health, record_checks
from schedbot.admin.operations.check_result import CheckResult as CheckResult
from schedbot.admin.schedules import pause_all, refresh_user_zones
from schedbot.admin.workspaces import check as workspace_check
from schedbot.errors import SchedbotError, TokenUnavailable
from schedbot.file_access import explain_writers, protect_command
from schedbot.session import Session
from schedbot.settings import Settings
from schedbot.slack import tokens
from schedbot.store.open_database import open_database
from schedbot.store.operations.health import Vitals, read_vitals
from schedbot.store.schedules import workspace_usage, workspaces
from schedbot.store.schedules.workspaces import Workspace
from schedbot.store.sqlite import companion_files, database_checks, wake_fifo

MOST_BYTES = 128 * 1024 * 1024  # of a database that is read whole, in less than a second
MIN_FREE_BYTES = 200 * 1024 * 1024
# WAL needs memory that all processes share: sqlite.org/wal.html
NETWORK_FILESYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs")
MOUNTS = Path("/proc/mounts")
UNTESTED_TOKEN = "set; 'schedbot doctor --online' tests it"
UNTESTED_COMMAND = "a command; 'schedbot doctor --online' runs it and tests the token"
UNTESTED = (UNTESTED_TOKEN, UNTESTED_COMMAND)
RESTART = "Restart 'schedbot work'."


def run_checks(
    now: Callable[[], int], online: bool, known_head: str | None = None, is_full: bool = False
) -> Iterator[CheckResult]:
    """Yield all results; `online` asks Slack too. Checks that need a broken part are not run.

    With `known_head` the hash chain is verified: the hash of a former head, or ''. `is_full`: a large database is read
    whole, and its books are compared.
    """
    version, source = times.zone_data_version()
    yield CheckResult("time zone data", f"{version} ({source})")
    try:
        config = settings.load()
    except SchedbotError as error:
        yield from_error("settings", error)
        return
    yield CheckResult("settings", str(config.config) if config.config else "no file; defaults and environment")
    try:
        db = open_database(config.database)
    except SchedbotError as error:
        yield from_error("database", error)
        if config.database.parent.is_dir():
            yield check_disk(config.database.parent)
        return
    try:
        session = Session(config, db, now)
        yield from check_database(session, online, is_full)
        if known_head is not None:
            yield record_checks.check_chain(session, known_head)
    finally:
        db.close()


def check_database(session: Session, online: bool, is_full: bool = True) -> Iterator[CheckResult]:
    """Yield the results that need the database."""
    yield check_integrity(session, is_full)
    yield check_permissions(session.db.path)
    yield check_folder(session.db.path.parent)
    yield from check_companions(session.db.path)
    yield check_sqlite()
    yield check_disk(session.db.path.parent)
    yield check_filesystem(session.db.path)
    all_workspaces = workspaces.list_all(session.db)
    for workspace in all_workspaces:
        is_unused = len(all_workspaces) > 1 and not workspace_usage.count_schedules(session.db, workspace.id)
        result = check_token(session.settings, workspace, is_unused)
        yield check_token_online(session, workspace) if online and result.detail in UNTESTED else result
    for user, detail, remedy in refresh_user_zones.find_unanswered(session):
        yield CheckResult(f"time zone of {user}", detail, remedy)
    signs = read_vitals(session.db, session.now())
    if signs.pause_of_all:
        detail, remedy = health.pause_of_all(signs.pause_of_all), f"Run '{pause_all.RESUME}' to end the pause."
        yield CheckResult("posts", detail.partition(" 'schedbot")[0], remedy, is_warning=True)
    if signs.refused:
        yield from_error("owner", signs.refused)
    yield check_tick(signs)
    yield check_workers(session, signs)
    yield record_checks.check_books(session, is_full)


def from_error(check: str, error: SchedbotError) -> CheckResult:
    return CheckResult(check, str(error), error.hint or "Fix this, then run 'schedbot doctor' again.")


def check_integrity(session: Session, is_full: bool = True) -> CheckResult:
    size = session.db.path.stat().st_size
    if size > MOST_BYTES and not is_full:
        detail = f"{session.db.path}, schema {database_checks.schema_numbers(session.db)[0]}"
        return CheckResult("database", f"{detail}, {size // 1024**2:,} MB: not read whole, as 'doctor --full' does")
    damage = database_checks.list_damage(session.db)
    if damage:
        remedy = "Stop schedbot, keep a copy of the file, and restore a backup, or see sqlite.org/recovery.html."
        return CheckResult("database", f"{session.db.path} is damaged: {damage[0]}", remedy)
    return CheckResult(
        "database", f"{session.db.path}, schema {database_checks.schema_numbers(session.db)[0]}, not damaged"
    )


def check_permissions(path: Path) -> CheckResult:
    """Check that only the owner can read the database: it holds customers' messages."""
    bits = stat.S_IMODE(path.stat().st_mode)
    remedy = f"Run 'chmod 600 {shlex.quote(str(path))}'." if bits & 0o077 else ""
    return CheckResult("database permissions", f"{bits:04o}{', readable by others' if remedy else ''}", remedy)


def check_folder(folder: Path) -> CheckResult:
    """Check that only its owner may put files beside the database."""
    reason = explain_writers(folder.stat())
    remedy = f"Run '{protect_command(folder)}'." if reason else ""
    return CheckResult("database folder", f"{folder}{', ' + reason if reason else ''}", remedy, is_warning=bool(reason))


def check_sqlite() -> CheckResult:
    """Check for SQLite versions that can corrupt the file."""
    remedy = "Install apsw 3.51.3 or newer." if database_checks.is_faulty_sqlite() else ""
    return CheckResult("SQLite", database_checks.sqlite_version(), remedy)


def check_companions(path: Path) -> Iterator[CheckResult]:
    """Yield a problem for each lock file that cannot be used: no command could write then."""
    for lock in sorted(path.parent.glob(f"{glob.escape(path.name)}-*lock")):
        try:
            os.close(companion_files.open_lock_file(lock, path))
        except SchedbotError as error:
            yield from_error("lock file", error)


def check_disk(folder: Path) -> CheckResult:
    free = shutil.disk_usage(folder).free
    remedy = f"Free some space on the disk of {folder}." if free < MIN_FREE_BYTES else ""
    return CheckResult("disk space", f"{free // 1024**2:,} MB free", remedy)


def check_filesystem(path: Path) -> CheckResult:
    """Check that the database is on a local disk."""
    kind = filesystem_of(path.resolve())
    remedy = "Move the database to a local disk." if kind.startswith(NETWORK_FILESYSTEMS) else ""
    return CheckResult("filesystem", kind or "unknown", remedy)


def filesystem_of(path: Path) -> str:
    """Return the type of the mount that holds `path`; empty if the system does not tell."""
    try:
        mounts = [line.split()[1:3] for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    holding = [(point, kind) for point, kind in mounts if path.is_relative_to(point.replace("\\040", " "))]
    return max(holding, key=lambda mount: len(mount[0]), default=("", ""))[1]


def check_token(config: Settings, workspace: Workspace, is_unused: bool) -> CheckResult:
    """Check that the token source gives something that looks like a token. A command is not run."""
    check = f"token of {workspace.name}"
    try:
        source = tokens.resolve_source(workspace.token, config.token, workspace.name)
        if source.kind == "command":
            return CheckResult(check, UNTESTED_COMMAND)
        tokens.read_token(source)
        problem, remedy = workspace_check.find_rotation_problem(config, workspace)
        if problem:
            return CheckResult(check, problem, remedy)
    except TokenUnavailable as error:
        if workspace.token.kind == tokens.SETTING and is_unused:
            return CheckResult(check, "not set; no schedule uses it")
        return from_error(check, error)
    return CheckResult(check, UNTESTED_TOKEN)


def check_token_online(session: Session, workspace: Workspace) -> CheckResult:
    """Check that Slack accepts the token, and that it has the scopes."""
    check = f"token of {workspace.name}"
    result = workspace_check.check(session, workspace, channels=False)
    if result.problem:
        return CheckResult(check, result.problem, result.remedy)
    scopes = ", ".join(scope.name for scope in result.missing if scope.is_expected)
    if scopes:
        command = f"schedbot workspace check {shlex.quote(workspace.name)}"
        remedy = f"Add them and reinstall the app. '{command}' shows why each is needed."
        return CheckResult(check, f"{result.team}: missing scopes: {scopes}", remedy)
    return CheckResult(check, f"{result.team}, {result.url}, posts as {result.bot}")


def check_tick(signs: Vitals) -> CheckResult:
    if problems := health.clock_problems(signs):
        return CheckResult("tick", "ran in the future", problems[0].sentence)
    detail = "never ran" if signs.tick_at is None else f"last ran {times.format_relative(signs.tick_at, signs.now)}"
    is_late = signs.tick_at is None or signs.now - signs.tick_at > health.TICK_LATE_MS
    remedy = "Run it from cron each minute: '* * * * * schedbot tick' (see crontab.example)." if is_late else ""
    return CheckResult("tick", detail, remedy)


def check_workers(session: Session, signs: Vitals) -> CheckResult:
    """Check that pools run, that each can be woken, and that all have this version."""
    running = signs.pools
    fifos = session.db.path.parent.glob(f"{session.db.path.name}-*{wake_fifo.SUFFIX}")
    listening = sum(map(has_reader, fifos))
    detail = f"{health.count(running, 'pool', 'pools')} running, {listening} listening for wake-ups"
    if signs.other_pools:
        versions = " ".join(health.version_mismatch(pool.name, pool.program) for pool in signs.other_pools)
        return CheckResult("workers", f"{detail}. {versions}", RESTART)
    if running == 0 and health.oldest_due_ms(signs) > health.DUE_LATE_MS:
        waited = times.format_duration(health.oldest_due_ms(signs))
        return CheckResult("workers", f"none running, and a due job has waited for {waited}", "Start 'schedbot work'.")
    if problems := health.pool_problems(signs, session.settings.expect_pool):
        return CheckResult("workers", "none running", problems[0].sentence)
    if running == 0:
        remedy = "Start 'schedbot work', or let cron run 'schedbot work --drain'."
        return CheckResult("workers", "none running", remedy, is_warning=True)
    remedy = f"The wake-up FIFO beside the database is missing. {RESTART}" if running > listening else ""
    return CheckResult("workers", detail, remedy)


def has_reader(fifo: Path) -> bool:
    """Does a process read from the FIFO?"""
    try:
        os.close(companion_files.open_fifo_writer(fifo))
    except (OSError, SchedbotError):
        return False
    return True
