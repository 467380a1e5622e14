"""Remove files of reports from this machine: those of jobs that have ended, and older ones that no job names."""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from schedbot.clock import steady_ms
from schedbot.reports import spool
from schedbot.store.jobs import message_files
from schedbot.worker.state.in_flight import InFlight

SWEEP_MS = 3_600_000
ORPHAN_MS = 86_400_000  # a file may be written this long before its job is stored


@dataclass(slots=True)
class SpoolCleaner:
    """Cleans the spool of this pool's database. `swept_at`: of the last search for files without a job (steady)."""

    in_flight: InFlight
    folder: Path = field(init=False)
    swept_at: int | None = None

    def __post_init__(self) -> None:
        self.folder = spool.find_folder(self.in_flight.session.settings.database)

    def clean(self) -> None:
        """Remove the files of ended jobs; once an hour also those that no job names."""
        db = self.in_flight.session.db
        if paths := message_files.list_ended_paths(db):
            self.remove(paths)
            self.in_flight.writes.add(partial(message_files.record_removed, paths=json.dumps(paths)))
        if self.swept_at is None or steady_ms() - self.swept_at >= SWEEP_MS:
            self.swept_at = steady_ms()
            older = spool.list_older(self.folder, self.in_flight.session.now() - ORPHAN_MS)
            named = {Path(path).name for path in message_files.list_paths(db)} if older else set()
            self.remove([str(path) for path in older if path.name not in named])

    def remove(self, paths: list[str]) -> None:
        """Remove files of the spool, and nothing else."""
        for path in paths:
            if file := spool.locate(self.folder, path):
                spool.remove(file)
