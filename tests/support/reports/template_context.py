"""Values of an occurrence for a template."""

from schedbot.reports import TemplateContext, build_context
from schedbot.reports.context import LiveOccurrence

MONDAY_9AM = 1_795_453_200_000  # 2026-11-23 09:00 in Los Angeles


def template_context() -> TemplateContext:
    """Return the values that a template gets on Monday at 9:00 in Los Angeles."""
    return build_context(LiveOccurrence("acme-weekly", "acme", "default", "C0ACME", MONDAY_9AM, "America/Los_Angeles"))
