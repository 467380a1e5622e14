"""Options of a token store: what is missing or wrong is named, and no password is repeated."""

import pytest

from schedbot.admin.workspaces import token_sources
from schedbot.admin.workspaces.token_store_options import StoreOptions
from schedbot.errors import BadInput

REFUSALS = {
    "no team": (StoreOptions("s.db", client_id="1.2"), "needs the workspace's team"),
    "no client id": (StoreOptions("s.db", "T0ACME"), "needs the client id"),
    "no store": (StoreOptions(team="T0ACME"), "need --token-store"),
    "no id": (StoreOptions("s.db", "acme"), "'acme' is no id for --team."),
    "password": (StoreOptions("postgresql://a:hunter2@h/x", "T0ACME"), "contains a password"),
    "token": (StoreOptions("xoxb-hunter2-and-more", "T0ACME"), "contains a token"),
    "secret itself": (StoreOptions("s.db", "T0ACME", None, "1.2", "hunter2"), "is not the name of a variable"),
    "secret without app": (StoreOptions("/", "T0ACME", None, None, "SLACK_CLIENT_SECRET"), "needs --client-id"),
    "no variable": (StoreOptions("env:a b", "T0ACME"), "cannot be the name of a variable"),
}


@pytest.mark.parametrize(("options", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_wrong_options_of_a_token_store_are_refused(options: StoreOptions, message: str) -> None:
    with pytest.raises(BadInput) as error:
        token_sources.parse_token_source(None, None, None, options)
    assert message in str(error.value)
    assert "hunter2" not in f"{error.value} {error.value.hint}"


def test_token_store_beside_another_source_is_refused() -> None:
    with pytest.raises(BadInput, match="only one token source"):
        token_sources.parse_token_source("VAR", None, None, StoreOptions("s.db", "T0ACME", client_id="1.2"))
