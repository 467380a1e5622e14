"""Call of a method, with the checks that several methods share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schedbot.sandbox import limits
from schedbot.sandbox.api_responses import ApiResponse, Json, RequestRefused, detailed_refusal
from schedbot.sandbox.state import SandboxState
from schedbot.sandbox.workspaces import SandboxChannel, SandboxWorkspace


@dataclass(frozen=True, slots=True)
class Call:
    """A call with a valid token. `arrived_at` is in seconds of the monotonic clock; `host` is the sandbox's own."""

    method: str
    args: Json
    workspace: SandboxWorkspace
    arrived_at: float
    host: str = ""


Method = Callable[[Call, SandboxState], ApiResponse]


def require_scope(call: Call, scope: str) -> None:
    """Raise RequestRefused if the token lacks the scope."""
    if scope not in call.workspace.scopes:
        raise RequestRefused("missing_scope", {"needed": scope, "provided": ",".join(call.workspace.scopes)})


def refuse_missing(name: str) -> RequestRefused:
    """Return the refusal of a call without this argument."""
    return detailed_refusal("invalid_arguments", [f"missing required field: {name}"], with_errors=False)


def find_channel(call: Call, name: str = "channel") -> SandboxChannel:
    """Return the channel in the argument `name`. Raises RequestRefused."""
    channel_id = call.args.get(name)
    if not channel_id:
        raise refuse_missing(name)
    channel = call.workspace.find_channel(str(channel_id))
    if channel is None:
        raise RequestRefused("channel_not_found")
    return channel


def find_writable_channel(call: Call, name: str = "channel") -> SandboxChannel:
    """Return the channel in the argument if it is not archived. Raises RequestRefused."""
    channel = find_channel(call, name)
    if channel.is_archived:
        raise RequestRefused("is_archived")
    return channel


def find_readable_channel(call: Call) -> SandboxChannel:
    """Return the channel in the arguments if the token may read its messages. Raises RequestRefused."""
    channel = find_channel(call)
    require_scope(call, f"{channel.scope_prefix}:history")
    if not channel.is_member:
        raise RequestRefused("not_in_channel")
    return channel


def wait_for_history(call: Call, state: SandboxState) -> int:
    """Return the seconds until the method may be called again; 0 if now, which counts as a call."""
    if state.options.history != "scarce":
        return 0
    return limits.reserve_history(call.workspace, call.method, call.arrived_at)


def find_index(channel: SandboxChannel, ts: Any) -> int | None:
    """Return the index of the message with this `ts`; None for an unknown or invalid `ts`."""
    try:
        return channel.find(str(ts))
    except ValueError:
        return None


def is_true(value: Any) -> bool:
    """Is the argument true, as JSON or as text?"""
    return value is True or str(value).lower() in ("1", "true")
