"""Listings that commands and the Python API show: their filters, as text, and the rows that match."""
