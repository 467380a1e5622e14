"""Exchange of a refresh token for a new pair: `oauth.v2.access`, by slack_sdk's TokenRotator, without retries."""

import os

from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.token_rotation import TokenRotator
from slack_sdk.web import WebClient

from schedbot.slack.proxies import find_proxy
from schedbot.slack.token_stores.place import StorePlace

ANY_EXPIRY = 10**9  # minutes: the caller knows that the token is due
# Slack will not take this refresh token at a later time either.
FINAL = frozenset({"invalid_refresh_token", "invalid_grant", "token_revoked", "account_inactive", "token_expired"})


class RefreshRefused(Exception):
    """There is no new pair. `is_final`: another try cannot help."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


def request_pair(place: StorePlace, bot: Bot, api_url: str, timeout_ms: int) -> Bot:
    """Return the bot with its new pair. Raises RefreshRefused, whose text has no secret."""
    client = WebClient(base_url=api_url, timeout=max(1, timeout_ms // 1000), retry_handlers=[])
    proxy = find_proxy(api_url)
    client.proxy = proxy.address if proxy else None  # not the library's choice, which ignores NO_PROXY
    rotator = TokenRotator(client_id=place.client_id, client_secret=os.environ[place.secret_env], client=client)
    try:
        pair = rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=ANY_EXPIRY)
    except SlackTokenRotationError as error:
        code = read_code(error)
        raise RefreshRefused(f"Slack refused it with {code}", is_final=code in FINAL) from None
    except Exception as error:  # the request may have arrived
        raise RefreshRefused(f"no answer of Slack ({type(error).__name__})") from None
    if pair is None or not pair.bot_refresh_token:
        raise RefreshRefused("Slack's answer has no token of a bot")
    return pair


def read_code(error: SlackTokenRotationError) -> str:
    """Return Slack's error code, or the HTTP status."""
    response = error.api_error.response
    data = response.data
    return str(data.get("error")) if isinstance(data, dict) and data.get("error") else f"HTTP {response.status_code}"
