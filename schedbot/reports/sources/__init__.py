"""Kinds of reports: each module has `render(report, context) -> Message`. `text` needs no module."""
