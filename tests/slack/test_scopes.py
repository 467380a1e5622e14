"""Which scopes a token lacks, and what for; and that asking for them is light."""

import subprocess
import sys

from schedbot.slack.scopes import NEEDED, missing


def test_a_token_with_all_scopes_lacks_none() -> None:
    assert missing({scope for scope, _ in NEEDED} | {"users:read"}) == []


def test_what_is_missing_is_said_with_its_purpose_the_must_first() -> None:
    lacks = missing({"channels:history", "groups:history", "channels:read"})
    assert [scope for scope, _ in lacks] == ["chat:write", "groups:read"]
    assert lacks[0][1] == "post at all"


def test_what_audit_and_add_read_loads_nothing_heavy() -> None:
    light = "schedbot.slack.replies, schedbot.slack.channels, schedbot.slack.scopes, schedbot.reports"
    heavy = "{'slack_sdk', 'aiohttp', 'jinja2', 'asyncio'} & set(sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, {light}; print(sorted({heavy}))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[]\n"
