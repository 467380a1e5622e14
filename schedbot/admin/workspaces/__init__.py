"""Workspaces: their tokens, their checks, and the time zones of their members."""
