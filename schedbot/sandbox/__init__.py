"""A local Slack server for tests and trials, with injectable faults and a page that shows the messages.

`start()` runs a sandbox in its own process; `Sandbox(url)` controls a running one.
"""

from schedbot.sandbox.control.client import Sandbox
from schedbot.sandbox.process import RunningSandbox, start

__all__ = ["RunningSandbox", "Sandbox", "start"]
