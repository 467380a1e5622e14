"""Which schedules were ever called so: what is removed keeps its rows, and its jobs are asked for by its name."""

from schedbot.store.database import Database

# Two reads, because the index on names leaves out what is removed.
EXACTLY = """
SELECT id FROM schedules WHERE name = :name AND state <> 'removed'
UNION ALL
SELECT id FROM schedules WHERE name = :name AND state = 'removed'
"""

LIKE = "SELECT id FROM schedules WHERE name GLOB :glob"

# Few enough to be compared one by one.
NEAR = "SELECT DISTINCT name FROM schedules WHERE lower(substr(name, 1, 1)) = lower(substr(:name, 1, 1)) LIMIT 2000"


def exactly(db: Database, name: str) -> list[str]:
    """The ids of the schedules of that name: the one that is there, and those that were removed."""
    return [row[0] for row in db.rows(EXACTLY, {"name": name})]


def like(db: Database, glob: str) -> list[str]:
    """The ids of the schedules, removed ones too, whose name fits a glob (`*`, `?`, `[a-z]`)."""
    return [row[0] for row in db.rows(LIKE, {"glob": glob})]


def near(db: Database, name: str) -> list[str]:
    """Names that begin with the same letter, to find the one that was meant."""
    return [row[0] for row in db.rows(NEAR, {"name": name})]
