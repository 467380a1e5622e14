"""Token sources of workspaces, as a person gives them: a variable, a file or a command, and never the token itself.

An error never repeats a text that could be the token.
"""

import re

from schedbot import text_input
from schedbot.errors import TOKEN, BadInput, TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack import tokens

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPTIONS = "--token-env VAR, --token-file FILE or --token-command COMMAND"


def parse_token_source(env: str | None, file: str | None, command: str | None) -> TokenSource:
    """Return the token source of the options. Raises BadInput unless exactly one is given, and for a token itself."""
    places = {kind: place for kind, place in (("env", env), ("file", file), ("command", command)) if place is not None}
    if len(places) != 1:
        problem = "Use only one token source." if places else "No token source given."
        raise BadInput(problem, hint=f"Use one of {OPTIONS}.")
    ((kind, place),) = places.items()
    if TOKEN.search(place):
        raise BadInput(
            f"The value of --token-{kind} contains a token, and schedbot stores no tokens.",
            hint=f"Give its source instead: {OPTIONS}. Renew the token in Slack if somebody may have seen it.",
        )
    if kind == "env" and not VARIABLE.fullmatch(place):
        raise BadInput(f"'{place}' cannot be the name of a variable.", hint="For example SLACK_TOKEN_ACME.")
    if kind == "command" and not place.strip():
        raise BadInput("The token command is empty.", hint="For example 'pass show slack/acme'.")
    return TokenSource(kind, str(text_input.parse_path(place).absolute()) if kind == "file" else place.strip())


def try_token(token: TokenSource) -> str:
    """Read the token once. Returns a warning if it is not available, else an empty text.

    A variable or a command may exist for cron alone, so it is a warning. Raises BadInput for a file that is missing,
    readable by others, or has no token.
    """
    try:
        tokens.read_token(token)
    except TokenUnavailable as error:
        if token.kind == "file":
            raise BadInput(str(error), hint=error.hint) from None
        return f"{error} {error.hint}"
    return ""


def describe(token: TokenSource) -> str:
    """Return `env SLACK_TOKEN_ACME`, `file /etc/token` or `command pass ...`: arguments of a command may be secret."""
    if token.kind != "command":
        return f"{token.kind} {token.place}".strip()
    program, *arguments = token.place.split()
    return f"command {program}{' ...' if arguments else ''}"
