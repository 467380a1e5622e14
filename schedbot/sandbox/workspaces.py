"""Workspaces of the sandbox, each with a token, users, channels and their messages.

A message's `ts` identifies it in its channel: wall-clock seconds with six decimals, unique and increasing.
"""

import math
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from schedbot.sandbox.api_responses import Json

SCOPES = (
    "chat:write",
    "chat:write.customize",
    "channels:history",
    "channels:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "users:read",
)
DIRECT_PREFIX = "D0"
BOT = {"user": "U0SANDBOT", "bot_id": "B0SANDBOT", "app_id": "A0SANDBOT"}


@dataclass(slots=True)
class SandboxChannel:
    """A channel with its messages, oldest first, and the earlier versions of edited messages by their `ts`.

    `user` is the person of direct messages. `last_post_at` is in seconds of the monotonic clock.
    """

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = True
    user: str = ""
    messages: list[Json] = field(default_factory=list)
    all_ts_us: list[int] = field(default_factory=list)
    earlier_versions: dict[str, list[Json]] = field(default_factory=dict)
    last_post_at: float = -math.inf

    @property
    def scope_prefix(self) -> str:
        """First part of the scopes for this type of channel: `channels`, `groups` or `im`."""
        return "im" if self.user else "groups" if self.is_private else "channels"

    def append(self, message: Json) -> None:
        """Store a message. A message without `ts` gets the present instant as its `ts`."""
        if "ts" in message:
            ts_us = to_microseconds(message["ts"])
        else:
            ts_us = time.time_ns() // 1000
            if self.all_ts_us and ts_us <= self.all_ts_us[-1]:
                ts_us = self.all_ts_us[-1] + 1
            message["ts"] = f"{ts_us // 1_000_000}.{ts_us % 1_000_000:06d}"
        self.all_ts_us.append(ts_us)
        self.messages.append(message)

    def find(self, ts: str) -> int | None:
        """Return the index of the message with this `ts`, or None."""
        ts_us = to_microseconds(ts)
        index = bisect_left(self.all_ts_us, ts_us)
        return index if index < len(self.all_ts_us) and self.all_ts_us[index] == ts_us else None

    def thread(self, index: int) -> list[Json]:
        """Return the message at this index and the replies to it, oldest first."""
        ts = self.messages[index]["ts"]
        replies = (message for message in self.messages[index + 1 :] if message.get("thread_ts") == ts)
        return [self.messages[index], *replies]

    def remove(self, index: int) -> Json:
        """Remove the message at this index and return it."""
        del self.all_ts_us[index]
        return self.messages.pop(index)

    def between(self, oldest_us: int, latest_us: int, inclusive: bool) -> tuple[int, int]:
        """Return the indexes [first, end) of the messages posted in this period."""
        if inclusive:
            return bisect_left(self.all_ts_us, oldest_us), bisect_right(self.all_ts_us, latest_us)
        return bisect_right(self.all_ts_us, oldest_us), bisect_left(self.all_ts_us, latest_us)

    def clear(self) -> None:
        """Remove the messages and reset the rate limit."""
        self.messages.clear()
        self.all_ts_us.clear()
        self.earlier_versions.clear()
        self.last_post_at = -math.inf


@dataclass(frozen=True, slots=True)
class SandboxUser:
    """A user. `tz` is an IANA name; empty for a user without a time zone."""

    id: str
    tz: str = "Etc/UTC"
    deleted: bool = False
    is_bot: bool = False


def default_users() -> dict[str, SandboxUser]:
    """Return the initial users: two people and the bot."""
    users = (
        SandboxUser("U0SANDBOX01", "America/Los_Angeles"),
        SandboxUser("U0SANDBOX02", "Europe/Berlin"),
        SandboxUser(BOT["user"], is_bot=True),
    )
    return {user.id: user for user in users}


@dataclass(slots=True)
class SandboxWorkspace:
    """A workspace with its bot's token and scopes. With `any_channel`, every C... or G... id is a channel.

    `history_at` has the instant of the last call of each method that reads messages. `edit_window_s`: messages may be
    edited for so long; None is for ever.
    """

    name: str
    token: str
    scopes: tuple[str, ...] = SCOPES
    channels: dict[str, SandboxChannel] = field(default_factory=dict)
    any_channel: bool = False
    history_at: dict[str, float] = field(default_factory=dict)
    edit_window_s: float | None = None
    users: dict[str, SandboxUser] = field(default_factory=default_users)
    rotations: int = 0

    @property
    def refresh_token(self) -> str:
        """The refresh token that works now: `xoxe-1-acme-1`, after a rotation `xoxe-1-acme-2`."""
        return f"xoxe-1-{self.name}-{self.rotations + 1}"

    @property
    def team_id(self) -> str:
        """The workspace's id, derived from its name."""
        letters = "".join(letter for letter in self.name.upper() if letter.isalnum())
        return f"T0{letters}"

    def find_channel(self, channel_id: str) -> SandboxChannel | None:
        """Return the channel with this id, or None."""
        channel = self.channels.get(channel_id)
        if channel is None and self.any_channel and channel_id[:1] in ("C", "G") and channel_id.isalnum():
            channel = SandboxChannel(channel_id, channel_id.lower(), is_private=channel_id[0] == "G")
            self.channels[channel_id] = channel
        return channel

    def find_direct(self, user_id: str) -> SandboxChannel | None:
        """Return the direct messages with this user, or None."""
        return self.channels.get(direct_channel_id(user_id))

    def open_direct(self, user_id: str) -> SandboxChannel:
        """Return the direct messages with this user; create the channel if it is missing."""
        channel_id = direct_channel_id(user_id)
        if channel_id not in self.channels:
            self.channels[channel_id] = SandboxChannel(channel_id, user_id.lower(), is_private=True, user=user_id)
        return self.channels[channel_id]


def direct_channel_id(user_id: str) -> str:
    """Return the id of the direct messages with this user."""
    return DIRECT_PREFIX + user_id


def is_reply(message: Json) -> bool:
    """Is the message a reply in a thread?"""
    return "thread_ts" in message and message["thread_ts"] != message["ts"]


def to_microseconds(ts: str | float) -> int:
    """Convert a `ts`, or seconds as text, to whole microseconds. Raises ValueError."""
    seconds, _, fraction = str(ts).partition(".")
    return int(seconds) * 1_000_000 + int(f"{fraction:0<6}"[:6])


def default_workspaces(any_channel: bool) -> list[SandboxWorkspace]:
    """Return the initial workspaces, `acme` and `globex`."""
    return [
        _new_workspace("acme", "C0SANDBOX0", any_channel),
        _new_workspace("globex", "C0GLOBEX00", any_channel),
    ]


def _new_workspace(name: str, prefix: str, any_channel: bool) -> SandboxWorkspace:
    """Return a workspace with three usable channels, an archived one, and one without the bot."""
    channels = [
        SandboxChannel(f"{prefix}{number}", label) for number, label in enumerate(("general", "reports", "ops"), 1)
    ]
    channels.append(SandboxChannel("C0ARCHIVED1", "old-reports", is_archived=True))
    channels.append(SandboxChannel("C0NOTMEMBER", "not-invited", is_member=False))
    by_id = {channel.id: channel for channel in channels}
    return SandboxWorkspace(name, f"xoxb-sandbox-{name}", channels=by_id, any_channel=any_channel)
