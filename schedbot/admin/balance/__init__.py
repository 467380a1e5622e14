"""Comparison of the occurrences that the rules imply with those on record."""
