"""pytest plug-in: the fixtures `render` and `sandbox`. pytest loads it by itself where schedbot is installed.

It imports the rest of schedbot when a test uses a fixture, so that other tests start as fast as without it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import pytest

if TYPE_CHECKING:
    from schedbot.testing import Message, NotReady, OccurrenceFields, Render, Skip, SlackSandbox


@pytest.fixture(name="render")
def provide_render(request: pytest.FixtureRequest) -> "Render":
    """Function that renders a named report: `render("weekly", account="acme", due="2026-12-07 09:00")`."""
    from schedbot.testing import rendering

    folder = request.path.parent

    def render(report: str, **occurrence: "Unpack[OccurrenceFields]") -> "Message | Skip | NotReady":
        __tracebackhide__ = True
        return rendering.render_from(folder, report, occurrence)

    return render


@pytest.fixture(name="sandbox")
def provide_sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[SlackSandbox]":
    """A Slack on loopback, and schedbot commands against it: `sandbox.run("work", "--drain")`, `sandbox.texts()`.

    The commands use the reports of the project's schedbot.toml, and an empty temporary database.
    """
    from schedbot import sandbox
    from schedbot.errors import BadInput
    from schedbot.testing import rendering
    from schedbot.testing.slack_sandbox import SlackSandbox

    try:
        config = rendering.find_config(request.path.parent)
    except BadInput:  # a project without reports: `init` makes a configuration
        config = tmp_path / "schedbot.toml"
    with sandbox.start(any_channel=True) as running:
        slack = SlackSandbox(running.url, config, tmp_path / "schedbot.db")
        slack.run("init")
        yield slack
