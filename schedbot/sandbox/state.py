"""State of a sandbox: its workspaces and options. All messages are stored through it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from schedbot.errors import BadInput
from schedbot.sandbox.api_responses import Json
from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace, default_workspaces

Listener = Callable[[str, SandboxWorkspace, SandboxChannel, Json], None]


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
    """Workspaces, options, and the listeners called for each message (`posted` or `changed`)."""

    options: SandboxOptions
    workspaces: dict[str, SandboxWorkspace] = field(default_factory=dict)
    by_token: dict[str, SandboxWorkspace] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)

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
        for listener in self.listeners:
            listener("posted", workspace, channel, message)

    def replace(self, workspace: SandboxWorkspace, channel: SandboxChannel, index: int, message: Json) -> None:
        """Replace a stored message and call the listeners."""
        channel.messages[index] = message
        for listener in self.listeners:
            listener("changed", workspace, channel, message)

    def clear(self) -> None:
        """Remove all messages; the workspaces and channels stay."""
        for workspace in self.workspaces.values():
            workspace.history_at = float("-inf")
            for channel in workspace.channels.values():
                channel.clear()


def new_state(options: SandboxOptions) -> SandboxState:
    """Return a state with the two default workspaces."""
    state = SandboxState(options)
    for workspace in default_workspaces(options.any_channel):
        state.add(workspace)
    return state
