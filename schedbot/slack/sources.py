"""The workspace `default` uses the token of the settings; every other says for itself where its token is found.

Pure: where a token is found is decided here, and nothing is read.
"""

from schedbot.errors import TokenUnavailable
from schedbot.model import TokenSource

SETTING = "setting"


def source(token: TokenSource, default: TokenSource | None, workspace: str) -> TokenSource:
    """Where the token of `workspace` is to be read: `token`, or the settings' `default` where it says `setting`.

    Raises TokenUnavailable when the settings name none.
    """
    if token.kind != SETTING:
        return token
    if default is None:
        raise TokenUnavailable(
            f"The workspace '{workspace}' has no token.",
            hint="Set SLACK_BOT_TOKEN, or token_file or token_command below [slack] in schedbot.toml.",
        )
    return default
