"""The only SQL of schedbot: one SQLite file, reached through apsw, one module for each act."""
