"""The database: the interface of an engine, the SQLite engine, and all statements of schedbot."""
