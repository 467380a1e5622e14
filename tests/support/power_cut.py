"""Simulation of a power cut: a SQLite VFS that keeps, beside each real file, its content at the last xSync.

After a cut, none, all or some sectors of the later writes are on the disk, in any order. A new or deleted name is on
the disk once the folder is synced, which SQLite does with the first sync of a new journal or log
(sqlite.org/atomiccommit.html, part 9). `simulated_disk` makes it the default VFS of this process.
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
# Share of the unsynced writes that reached the disk, and the random seed: none, all, or random sectors.
SHARES = [(0.0, 1), (1.0, 2), (0.5, 3), (0.5, 4)]
Write = tuple[int, bytes | None]  # offset and content; None truncates the file at the offset


@dataclass
class FileState:
    """Content of a file at its last sync (None: not even its name is on the disk), and the writes after the sync."""

    synced: bytes | None = None
    unsynced: list[Write] = field(default_factory=list)

    def after_cut(self, is_written: Callable[[], bool]) -> bytes:
        """Return the content after a cut. `is_written` decides for each sector and each truncation."""
        content_after = bytearray(self.synced or b"")
        for at, chunk in self.unsynced:
            if chunk is None:
                del content_after[at if is_written() else len(content_after) :]
                continue
            for start in range(0, len(chunk), SECTOR):
                if is_written():
                    part = chunk[start : start + SECTOR]
                    content_after.extend(bytes(max(0, at + start - len(content_after))))
                    content_after[at + start : at + start + len(part)] = part
        return bytes(content_after)


Files = dict[str, FileState]


@dataclass(frozen=True)
class PowerCut:
    """A power cut at the end of the sync of file `syncing`. `observed` is the result of the observer at that moment."""

    syncing: str
    files: Files
    deleted: Files
    observed: Any

    def restore(self, folder: Path, share: float = 0.0, seed: int = 0) -> Path:
        """Write the files left by the cut into `folder`, with `share` of the unsynced writes."""
        dice = random.Random(seed)
        folder.mkdir(parents=True)
        names_written = dice.random() < share
        remaining = {name: file for name, file in self.files.items() if names_written or file.synced is not None}
        for name, file in (remaining if names_written else remaining | self.deleted).items():
            (folder / name).write_bytes(file.after_cut(lambda: dice.random() < share))
        return folder


class Disk(apsw.VFS):
    """The VFS. With an `observer`, each sync records a power cut."""

    def __init__(self) -> None:
        super().__init__("power", "unix", makedefault=True)
        self.files: Files = {}
        self.deleted: Files = {}  # since the last sync of the folder
        self.observer: Callable[[], Any] | None = None
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
        removed = self.files.pop(name, FileState())
        if removed.synced is not None:
            self.deleted[name] = removed
        if syncdir:
            self.sync_folder()

    def sync_folder(self) -> None:
        self.deleted.clear()
        for file in self.files.values():
            file.synced = file.synced or b""

    def cut(self, syncing: str) -> None:
        """Record the files that a power cut leaves now, if there is an observer."""
        if self.observer:
            files, deleted = copy.deepcopy((self.files, self.deleted))
            self.cuts.append(PowerCut(syncing, files, deleted, self.observer()))

    def sync(self, name: str) -> None:
        """Mark a file as synced, after a cut just before that."""
        self.cut(name)
        if self.files[name].synced is None:
            self.sync_folder()
        self.files[name] = FileState(self.files[name].after_cut(lambda: True))


class DiskFile(apsw.VFSFile):
    """An open file of a Disk."""

    def __init__(self, disk: Disk, name: str, opened: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__("unix", opened, flags)
        self.disk, self.name = disk, name

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        self.disk.files[self.name].unsynced.append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self.disk.files[self.name].unsynced.append((newsize, None))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self.disk.sync(self.name)


@contextmanager
def simulated_disk() -> Iterator[Disk]:
    """Simulate the disk of every database opened in this process meanwhile. All must be closed at the end."""
    disk = Disk()
    try:
        yield disk
    finally:
        disk.unregister()


def restore_each(cuts: Sequence[PowerCut], folder: Path) -> Iterator[tuple[PowerCut, Path]]:
    """Yield each cut in each of the SHARES, with the folder that holds its files."""
    for number, cut in enumerate(cuts):
        for share, seed in SHARES:
            yield cut, cut.restore(folder / f"cut-{number}-{seed}", share, seed)
