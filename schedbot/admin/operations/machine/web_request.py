"""Requests to a monitor or a webhook: an address of the user, which may answer badly, late, or never."""

import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException

TIMEOUT_S: float = 20
JSON = {"Content-Type": "application/json"}


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: urllib would go on with GET, without the content."""

    def redirect_request(self, *values: object) -> None:
        """Follow nothing."""


def send(url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None) -> str:
    """Fetch the URL, or post the content to it. Return the end of a sentence that names the error; '' if it was taken.

    The URL may hold a secret, so no error names it. The time-out is for all of the request: a thread does it, because
    that of a socket begins anew with each byte.
    """
    reasons: list[str] = []
    thread = threading.Thread(target=lambda: reasons.append(exchange(url, content, headers)), daemon=True)
    thread.start()
    thread.join(TIMEOUT_S)
    return reasons[0] if reasons else f"did not answer within {TIMEOUT_S:g} s"


def exchange(url: str, content: bytes | None, headers: Mapping[str, str] | None) -> str:
    """Do the request, and return the error."""
    handlers = [NoRedirects()] if content is not None else []
    try:
        request = urllib.request.Request(url, content, dict(headers or {}))
        with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT_S):
            return ""
    except urllib.error.HTTPError as error:
        return f"answered with HTTP {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return f"did not answer within {TIMEOUT_S:g} s"
        return f"cannot be reached: {type(reason).__name__}"
