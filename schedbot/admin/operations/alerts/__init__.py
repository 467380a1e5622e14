"""Alerts: a failure reaches a person once, and its end too."""
