"""Proxy on the way to Slack, from the environment: HTTPS_PROXY, else HTTP_PROXY, in capitals or not.

Rule: as for curl and pip, `proxy.test:3128` is an HTTP proxy. An address of another kind is refused before a request,
because the errors of a library would name Slack instead.
"""

import urllib.request
from urllib.parse import urlsplit

from schedbot.text_input import clean_path

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_direct(api_url: str) -> bool:
    """Does the address need no proxy? slack_sdk reads HTTPS_PROXY and HTTP_PROXY, but not NO_PROXY."""
    host = urlsplit(api_url).hostname or ""
    return host in LOOPBACK or bool(urllib.request.proxy_bypass(host))


def complete_proxy(proxy: str) -> str:
    """Return the proxy's address with its scheme."""
    address = clean_path(proxy)
    return address if "://" in address else f"http://{address}"


def is_usable(proxy: str) -> bool:
    """Is it the address of an HTTP proxy?"""
    try:
        parts = urlsplit(proxy)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and proxy.isprintable()
            and " " not in proxy
        )
    except ValueError:
        return False
