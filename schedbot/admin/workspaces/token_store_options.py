"""Token store of a workspace, as a person gives it: the store, the team, and the app's client id.

No option takes a secret: a URL with a password comes from a variable.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from schedbot import text_input, times
from schedbot.errors import BadInput
from schedbot.model import TokenSource
from schedbot.slack.token_stores.place import VARIABLE_PREFIX, StorePlace, is_url

TEAM = re.compile(r"T[A-Z0-9]{2,40}")
ENTERPRISE = re.compile(r"E[A-Z0-9]{2,40}")
CLIENT_ID = re.compile(r"[0-9A-Za-z._-]{1,100}")
PASSWORD = re.compile(r"://[^/@]*:[^@]*@|(?:password|passwd|pwd)=", re.IGNORECASE)
SECRET_VARIABLE = re.compile(r"SLACK_CLIENT_SECRET[A-Z0-9_]*")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Options of a token store; None where an option is absent."""

    store: str | None = None
    team: str | None = None
    enterprise: str | None = None
    client_id: str | None = None
    secret_env: str | None = None

    def is_empty(self) -> bool:
        return self == StoreOptions()


def parse_store(options: StoreOptions) -> TokenSource:
    """Return the token source of the options. Raises BadInput."""
    if options.store is None:
        raise BadInput(
            "--team, --enterprise, --client-id and --client-secret-env need --token-store.",
            hint="Add --token-store STORE.",
        )
    if options.team is None:
        raise BadInput("The token store needs the workspace's team.", hint="Add --team, for example --team T0123ABCD.")
    store = parse_address(options.store)
    check_id(options.team, TEAM, "--team", "T0123ABCD")
    check_id(options.enterprise, ENTERPRISE, "--enterprise", "E0123ABCD")
    check_id(options.client_id, CLIENT_ID, "--client-id", "1234567890.1234567890")
    if options.client_id is None and not Path(store).is_dir():
        raise BadInput(
            "The token store needs the client id of the app.",
            hint="Add --client-id ID, from 'Basic Information' on the app's page. Only a folder may do without it.",
        )
    check_secret_variable(options)
    place = StorePlace(store, options.team, options.enterprise or "", options.client_id or "", options.secret_env or "")
    return TokenSource("store", place.encode())


def check_secret_variable(options: StoreOptions) -> None:
    """Raise BadInput unless reports are denied the variable, and for a rotation without the app's id."""
    if options.secret_env is None:
        return
    if not SECRET_VARIABLE.fullmatch(options.secret_env):
        # The value may be the secret itself, so it is not repeated.
        raise BadInput(
            "--client-secret-env is not the name of a variable that begins with SLACK_CLIENT_SECRET.",
            hint="For example SLACK_CLIENT_SECRET or SLACK_CLIENT_SECRET_ACME: reports do not get such a variable.",
        )
    if options.client_id is None:
        raise BadInput("--client-secret-env needs --client-id.", hint="Both are under 'Basic Information' of the app.")


def parse_address(text: str) -> str:
    """Return the path, URL or `env:VAR` of a store; a path becomes absolute. Raises BadInput."""
    if text.startswith(VARIABLE_PREFIX):
        refuse_bad_variable(text.removeprefix(VARIABLE_PREFIX), example="env:TOKEN_STORE_URL")
        return text
    if not is_url(text):
        return str(text_input.parse_path(text).absolute())
    if PASSWORD.search(text):
        raise BadInput(
            "The URL of the token store contains a password, and schedbot stores none.",
            hint="Put the URL into a variable, for example TOKEN_STORE_URL, and use --token-store env:TOKEN_STORE_URL.",
        )
    return text


def refuse_bad_variable(name: str, example: str) -> None:
    """Raise BadInput for a name that no variable can have."""
    if not VARIABLE.fullmatch(name):
        raise BadInput(f"'{name}' cannot be the name of a variable.", hint=f"For example {example}.")


def check_id(value: str | None, pattern: re.Pattern[str], option: str, example: str) -> None:
    if value is not None and not pattern.fullmatch(value):
        raise BadInput(f"{times.quote(value)} is no id for {option}.", hint=f"For example {option} {example}.")
