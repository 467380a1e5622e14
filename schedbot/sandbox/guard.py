"""Guard of all routes: a foreign web page must neither read nor control the sandbox through a browser.

Rules: the Host header is a loopback name (DNS rebinding has another), an Origin header names the sandbox itself, and
a browser's request from another site (`Sec-Fetch-Site`) may only open the page. Errors of the input are JSON.
Source: https://owasp.org/www-community/attacks/csrf, https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from schedbot.errors import BadInput
from schedbot.sandbox.api_responses import encode

LOOPBACK = ("127.0.0.1", "localhost")
OWN_SITES = (None, "same-origin", "none")
PAGE = "/"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests of foreign pages with 403, and unreadable input with 400."""
    if problem := find_foreign(request):
        return refuse(problem, 403)
    try:
        return await handler(request)
    except BadInput as error:
        return refuse(str(error), 400, error.hint)
    except RecursionError:
        return refuse("The JSON is nested too deeply.", 400)


def find_foreign(request: web.Request) -> str:
    """Return the sentence about a request that a foreign page could have caused; '' for any other."""
    try:
        host = request.url.host
    except ValueError:
        host = None
    if host not in LOOPBACK:
        return "The sandbox accepts requests to 127.0.0.1 only."
    if request.headers.get("Origin") not in (None, f"http://{request.host}"):
        return "The sandbox accepts no requests of other web pages."
    is_foreign = request.headers.get("Sec-Fetch-Site") not in OWN_SITES
    if is_foreign and not (request.method == "GET" and request.path == PAGE):
        return "The sandbox accepts no requests of other web pages."
    return ""


def refuse(error: str, status: int, hint: str = "") -> web.Response:
    """Return a response that says why a request is refused."""
    fields = {"ok": False, "error": error} | ({"hint": hint} if hint else {})
    return web.Response(body=encode(fields), status=status, content_type="application/json")
