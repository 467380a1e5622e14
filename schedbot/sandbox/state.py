"""The whole state of one sandbox, and the one door through which a message gets into a channel."""

from collections.abc import Callable
from dataclasses import dataclass, field

from schedbot.errors import BadInput
from schedbot.sandbox.answers import Json
from schedbot.sandbox.workspaces import Channel, Workspace, two_workspaces

Listener = Callable[[str, Workspace, Channel, Json], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person chose at the start. `history` is `full` or `scarce`; anything else raises BadInput."""

    pace: bool = True
    history: str = "full"
    any_channel: bool = False

    def __post_init__(self) -> None:
        if self.history not in ("full", "scarce"):
            raise BadInput(f"No history is called '{self.history}'.", hint="Choose full or scarce.")


@dataclass(slots=True)
class World:
    """Workspaces, the rules that hold in them, and who is told of each message (`posted` or `changed`)."""

    rules: Rules
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    by_token: dict[str, Workspace] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)

    def add(self, workspace: Workspace) -> None:
        """Let a workspace exist; one of the same name is replaced."""
        before = self.workspaces.get(workspace.name)
        if before is not None:
            self.by_token.pop(before.token, None)
        self.workspaces[workspace.name] = workspace
        self.by_token[workspace.token] = workspace

    def post(self, workspace: Workspace, channel: Channel, message: Json) -> None:
        """Store a message and tell those who listen."""
        channel.append(message)
        for listener in self.listeners:
            listener("posted", workspace, channel, message)

    def change(self, workspace: Workspace, channel: Channel, place: int, message: Json) -> None:
        """Put another message in the place of one that is there."""
        channel.messages[place] = message
        for listener in self.listeners:
            listener("changed", workspace, channel, message)

    def empty(self) -> None:
        """Forget all messages; the workspaces and their channels stay."""
        for workspace in self.workspaces.values():
            workspace.history_at = float("-inf")
            for channel in workspace.channels.values():
                channel.empty()


def new_world(rules: Rules) -> World:
    """A world with the two workspaces of the start."""
    world = World(rules)
    for workspace in two_workspaces(rules.any_channel):
        world.add(workspace)
    return world
