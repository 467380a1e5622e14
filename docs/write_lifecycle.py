"""Write the table of a job's moves into docs/lifecycle.md:  python docs/write_lifecycle.py"""

import re
from pathlib import Path

from schedbot.rules import lifecycle

TARGET = Path(__file__).with_name("lifecycle.md")
HEAD = "| from | on | to | |\n|---|---|---|---|\n"
# Line of the table in the code: a state (none for a new job), an event and a remark.
LINE = re.compile(r"^    (?:\((\w+), )?E\.(\w+)\)?: \w+,(?:  # (.*))?$", re.MULTILINE)


def table() -> str:
    """Return the moves in the order of the code, with its remarks."""
    remarks = {(state, event): text for state, event, text in LINE.findall(Path(lifecycle.__file__).read_text())}
    moves = [("(new)", "", event, to) for event, to in lifecycle.NEW.items()]
    moves += [(state.value, state.name, event, to) for (state, event), to in lifecycle.MOVES.items()]
    return HEAD + "".join(
        f"| {before} | {event.value} | {to.value} | {remarks.get((name, event.name), '')} |\n"
        for before, name, event, to in moves
    )


def text() -> str:
    """Return the page with the present table."""
    before, _, rest = TARGET.read_text().partition(HEAD)
    return before + table() + re.sub(r"\A(?:\|.*\n)*", "", rest)


if __name__ == "__main__":
    TARGET.write_text(text())
