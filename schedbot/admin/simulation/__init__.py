"""Simulate a span of time in a copy of the database."""
