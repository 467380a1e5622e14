"""Access rights of files: private when they are made, and trusted only where nobody else can write them."""

import errno
import os
import pwd
import stat
from pathlib import Path

from schedbot.errors import BadInput, SchedbotError
from schedbot.text_input import quote

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def private_opener(path: str, flags: int) -> int:
    """Opener for `open`: a file that it makes is readable by its owner alone, whatever the umask is."""
    return os.open(path, flags, 0o600)


def open_regular_file(path: str | Path) -> int:
    """Return a descriptor to read a file. Raises OSError, also for a link and for what is no regular file."""
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise FileNotFoundError(errno.ENOENT, "not a regular file", str(path))


def make_folder(path: Path) -> None:
    """Make a folder and the missing ones above it. Only their owner can write them, whatever the umask is."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(0o755, exist_ok=True)


def sync_to_disk(path: Path) -> None:
    """Put the content of a file on the disk, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def user_name(uid: int) -> str:
    """Return the name of a user, or the number as text."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner_name(path: Path) -> str:
    """Return the name of a file's owner; of a link, the link's own. `nobody known` where it cannot be read."""
    try:
        return user_name(path.lstat().st_uid)
    except OSError:
        return "nobody known"


def explain_mistrust(status: os.stat_result) -> str:
    """Return why a file that was found is not trusted, or '': its owner or its mode lets others write it."""
    if status.st_uid not in (os.geteuid(), 0):
        own = " or ".join(dict.fromkeys((user_name(os.geteuid()), "root")))
        return f"belongs to {user_name(status.st_uid)}, not to {own}"
    return explain_writers(status)


def explain_writers(status: os.stat_result) -> str:
    """Return `can be written by others (mode 0666)`, or '' for a file that only its owner may write."""
    mode = stat.S_IMODE(status.st_mode)
    return f"can be written by others (mode {mode:04o})" if mode & OTHERS_WRITE else ""


def refuse_untrusted(path: Path, status: os.stat_result, kind: str, option: str) -> None:
    """Raise BadInput for a file that was found, and that somebody else could have written: it may name commands."""
    if reason := explain_mistrust(status):
        import shlex

        is_foreign = status.st_uid not in (os.geteuid(), 0)
        change = f"chown {user_name(os.geteuid())} {shlex.quote(str(path))}" if is_foreign else protect_command(path)
        raise BadInput(
            f"The {kind} '{path}' was found, not named, and it {reason}.",
            f"If you trust it, name it: {option} {shlex.quote(str(path))}. If it is to be yours: {change}",
        )


def refuse_writers(path: Path, status: os.stat_result) -> None:
    """Raise BadInput for a configuration file that others may write, and that names a command."""
    if reason := explain_writers(status):
        raise BadInput(f"The configuration file '{path}' names commands or code, and {reason}.", protect_command(path))


def protect_command(path: Path) -> str:
    """Return the command after which only its owner can write a file or a folder."""
    import shlex

    return f"chmod go-w {shlex.quote(str(path))}"


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file in one step: a reader sees the old or the new one, whole. By default everybody may read it.

    Raises SchedbotError if it cannot be written; the old one stays then.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        hint = "Name a file in a folder that this user may write."
        raise SchedbotError(f"{quote(str(path))} cannot be written: {reason}.", hint) from None
