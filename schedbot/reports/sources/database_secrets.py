"""Strike a database's URL and password out of the messages of its driver."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

PASSWORD = re.compile(r"^[^:/]+://[^:/@]*:(?P<short>[^@]*)@")
GREEDY_PASSWORD = re.compile(r"^[^:/]+://[^:/@]*:(?P<long>.*)@")  # of a URL with a raw `@` in it
SECRET_KEY = re.compile(r"pass|pwd|secret|token|key|credential|odbc_connect", re.IGNORECASE)
ODBC_PASSWORD = re.compile(r"(?:pwd|password)\s*=\s*(\{[^}]*\}|[^;]*)", re.IGNORECASE)
MARK = "…"


def strike_out(text: str, url: str) -> str:
    """Return the text without the URL, its password and the secret values of its query."""
    for secret in sorted(set(find_spellings(url)), key=len, reverse=True):
        text = text.replace(secret, MARK)
    return text


def find_spellings(url: str) -> Iterator[str]:
    """Yield the secrets of a URL in all spellings that a driver may quote."""
    for secret in find_secrets(url):
        for spelling in (secret, unquote(secret), unquote_plus(secret)):
            yield from filter(None, (spelling, quote(spelling, safe=""), quote_plus(spelling), repr(spelling)[1:-1]))


def find_secrets(url: str) -> Iterator[str]:
    """Yield the URL, its password, and the values of its query that look secret."""
    yield url
    for pattern in (PASSWORD, GREEDY_PASSWORD):
        if match := pattern.match(url):
            yield match[1]
    for key, value in parse_qsl(url.partition("?")[2]):
        if SECRET_KEY.search(key):
            yield value
            yield from (password.strip("{}") for password in ODBC_PASSWORD.findall(value))
