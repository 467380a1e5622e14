"""Settings of the sections `[alerts]`, `[health]` and `[prune]`: parsed values, or BadInput with the setting's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schedbot import text_input, times
from schedbot.errors import BadInput


@dataclass(frozen=True, slots=True)
class PruneSettings:
    """Jobs that a tick prunes by itself."""

    older_than_ms: int
    keep_failed: bool = False


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Places that alerts go to: a channel of a workspace, a command, and a webhook whose URL is in a variable."""

    workspace: str = "default"
    channel: str = ""
    command: tuple[str, ...] = ()
    webhook_url_env: str = ""


def parse_prune(table: Mapping[str, Any] | None) -> PruneSettings | None:
    """Return the settings of [prune]; None without the section. Raises BadInput."""
    if table is None:
        return None
    if "older_than" not in table:
        raise BadInput("[prune] has no 'older_than'.", 'Write older_than = "90d", or delete the section.')
    try:
        older_than_ms = times.parse_duration(str(table["older_than"]))
    except BadInput as error:
        raise BadInput(f"'older_than' in [prune]: {error}", error.hint) from None
    return PruneSettings(older_than_ms, table.get("keep_failed", False))


def parse_alerts(table: Mapping[str, Any] | None) -> AlertSettings | None:
    """Return the settings of [alerts]; None without the section. Raises BadInput."""
    if table is None:
        return None
    command = table.get("command", ())
    if not isinstance(command, list | tuple) or not all(isinstance(word, str) and word for word in command):
        problem = "'command' in [alerts] is not a list of words."
        raise BadInput(problem, 'Write it like command = ["/usr/local/bin/page"].')
    texts = {key: parse_text("alerts", key, table) for key in ("workspace", "channel", "webhook_url_env")}
    settings = AlertSettings(
        texts["workspace"] or "default", texts["channel"], tuple(command), texts["webhook_url_env"]
    )
    if not (settings.channel or settings.command or settings.webhook_url_env):
        hint = 'Write channel = "C0123456789", a command or webhook_url_env.'
        raise BadInput("[alerts] names no place that alerts go to.", hint)
    return settings


def parse_text(section: str, key: str, table: Mapping[str, Any]) -> str:
    """Return a setting that is one text; '' without it. Raises BadInput."""
    value = table.get(key, "")
    if not isinstance(value, str):
        raise BadInput(f"The setting '{key}' in [{section}] is not a text.", "Write one text in quotes.")
    return text_input.clean(value)


def parse_ping_url(table: Mapping[str, Any]) -> str:
    """Return the URL of [health] ping_url; '' without one. Raises BadInput."""
    from urllib.parse import urlsplit

    url = str(table.get("ping_url", ""))
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        problem = f"'ping_url' in [health] is {text_input.quote(url)}, which is no http address."
        raise BadInput(problem, "Write the address that the monitor gives, like https://example.com/ping/1234.")
    return url
