"""Journal of the refreshes of a team's token, a private file: written before a refresh and before the store.

A refresh token works once. So the start of its use is written first, then the new pair, and only then the store.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from schedbot.file_access import replace_file


@dataclass(frozen=True, slots=True)
class RefreshRecord:
    """Last use of a refresh token, which is named by its hash.

    `began_at`: seconds since 1970. `uses`: how often it was sent to Slack. `problem`: why there is no new pair; empty
    after a process that was killed. `is_final`: Slack will never take it. `bot`: the new pair, until the store has it.
    """

    refresh: str
    began_at: float
    uses: int = 1
    problem: str = ""
    is_final: bool = False
    bot: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RefreshJournal:
    """The file of one team."""

    path: Path

    def read(self) -> RefreshRecord | None:
        """Return the record; None without a file. Raises OSError and ValueError."""
        try:
            return RefreshRecord(**json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None

    def write(self, record: RefreshRecord) -> None:
        """Replace the file at once, on the disk. Raises SchedbotError."""
        replace_file(self.path, json.dumps(asdict(record), default=datetime.isoformat), 0o600)

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)


def fingerprint(refresh_token: str | None) -> str:
    return hashlib.sha256((refresh_token or "").encode()).hexdigest()
