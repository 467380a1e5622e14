"""Statements for health, heartbeats and drains."""
