"""Place of a token in an installation store, as one text: the store, the team and the app. No secret is in it.

It loads nothing of slack_sdk.
"""

import json
import os
from dataclasses import asdict, dataclass

from schedbot.errors import TokenUnavailable
from schedbot.settings import Settings

VARIABLE_PREFIX = "env:"


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A team's place in an installation store.

    `store`: path of an SQLite file or a folder, a URL for SQLAlchemy, or `env:VAR` with such a value in the variable.
    `client_id`: of the app; empty for a folder without a sub-folder for each app. `secret_env`: variable with the
    app's client secret, if schedbot is to rotate the tokens.
    """

    store: str
    team: str
    enterprise: str = ""
    client_id: str = ""
    secret_env: str = ""

    def encode(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    def describe(self) -> str:
        """Return `/srv/app/installations.db team T0ACME`."""
        return f"{self.store} team {self.team}"

    def find_address(self) -> str:
        """Return the path or URL of the store. Raises TokenUnavailable."""
        name = self.store.removeprefix(VARIABLE_PREFIX)
        if name == self.store:
            return self.store
        if not os.environ.get(name):
            hint = f"Export {name} where schedbot runs: the path or the URL of the token store."
            raise TokenUnavailable(f"The variable {name} is not set, and it names the token store.", hint)
        return os.environ[name]


@dataclass(frozen=True, slots=True)
class RotationSettings:
    """The way to Slack, and the folder of locks and journals, beside the database."""

    api_url: str
    timeout_ms: int
    folder: str


def find_rotation(settings: Settings) -> RotationSettings:
    folder = settings.database.with_name(f"{settings.database.name}-rotation")
    return RotationSettings(settings.api_url, settings.timeout_ms, str(folder))


def decode(text: str) -> StorePlace:
    return StorePlace(**json.loads(text))


def is_url(address: str) -> bool:
    return "://" in address
