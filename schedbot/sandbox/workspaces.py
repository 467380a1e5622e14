"""What stands in the sandbox: workspaces with a token each, their channels, and the messages in those.

A message's `ts` is its name in its channel: the wall clock in seconds with six decimals, unique and rising.
"""

import math
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from schedbot.sandbox.answers import Json

SCOPES = ("chat:write", "channels:history", "channels:read", "groups:history", "groups:read", "users:read")
BOT = {"user": "U0SANDBOT", "bot_id": "B0SANDBOT", "app_id": "A0SANDBOT"}


@dataclass(slots=True)
class Channel:
    """A channel and what is in it, oldest first. `last_post_at` is in seconds of the monotonic clock."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = True
    messages: list[Json] = field(default_factory=list)
    stamps_us: list[int] = field(default_factory=list)
    last_post_at: float = -math.inf

    def append(self, message: Json) -> None:
        """Store a message; one without `ts` is given the present instant's."""
        if "ts" in message:
            stamp = microseconds(message["ts"])
        else:
            stamp = time.time_ns() // 1000
            if self.stamps_us and stamp <= self.stamps_us[-1]:
                stamp = self.stamps_us[-1] + 1
            message["ts"] = f"{stamp // 1_000_000}.{stamp % 1_000_000:06d}"
        self.stamps_us.append(stamp)
        self.messages.append(message)

    def find(self, ts: str) -> int | None:
        """The place of the message that has this `ts`, or None."""
        stamp = microseconds(ts)
        place = bisect_left(self.stamps_us, stamp)
        return place if place < len(self.stamps_us) and self.stamps_us[place] == stamp else None

    def between(self, oldest_us: int, latest_us: int, inclusive: bool) -> tuple[int, int]:
        """The places [first, end) of what was posted in this span."""
        if inclusive:
            return bisect_left(self.stamps_us, oldest_us), bisect_right(self.stamps_us, latest_us)
        return bisect_right(self.stamps_us, oldest_us), bisect_left(self.stamps_us, latest_us)

    def empty(self) -> None:
        """Forget the messages and the pace."""
        self.messages.clear()
        self.stamps_us.clear()
        self.last_post_at = -math.inf


@dataclass(frozen=True, slots=True)
class Person:
    """A user: `tz` is an IANA name; empty, Slack tells none."""

    id: str
    tz: str = "Etc/UTC"
    deleted: bool = False
    is_bot: bool = False


def first_people() -> dict[str, Person]:
    """Who is there at the start: two people and the bot itself."""
    found = (
        Person("U0SANDBOX01", "America/Los_Angeles"),
        Person("U0SANDBOX02", "Europe/Berlin"),
        Person(BOT["user"], is_bot=True),
    )
    return {one.id: one for one in found}


@dataclass(slots=True)
class Workspace:
    """A workspace, its bot's token and scopes. With `any_channel`, each C... or G... id exists once it is named."""

    name: str
    token: str
    scopes: tuple[str, ...] = SCOPES
    channels: dict[str, Channel] = field(default_factory=dict)
    any_channel: bool = False
    history_at: float = -math.inf
    people: dict[str, Person] = field(default_factory=first_people)

    @property
    def team_id(self) -> str:
        """The workspace's id: stable, made from its name."""
        letters = "".join(letter for letter in self.name.upper() if letter.isalnum())
        return f"T0{letters}"

    def channel(self, channel_id: str) -> Channel | None:
        """The channel with this id, or None."""
        found = self.channels.get(channel_id)
        if found is None and self.any_channel and channel_id[:1] in ("C", "G") and channel_id.isalnum():
            found = Channel(channel_id, channel_id.lower(), is_private=channel_id[0] == "G")
            self.channels[channel_id] = found
        return found


def microseconds(ts: str | float) -> int:
    """A `ts`, or a time in seconds as text, as whole microseconds. Raises ValueError."""
    seconds, _, fraction = str(ts).partition(".")
    return int(seconds) * 1_000_000 + int(f"{fraction:0<6}"[:6])


def two_workspaces(any_channel: bool) -> list[Workspace]:
    """What is there at the start: `acme` and `globex`, with channels that work and two that refuse."""
    return [
        furnished("acme", "C0SANDBOX0", any_channel),
        furnished("globex", "C0GLOBEX00", any_channel),
    ]


def furnished(name: str, prefix: str, any_channel: bool) -> Workspace:
    """A workspace with three channels the bot is in, one archived, and one that it is not in."""
    channels = [Channel(f"{prefix}{number}", called) for number, called in enumerate(("general", "reports", "ops"), 1)]
    channels.append(Channel("C0ARCHIVED1", "old-reports", is_archived=True))
    channels.append(Channel("C0NOTMEMBER", "not-invited", is_member=False))
    by_id = {channel.id: channel for channel in channels}
    return Workspace(name, f"xoxb-sandbox-{name}", channels=by_id, any_channel=any_channel)
