"""State of a sandbox: its workspaces, files and options. All messages are stored through it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from schedbot.errors import BadInput
from schedbot.sandbox.api_responses import Json
from schedbot.sandbox.files import SandboxFile
from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace, default_workspaces, is_reply

Listener = Callable[[str, SandboxWorkspace, SandboxChannel, Json], None]
FileListener = Callable[[SandboxFile], None]


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Options of a sandbox. `history` is `full` or `scarce`; any other value raises BadInput."""

    pace: bool = True
    history: str = "full"
    any_channel: bool = False

    def __post_init__(self) -> None:
        if self.history not in ("full", "scarce"):
            raise BadInput(f"Unknown history '{self.history}'.", hint="Use full or scarce.")


@dataclass(slots=True)
class SandboxState:
    """Workspaces, files, options, and the listeners called for each message (`posted`, `changed` or `deleted`) and for
    each uploaded file.

    `upload_delay_s`: the upload that ends now is processed so much later.
    """

    options: SandboxOptions
    workspaces: dict[str, SandboxWorkspace] = field(default_factory=dict)
    by_token: dict[str, SandboxWorkspace] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    files: dict[str, SandboxFile] = field(default_factory=dict)
    file_count: int = 0
    upload_delay_s: float = 0
    file_listeners: list[FileListener] = field(default_factory=list)

    def add(self, workspace: SandboxWorkspace) -> None:
        """Add a workspace, replacing one of the same name."""
        before = self.workspaces.get(workspace.name)
        if before is not None:
            self.by_token.pop(before.token, None)
        self.workspaces[workspace.name] = workspace
        self.by_token[workspace.token] = workspace

    def post(self, workspace: SandboxWorkspace, channel: SandboxChannel, message: Json) -> None:
        """Store a message and call the listeners."""
        channel.append(message)
        self._notify("posted", workspace, channel, message)
        if "thread_ts" in message:
            self._update_parent(workspace, channel, message["thread_ts"])

    def edit(self, workspace: SandboxWorkspace, channel: SandboxChannel, index: int, message: Json) -> None:
        """Replace a stored message, keep its earlier version, and call the listeners."""
        before = channel.messages[index]
        channel.earlier_versions.setdefault(before["ts"], []).append(before)
        self._replace(workspace, channel, index, message)

    def remove(self, workspace: SandboxWorkspace, channel: SandboxChannel, index: int) -> None:
        """Remove a message and call the listeners. A message with replies leaves a tombstone."""
        message = channel.messages[index]
        for file in message.get("files", ()):
            if file["id"] in self.files:
                self.files[file["id"]].remove_share(channel.id, message["ts"])
        if message.get("reply_count"):
            thread = {name: message[name] for name in message if name.startswith(("reply_", "thread_", "latest_"))}
            tombstone = {"type": "message", "subtype": "tombstone", "text": "This message was deleted.", "hidden": True}
            self._replace(workspace, channel, index, {**tombstone, "ts": message["ts"], "user": "USLACKBOT", **thread})
            return
        channel.remove(index)
        self._notify("deleted", workspace, channel, message)
        if is_reply(message):
            self._update_parent(workspace, channel, message["thread_ts"])

    def new_file(self, workspace: SandboxWorkspace, name: str, size: int, alt_text: str) -> SandboxFile:
        """Return a new file without bytes."""
        self.file_count += 1
        file_id = f"F0SANDBOX{self.file_count:04d}"
        file = SandboxFile(file_id, workspace.name, name, size, alt_text, ticket=secrets.token_urlsafe(16))
        self.files[file_id] = file
        return file

    def complete(self, file: SandboxFile, title: str, arrived_at: float) -> None:
        """End the upload of a file and call the listeners."""
        file.title = title
        file.is_complete = True
        file.processed_at = arrived_at + self.upload_delay_s
        for listener in self.file_listeners:
            listener(file)

    def find_file(self, workspace: SandboxWorkspace, file_id: str) -> SandboxFile | None:
        """Return the workspace's file with this id, or None."""
        file = self.files.get(file_id)
        return file if file is not None and file.workspace == workspace.name else None

    def has_usable_picture(self, workspace: SandboxWorkspace, address: str) -> bool:
        """May a message show the file with this id or permanent address now?"""
        file = self.find_file(workspace, address.rpartition("/")[2])
        return file is not None and address in (file.id, file.permalink) and file.is_usable_picture()

    def share(
        self, workspace: SandboxWorkspace, channel: SandboxChannel, files: list[SandboxFile], message: Json
    ) -> None:
        """Post a message with these files, `upload_delay_s` later."""

        def post_files() -> None:
            message["files"] = [file.summary() for file in files]
            self.post(workspace, channel, message)
            self.record_shares(workspace, channel, message)

        if self.upload_delay_s:
            asyncio.get_running_loop().call_later(self.upload_delay_s, post_files)
        else:
            post_files()

    def record_shares(self, workspace: SandboxWorkspace, channel: SandboxChannel, message: Json) -> None:
        """Record a message in the files that it shares."""
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        share = {"ts": message["ts"], **thread, "channel_name": channel.name, "team_id": workspace.team_id}
        for summary in message.get("files", ()):
            if file := self.find_file(workspace, summary["id"]):
                file.add_share("private" if channel.is_private else "public", channel.id, share)

    def clear(self) -> None:
        """Remove all messages and files; the workspaces and channels stay."""
        self.files.clear()
        for workspace in self.workspaces.values():
            workspace.history_at.clear()
            for channel in workspace.channels.values():
                channel.clear()

    def _replace(self, workspace: SandboxWorkspace, channel: SandboxChannel, index: int, message: Json) -> None:
        channel.messages[index] = message
        self._notify("changed", workspace, channel, message)

    def _update_parent(self, workspace: SandboxWorkspace, channel: SandboxChannel, thread_ts: str) -> None:
        """Count the replies in the message that opened the thread."""
        index = channel.find(thread_ts)
        if index is None:
            return
        parent, *replies = channel.thread(index)
        names = ("thread_ts", "reply_count", "reply_users_count", "latest_reply", "reply_users")
        parent = {name: value for name, value in parent.items() if name not in names}
        if replies:
            users = sorted({reply["user"] for reply in replies})
            values = (thread_ts, len(replies), len(users), replies[-1]["ts"], users)
            parent |= dict(zip(names, values, strict=True))
        self._replace(workspace, channel, index, parent)

    def _notify(self, what: str, workspace: SandboxWorkspace, channel: SandboxChannel, message: Json) -> None:
        for listener in self.listeners:
            listener(what, workspace, channel, message)


def new_state(options: SandboxOptions) -> SandboxState:
    """Return a state with the two default workspaces."""
    state = SandboxState(options)
    for workspace in default_workspaces(options.any_channel):
        state.add(workspace)
    return state
