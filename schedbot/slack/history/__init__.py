"""Histories of channels: look up single posts, or list all posts of an installation."""
