"""Puts the table of a job's moves into docs/lifecycle.md:  python docs/write_lifecycle.py"""

import re
from pathlib import Path

from schedbot.rules import lifecycle

TARGET = Path(__file__).with_name("lifecycle.md")
HEAD = "| from | on | to | |\n|---|---|---|---|\n"
# A move, and what the code says beside it.
MOVE = re.compile(r"\((\w+), E\.(\w+)\): \w+,(?:  # (.*))?")


def table() -> str:
    """The moves in the order of the code, with its remarks."""
    remarks = {(state, event): remark for state, event, remark in MOVE.findall(Path(lifecycle.__file__).read_text())}
    rows = [
        f"| {state.value} | {event.value} | {to.value} | {remarks.get((state.name, event.name), '')} |\n"
        for (state, event), to in lifecycle.MOVES.items()
    ]
    return HEAD + "".join(rows)


def text() -> str:
    """The page, with the table as it is now."""
    before, _, rest = TARGET.read_text().partition(HEAD)
    return before + table() + re.sub(r"\A(?:\|.*\n)*", "", rest)


if __name__ == "__main__":
    TARGET.write_text(text())
