"""Versions of SQLite that corrupt a file which a pool and a tick write at the same time."""

from schedbot.errors import DatabaseUnusable

# sqlite.org/wal.html, "walresetbug": two connections can corrupt the file.
FAULTY_VERSIONS = range(3_007_000, 3_051_003)


def refuse_faulty_sqlite(version: int) -> None:
    """Refuse versions of SQLite that corrupt a file which a pool and a tick write at the same time."""
    if version in FAULTY_VERSIONS:
        text = f"{version // 1_000_000}.{version // 1000 % 1000}.{version % 1000}"
        raise DatabaseUnusable(f"SQLite {text} can corrupt the database.", "Install apsw 3.51.3 or newer.")
