"""Processes that are forked from a server, so that a test does not wait for imports."""
