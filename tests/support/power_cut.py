"""A disk whose power can fail: beside each of SQLite's files it keeps what the file held at its last xSync.

Of what was written after that sync nothing need have arrived, or all, or some sectors in any order; a deleted or a new
name counts once the folder is synced, which SQLite does with the first sync of a new journal or log
(sqlite.org/atomiccommit.html, part 9). While it is plugged in it is this process's default, over the real files.
"""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
KINDS = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
# How much of what was not synced has arrived, and the seed of the dice: nothing, all, or drawn sectors.
SHARES = [(0.0, 1), (1.0, 2), (0.5, 3), (0.5, 4)]
Write = tuple[int, bytes | None]  # where, and what; None cuts the file off there


@dataclass
class FileState:
    """One file: what is sure to be there (None: not even its name), and what was written since."""

    sure: bytes | None = None
    since: list[Write] = field(default_factory=list)

    def after(self, arrives: Callable[[], bool]) -> bytes:
        """Its content after a cut; `arrives` says of each sector, and each cutting off, whether it was written."""
        held = bytearray(self.sure or b"")
        for at, content in self.since:
            if content is None:
                del held[at if arrives() else len(held) :]
                continue
            for start in range(0, len(content), SECTOR):
                if arrives():
                    part = content[start : start + SECTOR]
                    held.extend(bytes(max(0, at + start - len(held))))
                    held[at + start : at + start + len(part)] = part
        return bytes(held)


Files = dict[str, FileState]


@dataclass(frozen=True)
class PowerCut:
    """The power fails while `syncing` is synced, at the last instant. `seen` is what the witness saw by then."""

    syncing: str
    files: Files
    deleted: Files
    seen: Any

    def lay(self, folder: Path, share: float = 0.0, seed: int = 0) -> Path:
        """Put the files that it left into `folder`: `share` of the writes that nobody had synced have arrived."""
        dice = random.Random(seed)
        folder.mkdir(parents=True)
        names_arrived = dice.random() < share
        left = {name: file for name, file in self.files.items() if names_arrived or file.sure is not None}
        for name, file in (left if names_arrived else left | self.deleted).items():
            (folder / name).write_bytes(file.after(lambda: dice.random() < share))
        return folder


class Disk(apsw.VFS):
    """The disk. With a `witness`, each sync leaves a cut."""

    def __init__(self) -> None:
        super().__init__("power", "unix", makedefault=True)
        self.files: Files = {}
        self.deleted: Files = {}  # since the folder was synced last
        self.witness: Callable[[], Any] | None = None
        self.cuts: list[PowerCut] = []

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        if name is None or not flags[0] & KINDS:
            return apsw.VFSFile("unix", name, flags)
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        if path.name not in self.files:
            self.files[path.name] = FileState(path.read_bytes() if path.exists() else None)
        return DiskFile(self, path.name, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        name = Path(filename).name
        gone = self.files.pop(name, FileState())
        if gone.sure is not None:
            self.deleted[name] = gone
        if syncdir:
            self.sync_folder()

    def sync_folder(self) -> None:
        self.deleted.clear()
        for file in self.files.values():
            file.sure = file.sure or b""

    def cut(self, syncing: str) -> None:
        """Keep what a power cut would leave now, if there is somebody to tell what was seen by then."""
        if self.witness:
            files, deleted = copy.deepcopy((self.files, self.deleted))
            self.cuts.append(PowerCut(syncing, files, deleted, self.witness()))

    def sync(self, name: str) -> None:
        """The file is on the disk; until just now it may not have been."""
        self.cut(name)
        if self.files[name].sure is None:
            self.sync_folder()
        self.files[name] = FileState(self.files[name].after(lambda: True))


class DiskFile(apsw.VFSFile):
    """One open file of the disk's."""

    def __init__(self, disk: Disk, name: str, opened: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__("unix", opened, flags)
        self.disk, self.name = disk, name

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self.disk.files[self.name].since.append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self.disk.files[self.name].since.append((newsize, None))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self.disk.sync(self.name)


@contextmanager
def simulated_disk() -> Iterator[Disk]:
    """A disk for all that this process opens meanwhile; what it opened must be closed by the end."""
    disk = Disk()
    try:
        yield disk
    finally:
        disk.unregister()


def restore_each(cuts: Sequence[PowerCut], folder: Path) -> Iterator[tuple[PowerCut, Path]]:
    """Each cut in each of the SHARES, with the folder where its files now lie."""
    for number, cut in enumerate(cuts):
        for share, seed in SHARES:
            yield cut, cut.lay(folder / f"cut-{number}-{seed}", share, seed)
