"""Clients of a sandbox: plain HTTP, and a browser."""
