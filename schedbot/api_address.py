"""Address of Slack's API: a URL that can be used, and encrypted unless it is on this machine."""

from typing import TYPE_CHECKING

from schedbot import text_input
from schedbot.errors import BadInput

if TYPE_CHECKING:
    from urllib.parse import SplitResult

SLACK_API_URL = "https://slack.com/api/"
ALLOW_PLAIN_HTTP = "SCHEDBOT_SLACK_ALLOW_PLAIN_HTTP"


def parse_api_url(value: object, allows_plain_http: bool = False) -> str:
    """Return Slack's address with a slash at its end. Raises BadInput, also for plain http to another machine."""
    text = text_input.clean_path(str(value))
    if text == SLACK_API_URL:
        return text
    parts = split_address(text)
    if parts is None:
        raise BadInput(
            f"Slack's API address {text_input.quote(text)} is not a web address.", f"Write it like {SLACK_API_URL}"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or "") and not allows_plain_http:
        raise BadInput(
            f"Slack's API address {text_input.quote(text)} is plain http: tokens could be read on the way.",
            f"Write https://, or allow it: allow_plain_http = true below [slack], or {ALLOW_PLAIN_HTTP}=true.",
        )
    return text if text.endswith("/") else text + "/"


def split_address(text: str) -> "SplitResult | None":
    """Return the parts of a web address; None for any other text."""
    from urllib.parse import urlsplit  # every command loads this module, and few have another address

    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        is_valid = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        return None
    return parts if is_valid and text.isprintable() and " " not in text else None


def is_loopback(host: str) -> bool:
    """Is the host this machine itself?"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
