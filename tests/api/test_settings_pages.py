"""The example settings pages, with FastAPI and with Django, by their test clients."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import schedbot

EXAMPLES = Path(__file__).parents[2] / "examples"
FORM = {"when": "monday at 9:00", "zone": "America/New_York", "channel": "C0123456789"}
# Each page runs in a process of its own: Django has one configuration for a process.
FASTAPI = """
import json, sys
from fastapi.testclient import TestClient
import settings_page_fastapi
with TestClient(settings_page_fastapi.app) as client:
    for method, form in json.load(sys.stdin):
        answer = client.request(method, "/settings", headers={"X-Account": "acme"}, json=form)
        print(json.dumps([answer.status_code, answer.json()]))
"""
DJANGO = """
import json, sys
import settings_page_django
from django.test import Client
client = Client()
for method, form in json.load(sys.stdin):
    call = client.post if method == "PUT" else client.get
    answer = call("/settings", form or {}, headers={"X-Account": "acme"})
    print(json.dumps([answer.status_code, answer.json()]))
"""


class Answer(NamedTuple):
    """Status and body of a request."""

    status: int
    body: Any


Page = Callable[..., list[Answer]]


@pytest.fixture(params=[FASTAPI, DJANGO], ids=["fastapi", "django"])
def page(request: pytest.FixtureRequest, database: Path) -> Page:
    """Return a function that sends requests, each a method and a form, to the page and returns the answers."""

    def send(*requests: tuple[str, dict[str, Any] | None]) -> list[Answer]:
        result = subprocess.run(
            [sys.executable, "-W", "error::DeprecationWarning:settings_page", "-c", request.param],
            input=json.dumps(requests),
            cwd=EXAMPLES,
            env={**os.environ, "SCHEDBOT_DATABASE": str(database)},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        return [Answer(*json.loads(line)) for line in result.stdout.splitlines()]

    return send


@pytest.mark.slow
def test_customer_chooses_and_changes_a_time(page: Page, database: Path) -> None:
    later = {**FORM, "when": "friday at 8:00", "version": 1}
    missing, saved, shown, changed, outdated = page(
        ("GET", None), ("PUT", FORM), ("GET", None), ("PUT", later), ("PUT", later)
    )
    assert missing.status == 404
    assert saved == shown
    assert (saved.status, saved.body["meaning"]) == (200, "at 09:00 on Monday, New York time")
    assert (changed.status, changed.body["meaning"], changed.body["version"]) == (
        *(200, "at 08:00 on Friday, New York time", 2),
    )
    assert "Somebody else changed this" in json.dumps(outdated.body)
    with schedbot.open(database) as bot:
        [schedule] = bot.list(account="acme")
        assert (schedule.name, schedule.meaning) == ("acme-weekly", "at 08:00 on Friday, New York time")


@pytest.mark.slow
def test_wrong_value_is_shown_beside_its_field(page: Page, database: Path) -> None:
    [refused] = page(("PUT", {**FORM, "zone": "Amerika/New_York"}))
    assert refused.status == 422
    assert "zone" in json.dumps(refused.body) or refused.body["field"] == "tz"
    assert "Did you mean 'America/New_York'?" in json.dumps(refused.body)
    with schedbot.open(database) as bot:
        assert bot.list() == []
