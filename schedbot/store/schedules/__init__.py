"""Statements about schedules, recurrences and workspaces."""
