"""SQLite engine: connection, locks, errors, migrations."""
