"""Missing scopes of a token, and the imports of the light modules."""

import subprocess
import sys

from schedbot.slack.scopes import SCOPES, find_missing


def test_token_with_all_scopes_lacks_none() -> None:
    assert find_missing({scope for scope, _ in SCOPES} | {"users:read"}) == []


def test_missing_scopes_have_a_purpose_required_first() -> None:
    missing = find_missing({"channels:history", "groups:history", "channels:read"})
    assert [scope for scope, _ in missing] == ["chat:write", "groups:read"]
    assert missing[0][1] == "post at all"


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
