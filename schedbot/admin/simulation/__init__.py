"""A span of time run in a copy of the database."""
