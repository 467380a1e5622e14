"""Requests to post or update a message, and what their results mean for threads and updates."""
