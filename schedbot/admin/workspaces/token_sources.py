"""Where a workspace's token will be found, as a person says it: a variable, a file or a command, and never the token.

Rule: what was typed is never repeated where it could be the token itself.
"""

import re
from pathlib import Path

from schedbot import log
from schedbot.errors import BadInput, TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack import tokens

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WAYS = "--token-env VAR, --token-file FILE or --token-command COMMAND"


def parse_token_source(env: str | None, file: str | None, command: str | None) -> TokenSource:
    """The one place that was named. Raises BadInput for none, two, or a token in place of a place."""
    places = {kind: place for kind, place in (("env", env), ("file", file), ("command", command)) if place is not None}
    if len(places) != 1:
        told = "No place for the token is said." if not places else "More than one place for the token is said."
        raise BadInput(told, hint=f"Say one of {WAYS}.")
    ((kind, place),) = places.items()
    if log.TOKEN.search(place):
        raise BadInput(
            f"What --token-{kind} says holds a token itself, and a token is never written down here.",
            hint=f"Keep it elsewhere and say where: {WAYS}. Whoever may have seen it can use it: renew it in Slack.",
        )
    if kind == "env" and not VARIABLE.fullmatch(place):
        raise BadInput(f"'{place}' cannot be the name of a variable.", hint="Write it like SLACK_TOKEN_ACME.")
    if kind == "command" and not place.strip():
        raise BadInput("The token command is empty.", hint="Write it like 'pass show slack/acme'.")
    return TokenSource(kind, str(Path(place).expanduser().absolute()) if kind == "file" else place.strip())


def try_token(token: TokenSource) -> str:
    """Look whether a token is there. Returns a sentence about what is still missing, empty when all is well.

    A variable or a command may be there for cron alone, so that is only said; a file is looked at here and now.
    Raises BadInput for a file that is missing, open to others, or holds something else.
    """
    try:
        tokens.read_token(token)
    except TokenUnavailable as error:
        if token.kind == "file":
            raise BadInput(str(error), hint=error.hint) from None
        return f"{error} {error.hint}"
    return ""


def describe(token: TokenSource) -> str:
    """`env SLACK_TOKEN_ACME`, `file /etc/token`, `command pass ...`: an argument of a command may be a secret."""
    if token.kind != "command":
        return f"{token.kind} {token.place}".strip()
    program, *arguments = token.place.split()
    return f"command {program}{' ...' if arguments else ''}"
