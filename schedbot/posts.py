"""Data types of a post beside its message: files, options and metadata."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

SLOWEST_BYTES_PER_MS = 100  # of an upload: a large file may take longer than the time-out of a request


@dataclass(frozen=True, slots=True)
class File:
    """File of a report, as the report returns it. `alt`: the text that stands for a picture.

    `content`: bytes; a report may give a text or a figure of matplotlib or plotly instead.
    """

    name: str
    content: Any = field(repr=False)
    title: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """File of a rendered message. Its content, of `size` bytes, lies at `path`.

    `error`: code of the reason why a picture is not shown; the message has the reason in its place.
    """

    path: str
    name: str
    size: int
    title: str = ""
    alt: str = ""
    is_picture: bool = False
    error: str = ""

    @property
    def longest_transfer_ms(self) -> int:
        """Time that the upload of its content may take."""
        return self.size // SLOWEST_BYTES_PER_MS


@dataclass(frozen=True, slots=True)
class PostOptions:
    """Options of a post beside its message. Empty strings: the channel, the app's own name and icon, a new message.

    `icon`: `:emoji:` or the URL of a picture. `update_ts`: the message that is brought up to date.
    """

    thread_ts: str = ""
    username: str = ""
    icon: str = ""
    unfurl: bool = False
    update_ts: str = ""


PLAIN_POST = PostOptions()
MISSING_CUSTOMIZE = "missing_customize"  # error of an attempt whose name and icon need a scope
# Slack's codes for a message that was deleted, is of another app, or is too old to be updated.
CANNOT_BE_UPDATED = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
FILES_SCOPE = "missing_files_scope"  # error of an attempt whose token may not handle files
SHARE_PENDING = "share_pending"  # Slack has accepted the share of a file, and has not told its ts
SPOOL_UNUSABLE = "spool_unusable"  # error of an attempt whose files could not be written to this machine
THREAD_GONE = "thread_gone"  # error of a post whose thread has lost its first message


class MessageMetadata(NamedTuple):
    """Slack metadata of a message. It names the occurrence, so that a look-up in the history can find the message.

    `occurrence`: "<schedule's UUID>:<due_at in ms>"; `installation`: id of the database; `attempt` and `part` count
    from 1; `parts`: the number of messages that it is sent as.
    """

    installation: str
    occurrence: str
    attempt: int
    part: int = 1
    parts: int = 1


class ScopeNeed(StrEnum):
    """Kind of schedules that need a scope."""

    ALL = "all"
    CHANNEL = "channel"  # a channel, public or private
    PERSON = "person"
    DIRECT = "direct"  # a person, or a direct message
    APPEARANCE = "appearance"  # a name or an icon of their own
    FILES = "files"
    USER_ZONE = "user_zone"
