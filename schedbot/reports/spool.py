"""Spool: the files of reports on their way to Slack, in a folder beside the database.

A renderer writes a file there, a poster streams it to Slack, and the pool removes it when its job ends: content of a
file goes through no pipe and into no table. Whoever may write the folder of the database could put a link in the place
of the spool, so neither a folder nor a file is opened through a link.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schedbot.errors import SchedbotError

SUFFIX = "-files"
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class SpoolUnusable(SchedbotError):
    """The spool cannot be written: the disk is full, or the folder belongs to another user or is no folder."""


def find_folder(database: Path) -> Path:
    """Return the spool folder of a database."""
    resolved = database.resolve()  # pools may know the database by different paths
    return resolved.with_name(resolved.name + SUFFIX)


def write(folder: Path, content: bytes) -> Path:
    """Write a file of a report into the spool, which is created if it is missing. Return its path.

    The file is complete and on the disk when this returns. Raises SpoolUnusable; then there is no file.
    """
    name = f"{secrets.token_hex(16)}.part"
    with open_folder(folder, creates=True) as descriptor:
        try:
            with open(os.open(name, WRITE_FLAGS, 0o600, dir_fd=descriptor), "wb") as file:
                give_to_owner(file.fileno(), descriptor)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.unlink(name, dir_fd=descriptor)
            raise
    return folder / name


def locate(folder: Path, path: str) -> Path | None:
    """Return where a file that `write` made lies now: the database may have been moved with its spool.

    None for any other path. A renderer runs code of others, and could name any file.
    """
    name = Path(path).name
    return folder / name if re.fullmatch(r"[0-9a-f]{32}\.part", name) else None


def remove(path: Path) -> None:
    """Remove a file of the spool, if it is there. An error leaves it to `list_older`."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def list_older(folder: Path, before_at: int) -> list[Path]:
    """Return the files of the spool that were last written before an instant (UTC milliseconds)."""
    older: list[Path] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.name.endswith(".part") and entry.stat(follow_symlinks=False).st_mtime * 1000 < before_at:
                    older.append(folder / entry.name)
    return older


@contextmanager
def open_folder(folder: Path, *, creates: bool) -> Iterator[int]:
    """Yield a descriptor of the spool folder; `creates`: create the folder if it is missing. Raises SpoolUnusable."""
    try:
        if creates:
            make_folder(folder)
        descriptor = os.open(folder, FOLDER_FLAGS)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unusable(folder, error) from error


def make_folder(folder: Path) -> None:
    """Make the folder, open to its owner alone; root gives it to the owner of the folder above."""
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        return
    if os.geteuid() == 0:
        status = folder.parent.stat()
        os.chown(folder, status.st_uid, status.st_gid, follow_symlinks=False)


def give_to_owner(descriptor: int, folder: int) -> None:
    """Give a new file to the owner of its folder, where this is root."""
    if os.geteuid() == 0:
        status = os.fstat(folder)
        os.fchown(descriptor, status.st_uid, status.st_gid)


def unusable(folder: Path, error: OSError) -> SpoolUnusable:
    """Return the error for a person."""
    reason = (error.strerror or "no access").lower()
    return SpoolUnusable(
        f"The files of reports cannot be written to '{folder}': {reason}.",
        "It must be a folder of the user that runs schedbot, on a disk with free space.",
    )
