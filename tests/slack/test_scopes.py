"""Missing scopes of a token, and the imports of the light modules."""

import subprocess
import sys
from pathlib import Path

from schedbot.slack.scopes import SCOPES, find_missing

README = Path(__file__).parents[2] / "README.md"


ALL = {scope.name for scope in SCOPES}


def test_token_with_all_scopes_lacks_none() -> None:
    assert find_missing(ALL) == []


def test_missing_scopes_have_a_purpose_required_first() -> None:
    missing = find_missing(ALL - {"groups:read", "chat:write"})
    assert [scope.name for scope in missing] == ["chat:write", "groups:read"]
    assert missing[0].purpose == "post at all"


def test_scopes_of_the_manual_are_those_of_the_table() -> None:
    rows = [line.split("|")[1] for line in README.read_text().splitlines() if line.startswith("| `") and ":" in line]
    assert {name for row in rows for name in row.replace("`", "").replace(",", " ").split()} >= ALL


def test_modules_of_audit_and_add_import_nothing_heavy() -> None:
    light = "schedbot.slack.response_parser, schedbot.slack.channel_ids, schedbot.slack.scopes, schedbot.reports"
    heavy = "{'slack_sdk', 'aiohttp', 'jinja2', 'asyncio'} & set(sys.modules)"
    completed = subprocess.run(
        [sys.executable, "-c", f"import sys, {light}; print(sorted({heavy}))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert completed.stdout == "[]\n"
