"""The file that keeps the messages: JSON Lines, one for each message posted or changed, appended as it happens.

A last line without its end was cut off by a crash and is dropped. Nothing is synced to the disk: it is a sandbox.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from schedbot.errors import BadInput, SchedbotError
from schedbot.sandbox.answers import Json, encode
from schedbot.sandbox.state import World
from schedbot.sandbox.workspaces import Channel, Workspace


@dataclass(slots=True)
class Storage:
    """The open file."""

    file: IO[bytes]

    def write(self, what: str, workspace: Workspace, channel: Channel, message: Json) -> None:
        """Append one message."""
        line = {"what": what, "workspace": workspace.name, "token": workspace.token, "channel": channel.id}
        self.file.write(encode(line | {"message": message}) + b"\n")

    def empty(self) -> None:
        """Forget everything."""
        self.file.seek(0)
        self.file.truncate()


def opened(path: Path, world: World) -> Storage:
    """Put what the file holds into the world, and keep what is to come. Raises BadInput, SchedbotError."""
    try:
        file = path.open("a+b", buffering=0)
    except OSError as error:
        hint = "Name a file in a folder that exists and that you may write to."
        raise SchedbotError(f"The messages can't be kept in '{path}': {error.strerror}.", hint=hint) from None
    file.seek(0)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            _put_back(json.loads(line), world)
        except (ValueError, KeyError, TypeError, AttributeError):
            file.close()
            hint = "Name a file that the sandbox wrote, or one that does not exist yet."
            raise BadInput(f"Line {number} of '{path}' is not a message of the sandbox's.", hint=hint) from None
    file.truncate(len(whole))
    return Storage(file)


def _put_back(line: Json, world: World) -> None:
    workspace = world.workspaces.get(line["workspace"])
    if workspace is None:
        workspace = Workspace(line["workspace"], line["token"], any_channel=world.rules.any_channel)
        world.add(workspace)
    channel_id: str = line["channel"]
    channel = workspace.channel(channel_id)
    if channel is None:
        channel = Channel(channel_id, channel_id.lower(), is_private=channel_id.startswith("G"))
        workspace.channels[channel_id] = channel
    message: Json = line["message"]
    place = channel.find(message["ts"])
    if place is None:
        channel.append(message)
    else:
        channel.messages[place] = message
