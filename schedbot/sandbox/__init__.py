"""A Slack on loopback, for trying things without Slack: with faults to order and a page to look at.

`start()` runs one in a process of its own; `Sandbox(url)` gives orders to one that runs.
"""

from schedbot.sandbox.control import Sandbox
from schedbot.sandbox.launch import Running, start

__all__ = ["Running", "Sandbox", "start"]
