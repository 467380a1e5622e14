"""Benches of the checks of the record."""
