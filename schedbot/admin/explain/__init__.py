"""Explain why a schedule did or did not post."""
