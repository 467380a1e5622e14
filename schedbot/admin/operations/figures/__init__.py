"""Figures of the installation: metrics and statistics."""
