"""Whose file is it? Its header says so: `application_id`, and `user_version`, the number of its last migration.

`sqlite3 .dump` keeps neither of them. The tables tell then which number the file had.
"""

import shlex
from pathlib import Path

import apsw

from schedbot.errors import DatabaseUnusable
from schedbot.store.sqlite import migrations

# One statement, so that both are of one commit: another program may be making the file.
MARKS = """
SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
       (SELECT count(*) FROM sqlite_schema)
"""

TABLES = """
SELECT m.type, m.name, c.name FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) c
 WHERE m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""


def check_ours(connection: apsw.Connection, path: Path, scripts: Path = migrations.FOLDER) -> None:
    """Refuse, before anything is written to it, another program's file, and one that has lost its marks."""
    application, seen, tables = connection.execute(MARKS).fetchall()[0]
    is_ours = application == migrations.APPLICATION_ID
    if not tables or (is_ours and seen):
        return
    if number := number_of(connection, scripts):
        raise lost(path, number)
    if is_ours:
        raise DatabaseUnusable(
            f"'{path}' is no whole copy of a database of schedbot's: its schema has no number.",
            "Restore a backup; sqlite3's '.backup' makes whole copies.",
        )
    raise DatabaseUnusable(
        f"'{path}' is the database of another program.",
        "Name schedbot's own with --database, or make one: 'schedbot init'.",
    )


def number_of(connection: apsw.Connection, scripts: Path) -> int | None:
    """The number of the migration that leaves tables like these; None: none does."""
    found, made, held = None, apsw.Connection(":memory:"), tables_of(connection)
    for number, script in migrations.after(0, scripts):
        made.execute(script).fetchall()
        found = number if tables_of(made) == held else found
    made.close()
    return found


def tables_of(connection: apsw.Connection) -> set[tuple[object, ...]]:
    return {tuple(row) for row in connection.execute(TABLES).fetchall()}


def lost(path: Path, number: int) -> DatabaseUnusable:
    marks = f"PRAGMA application_id = {migrations.APPLICATION_ID}; PRAGMA user_version = {number}"
    return DatabaseUnusable(
        f"'{path}' has schedbot's tables and not its marks: a dump that is read back loses them.",
        f"If its rows are whole: sqlite3 {shlex.quote(str(path))} '{marks}; PRAGMA journal_mode = WAL'. "
        "Whole copies are made by '.backup'.",
    )
