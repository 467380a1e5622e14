"""ChangeLinks: entries of the hash chain for the changes of new schedules, computed while no lock is held.

The text of a row is the JSON array that SQLite makes of it at the end of other transactions (`chain_entries`).
"""

from json.encoder import encode_basestring as quote

from schedbot.store.sqlite.chain_entries import LAYOUT, MOST_ENTRIES, RowKind, digest


class ChangeLinks:
    """Entries of changes, link by link. `first`: number of the first change."""

    def __init__(self, first: int, now: int, actor: str, host: str, command: str) -> None:
        self.next = first
        self.head = f"{now},{quote(actor)},{quote(host)},{quote(command)}"
        self.links: list[bytes] = []
        self.entries: list[bytes] = []

    def add(self, workspace_id: str, schedule_id: str, name: str, after: str) -> None:
        """Add the entry of the next change: a schedule that is new."""
        number = self.next
        self.next = number + 1
        text = (
            f'[{number},{self.head},"{workspace_id}","schedule","{schedule_id}",{quote(name)},null,{quote(after)},null]'
        )
        self.entries.append(LAYOUT.pack(RowKind.CHANGE, number, 0, digest(text)))
        if len(self.entries) >= MOST_ENTRIES:
            self.end_link()

    def end(self) -> list[bytes]:
        """Return the entries of all changes, link by link."""
        self.end_link()
        return self.links

    def end_link(self) -> None:
        """Let the next entry begin another link."""
        self.links.append(b"".join(self.entries))
        self.entries.clear()
