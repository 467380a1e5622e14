"""Location of a database file: its machine, path, device and inode. A copy of the file has another location.

/etc/machine-id names a machine for as long as it is installed; it is kept only as a hash, as machine-id(5) asks. Where
it is missing, as in containers, machines are told apart by their boots and host names. A copy of a virtual machine has
the machine-id and the host name of the original, but other network cards: two machines have none in common. A container
has no card of its own.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from schedbot.errors import DatabaseMissing, DatabaseUnusable
from schedbot.store.database import DatabaseLost

MACHINE_ID = Path("/etc/machine-id")
CARDS = Path("/sys/class/net")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Location(NamedTuple):
    """Location of a file; `machine` and `boot` are '' where the system does not tell.

    `cards`: addresses of the machine's network cards, with commas; '' where none is known.
    """

    machine: str
    boot: str
    host: str
    path: str
    device: int
    inode: int
    cards: str = ""

    def is_on_machine_of(self, other: "Location") -> bool:
        """Are both on one machine?"""
        if self.has_other_cards(other):
            return False
        if self.machine and other.machine:
            return self.machine == other.machine
        return self.boot == other.boot != "" or self.host == other.host

    def has_other_cards(self, other: "Location") -> bool:
        """Are the network cards of both known, and none of them the same?"""
        own, others = set(self.cards.split(",")), set(other.cards.split(","))
        return bool(self.cards and other.cards) and own.isdisjoint(others)

    def name_machine(self, other: "Location") -> str:
        """Return the name of its machine, seen from another one, which may have the same name."""
        if self.host == other.host and self.has_other_cards(other):
            return f"another machine named '{self.host}', which has other network cards"
        return f"the machine '{self.host}'"

    def is_of(self, path: Path) -> bool:
        """Is it the location of the file at `path`, on this machine since its boot? Cheaper than `locate`."""
        present = (read_line(BOOT_ID), os.uname().nodename, str(path.absolute()), *find_file(path), read_cards())
        return self.boot != "" and self[1:] == present

    def is_there(self) -> bool:
        """Is the file still at this location? Only for a location on this machine."""
        return find_file(Path(self.path)) == (self.device, self.inode)


def find_file(path: Path) -> tuple[int, int]:
    """Return device and inode of the file at a path; (0, 0) without one."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def locate(path: Path) -> Location:
    """Return the location of a file on this machine."""
    import hashlib

    machine_id = read_line(MACHINE_ID)
    machine = hashlib.sha256(f"schedbot {machine_id}".encode()).hexdigest()[:32] if machine_id else ""
    place = (str(path.absolute()), *find_file(path))
    return Location(machine, read_line(BOOT_ID), os.uname().nodename, *place, read_cards())


def read_cards() -> str:
    """Return the permanent addresses of the network cards, sorted; '' if there are none, or they cannot be read.

    Virtual interfaces have no device; an address that was set is not permanent.
    """
    cards = []
    for name in os.listdir(CARDS) if os.path.isdir(CARDS) else ():
        card = f"{CARDS}/{name}"
        if os.path.exists(f"{card}/device") and read_line(f"{card}/addr_assign_type") == "0":
            cards.append(read_line(f"{card}/address"))
    return ",".join(sorted(filter(None, cards)))


def read_line(path: Path | str) -> str:
    """Return the content of a short file; '' if it cannot be read."""
    with suppress(OSError), open(path, "rb", buffering=0) as file:
        return file.read().decode().strip()
    return ""


def refuse_lost(path: Path, file: tuple[int, int]) -> None:
    """Raise DatabaseLost if the file at the path is no longer the open one."""
    current = find_file(path)
    if current == file:
        return
    change = "was replaced by another file" if any(current) else "was deleted"
    raise DatabaseLost(
        f"The database '{path}' {change} while schedbot used it.",
        "Nothing more was posted from the old file. Check the file, then start the command again.",
    )


def refuse_missing(path: Path) -> None:
    """Refuse a path without a database. SQLite would take an empty file for a database without tables."""
    refuse_folder(path)
    if not path.is_file():
        raise DatabaseMissing(
            f"There is no database at '{path}'.", "Make one with 'schedbot init', or name another with --database."
        )
    if path.stat().st_size == 0:
        raise DatabaseUnusable(
            f"The file '{path}' is empty.", "Make it a database with 'schedbot init', or name another with --database."
        )


def refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise DatabaseMissing(f"'{path}' is a folder.", "Name the database's file with --database.")
