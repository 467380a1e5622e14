"""Parsers and checks of the fields of a schedule."""
