"""Token sources of workspaces, as a person gives them: a variable, a file, a command or a token store, never the token.

An error never repeats a text that could be the token.
"""

from schedbot import text_input
from schedbot.admin.workspaces import token_store_options
from schedbot.admin.workspaces.token_store_options import StoreOptions
from schedbot.errors import TOKEN, BadInput, TokenUnavailable
from schedbot.model import TokenSource
from schedbot.slack import tokens
from schedbot.slack.token_stores.place import decode

OPTIONS = "--token-env VAR, --token-file FILE, --token-command COMMAND or --token-store STORE"


def parse_token_source(
    env: str | None, file: str | None, command: str | None, store: StoreOptions | None = None
) -> TokenSource:
    """Return the token source of the options. Raises BadInput unless exactly one is given, and for a token itself."""
    places = {kind: place for kind, place in (("env", env), ("file", file), ("command", command)) if place is not None}
    if store is not None and not store.is_empty() and not places:
        refuse_token("store", store.store or "")
        return token_store_options.parse_store(store)
    if len(places) != 1 or (store is not None and not store.is_empty()):
        problem = "Use only one token source." if places else "No token source given."
        raise BadInput(problem, hint=f"Use one of {OPTIONS}.")
    ((kind, place),) = places.items()
    refuse_token(kind, place)
    if kind == "env":
        token_store_options.refuse_bad_variable(place, example="SLACK_TOKEN_ACME")
    if kind == "command" and not place.strip():
        raise BadInput("The token command is empty.", hint="For example 'pass show slack/acme'.")
    return TokenSource(kind, str(text_input.parse_path(place).absolute()) if kind == "file" else place.strip())


def refuse_token(kind: str, place: str) -> None:
    """Raise BadInput for a token in the place of its source."""
    if TOKEN.search(place):
        raise BadInput(
            f"The value of --token-{kind} contains a token, and schedbot stores no tokens.",
            hint=f"Give its source instead: {OPTIONS}. Renew the token in Slack if somebody may have seen it.",
        )


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
    """Return `env SLACK_TOKEN_ACME`, `store FILE team T0ACME` or `command pass ...`; its arguments may be secret."""
    if token.kind == "store":
        return f"store {decode(token.place).describe()}"
    if token.kind != "command":
        return f"{token.kind} {token.place}".strip()
    program, *arguments = token.place.split()
    return f"command {program}{' ...' if arguments else ''}"
