"""A Slack on loopback, for trying things without Slack: with faults to order and a page to look at.

`start()` runs one in a process of its own; `Sandbox(url)` gives orders to one that runs.
"""

from schedbot.sandbox.control_client import Sandbox
from schedbot.sandbox.process import Running, start

__all__ = ["Running", "Sandbox", "start"]
