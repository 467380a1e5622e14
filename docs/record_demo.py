"""Writes docs/demo.svg from a run of `schedbot demo`:  python docs/record_demo.py"""

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 80
# The page's port differs in each run.
PORT = re.compile(r"127\.0\.0\.1:\d+")


def style_line(line: str) -> Text:
    """Return a line in the colours of the terminal."""
    style = {"$": "bold", "#": "dim"}.get(line[:1], "")
    if re.match(r"#[a-z]+$", line) or line.startswith("      -"):
        style = "bold"
    return Text(line, style=style)


def main() -> int:
    completed = subprocess.run([sys.executable, "-m", "schedbot", "demo"], stdout=subprocess.PIPE, text=True)
    if completed.returncode:
        print("The demo failed: docs/demo.svg is unchanged.", file=sys.stderr)
        return 1
    output, _, _ = completed.stdout.partition("\nNext:  schedbot demo")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    for line in PORT.sub("127.0.0.1:8765", output).rstrip().splitlines():
        console.print(style_line(line))
    svg = console.export_svg(title="schedbot demo")
    Path(__file__).with_name("demo.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
