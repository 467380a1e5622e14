"""Undo a recorded change by a change of its own."""
