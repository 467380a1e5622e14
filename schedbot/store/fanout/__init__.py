"""Statements that turn due recurrences into jobs."""
