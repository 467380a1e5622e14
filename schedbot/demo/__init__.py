"""The demo: real commands against a sandbox, as steps that `schedbot demo` prints while they happen."""

from schedbot.demo.environment import STOP_SIGNALS, DemoEnvironment, open_environment
from schedbot.demo.steps import ChannelMessages, Command, Note, Output, Progress, Step, run_steps

__all__ = [
    "STOP_SIGNALS",
    "ChannelMessages",
    "Command",
    "DemoEnvironment",
    "Note",
    "Output",
    "Progress",
    "Step",
    "open_environment",
    "run_steps",
]
