"""Files of the sandbox: the bytes, and the messages that share each file. They are held in memory."""

import mimetypes
import time
from dataclasses import dataclass, field

from schedbot.sandbox.api_responses import Json

# Slack shows these in an image block. First bytes: type.
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
BINARY = "application/octet-stream"


@dataclass(slots=True)
class SandboxFile:
    """A file. `content` is None before its bytes are uploaded; `processed_at` is in seconds of the monotonic clock."""

    id: str
    workspace: str
    name: str
    size: int
    alt_text: str
    ticket: str
    title: str = ""
    content: bytes | None = None
    is_complete: bool = False
    processed_at: float = 0
    created_at: float = field(default_factory=time.time)
    shares: dict[str, dict[str, list[Json]]] = field(default_factory=dict)

    @property
    def picture_type(self) -> str:
        """Media type of a picture that an image block shows; '' for any other file."""
        start = (self.content or b"")[:8]
        return next((kind for signature, kind in PICTURES.items() if start.startswith(signature)), "")

    @property
    def permalink(self) -> str:
        """Permanent address in Slack, which also names the file in a block."""
        return f"https://{self.workspace}.slack.com/files/{self.id}"

    @property
    def media_type(self) -> str:
        """Media type by the content, else by the name."""
        return self.picture_type or mimetypes.guess_type(self.name)[0] or BINARY

    def is_usable_picture(self) -> bool:
        """May a message show the file now?"""
        return self.is_complete and bool(self.picture_type) and self.processed_at <= time.monotonic()

    def add_share(self, group: str, channel_id: str, share: Json) -> None:
        """Record a message that shares the file. `group` is `public` or `private`."""
        self.shares.setdefault(group, {}).setdefault(channel_id, []).append(share)

    def remove_share(self, channel_id: str, ts: str) -> None:
        """Forget a message that was deleted."""
        for channels in self.shares.values():
            channels[channel_id] = [share for share in channels.get(channel_id, []) if share["ts"] != ts]
            if not channels[channel_id]:
                del channels[channel_id]

    def summary(self) -> Json:
        """Return the file as a message shows it."""
        return {
            "id": self.id,
            "created": int(self.created_at),
            "timestamp": int(self.created_at),
            "name": self.name,
            "title": self.title,
            "alt_txt": self.alt_text,
            "mimetype": self.media_type,
            "filetype": self.name.rpartition(".")[2].lower(),
            "size": self.size,
            "mode": "hosted",
            "is_external": False,
            "permalink": self.permalink,
        }

    def to_json(self) -> Json:
        """Return the file as `files.info` shows it."""
        shared_in = {group: [*channels] for group, channels in self.shares.items()}
        public, private = shared_in.get("public", []), shared_in.get("private", [])
        return self.summary() | {
            "is_public": bool(public),
            "channels": public,
            "groups": [channel for channel in private if not channel.startswith("D")],
            "ims": [channel for channel in private if channel.startswith("D")],
            "shares": {group: channels for group, channels in self.shares.items() if channels},
        }
