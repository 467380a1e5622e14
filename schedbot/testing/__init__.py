"""Tests of reports with pytest: render a named report, and run schedbot against a Slack on loopback.

    from schedbot.testing import render, text_of

    def test_weekly_names_the_account():
        message = render("weekly", account="acme", due="2026-12-07 09:00")
        assert "Acme & Sons" in text_of(message)

The pytest plug-in `schedbot.testing.plugin` has the fixtures `render` and `sandbox`. pytest finds it by
itself. `render` and `text_of` need no pytest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schedbot.model import Message
    from schedbot.reports.results import NotReady, Skip
    from schedbot.testing.rendering import OccurrenceFields, Render, render, text_of
    from schedbot.testing.slack_sandbox import SlackSandbox

# Public names, by the module that has them; loaded when they are used, so that pytest starts fast.
PUBLIC = {
    "schedbot.model": ("Message",),
    "schedbot.reports.results": ("NotReady", "Skip"),
    "schedbot.testing.rendering": ("OccurrenceFields", "Render", "render", "text_of"),
    "schedbot.testing.slack_sandbox": ("SlackSandbox",),
}
__all__ = ["Message", "NotReady", "OccurrenceFields", "Render", "Skip", "SlackSandbox", "render", "text_of"]


def __getattr__(name: str) -> Any:
    """Return a public name."""
    for module, names in PUBLIC.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
