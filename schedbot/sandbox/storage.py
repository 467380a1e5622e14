"""Stores the messages in a file: JSON Lines, appended for each message posted, changed or deleted, and for each upload.

An incomplete last line, left by a crash, is dropped. Writes are not synced to the disk.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from schedbot.errors import BadInput, SchedbotError
from schedbot.file_access import private_opener
from schedbot.sandbox.api_responses import Json, encode
from schedbot.sandbox.files import SandboxFile
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import DIRECT_PREFIX, SandboxChannel, SandboxWorkspace

STORED_FIELDS = ("id", "workspace", "name", "size", "alt_text", "title", "created_at")


@dataclass(slots=True)
class Storage:
    """The open file."""

    file: IO[bytes]

    def write(self, what: str, workspace: SandboxWorkspace, channel: SandboxChannel, message: Json) -> None:
        """Append one message."""
        line = {"what": what, "workspace": workspace.name, "token": workspace.token, "channel": channel.id}
        self.file.write(encode(line | {"message": message}) + b"\n")

    def write_file(self, file: SandboxFile) -> None:
        """Append an uploaded file with its bytes."""
        fields = {name: getattr(file, name) for name in STORED_FIELDS}
        content = base64.b64encode(file.content or b"").decode()
        self.file.write(encode({"what": "uploaded", **fields, "content": content}) + b"\n")

    def clear(self) -> None:
        """Remove all lines."""
        self.file.seek(0)
        self.file.truncate()


def open_storage(path: Path, state: SandboxState) -> Storage:
    """Load the file's messages into the state and return the open file. Raises BadInput, SchedbotError."""
    try:
        file = open(path, "a+b", buffering=0, opener=private_opener)  # noqa: SIM115
    except OSError as error:
        hint = "Name a file in an existing folder with write permission."
        raise SchedbotError(f"Messages cannot be stored in '{path}': {error.strerror}.", hint=hint) from None
    file.seek(0)
    content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(complete.splitlines(), 1):
        try:
            _load(json.loads(line), state)
        except (ValueError, KeyError, TypeError, AttributeError):
            file.close()
            hint = "Name a file written by the sandbox, or a new file."
            raise BadInput(f"Line {number} of '{path}' is not a message of the sandbox.", hint=hint) from None
    file.truncate(len(complete))
    return Storage(file)


def _load(line: Json, state: SandboxState) -> None:
    if line["what"] == "uploaded":
        _load_file(line, state)
        return
    workspace = state.workspaces.get(line["workspace"])
    if workspace is None:
        workspace = SandboxWorkspace(line["workspace"], line["token"], any_channel=state.options.any_channel)
        state.add(workspace)
    channel_id: str = line["channel"]
    channel = workspace.find_channel(channel_id)
    if channel is None and channel_id.startswith(DIRECT_PREFIX):
        channel = workspace.open_direct(channel_id.removeprefix(DIRECT_PREFIX))
    if channel is None:
        channel = SandboxChannel(channel_id, channel_id.lower(), is_private=channel_id.startswith("G"))
        workspace.channels[channel_id] = channel
    _load_message(line, state, workspace, channel)


def _load_message(line: Json, state: SandboxState, workspace: SandboxWorkspace, channel: SandboxChannel) -> None:
    message: Json = line["message"]
    index = channel.find(message["ts"])
    if line["what"] == "deleted":
        if index is not None:
            channel.remove(index)
    elif index is None:
        channel.append(message)
        state.record_shares(workspace, channel, message)
    else:
        channel.messages[index] = message


def _load_file(line: Json, state: SandboxState) -> None:
    content = base64.b64decode(line["content"])
    fields = {name: line[name] for name in STORED_FIELDS}
    state.files[line["id"]] = SandboxFile(**fields, ticket="", content=content, is_complete=True)
    state.file_count += 1
