"""schedbot: posts reports to Slack at the minute their owners chose."""

__version__ = "0.1.0"
