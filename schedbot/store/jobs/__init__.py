"""Statements about jobs, attempts, claims and pacing."""
