"""The header of the database file names its program: `application_id`, and `user_version`, the schema's number."""

from pathlib import Path

import apsw

from schedbot.errors import DatabaseUnusable
from schedbot.store.sqlite import migrations

# One statement, so that all values are of one commit: another program may be making the file.
HEADER = """
SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
       (SELECT count(*) FROM sqlite_schema)
"""


def refuse_other_programs(connection: apsw.Connection, path: Path) -> None:
    """Raise DatabaseUnusable, before anything is written, for another program's file and for an incomplete copy."""
    application_id, schema, tables = connection.execute(HEADER).fetchall()[0]
    if not tables:
        return
    if application_id != migrations.APPLICATION_ID:
        raise DatabaseUnusable(
            f"'{path}' is not a database of schedbot.",
            "Name another with --database, or make one with 'schedbot init'. A dump is not a backup.",
        )
    if not schema:
        raise DatabaseUnusable(
            f"'{path}' is an incomplete copy of a database: its schema has no number.",
            "Restore a backup. The '.backup' command of sqlite3 makes complete copies.",
        )
