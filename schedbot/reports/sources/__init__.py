"""Kinds of reports: each turns a schedule into a message."""
