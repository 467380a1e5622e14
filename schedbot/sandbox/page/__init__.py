"""The page at `/`: one document that asks nothing of any other host and runs no script but its own.

What a message says is only ever put in as text (the scripts build elements, never HTML), and the policy that is sent
with the page lets nothing else run.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from aiohttp import web


async def show(request: web.Request) -> web.Response:
    """The page."""
    html, policy = document()
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})


@cache
def document() -> tuple[str, str]:
    """The document, and the policy that names its script and its style by their hashes."""
    script, style = source("mrkdwn.js") + source("page.js"), source("page.css")
    html = source("page.html").replace("/* STYLE */", style).replace("/* SCRIPT */", script)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def source(name: str) -> str:
    """One of the files that the page is made of."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
