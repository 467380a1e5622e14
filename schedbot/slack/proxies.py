"""Proxy on the way to Slack, from the environment, for all requests: posts, look-ups, `doctor` and `workspace check`.

Rules: the first of HTTPS_PROXY, HTTP_PROXY and ALL_PROXY that is set, in capitals or not; none for a host of NO_PROXY
and for this machine. As for curl and pip, `proxy.test:3128` is an HTTP proxy. An address of another kind is refused
before a request, because the errors of a library would name Slack instead.
"""

import os
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from schedbot.api_address import is_loopback, split_address
from schedbot.text_input import clean_path

VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True, slots=True)
class Proxy:
    """Address of a proxy, with its scheme, and the variable that has it."""

    variable: str
    address: str

    @property
    def is_usable(self) -> bool:
        """Is it the address of an HTTP proxy?"""
        return split_address(self.address) is not None

    def __str__(self) -> str:
        """Return the variable and the address, without a password."""
        scheme, slashes, rest = self.address.partition("://")
        return f"{self.variable}: {scheme}{slashes}{rest.rpartition('@')[2]}"


def find_proxy(api_url: str) -> Proxy | None:
    """Return the proxy for requests to this address; None where the way is direct."""
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
        return None
    for variable in VARIABLES:
        if address := clean_path(os.environ.get(variable, "")):
            return Proxy(variable, address if "://" in address else f"http://{address}")
    return None
