"""Statements that read finished jobs and recorded changes."""
