"""The page at `/`: a single document that makes no request to another host and runs only its own script.

The script inserts message content as text, never as HTML, and the Content-Security-Policy allows no other script.
"""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files

from aiohttp import web


async def show_page(request: web.Request) -> web.Response:
    """Return the page."""
    html, policy = document()
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})


@cache
def document() -> tuple[str, str]:
    """Return the document, and the policy that allows its script and style by their hashes."""
    script, style = script_source() + read_source("page.js"), read_source("page.css")
    html = read_source("page.html").replace("/* STYLE */", style).replace("/* SCRIPT */", script)
    policy = (
        f"default-src 'none'; img-src 'self'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def script_source() -> str:
    """Return the script that renders messages, with the names of emoji that Slack has (docs/write_emoji.py)."""
    names = json.dumps(read_source("emoji.txt"), ensure_ascii=False)
    return f"const EMOJI = {names};\n{read_source('mrkdwn.js')}\n{read_source('blocks.js')}"


def read_source(name: str) -> str:
    """Return the content of a file of the page."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
