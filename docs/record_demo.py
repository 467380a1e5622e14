"""Makes docs/demo.svg from a real run of `schedbot demo`:  python docs/record_demo.py"""

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 80
# The page's port is another one each time.
PORT = re.compile(r"127\.0\.0\.1:\d+")


def styled(line: str) -> Text:
    """A line in the colours that the demo gives it on a terminal."""
    style = {"$": "bold", "#": "dim"}.get(line[:1], "")
    if re.match(r"#[a-z]+$", line) or line.startswith("      -"):
        style = "bold"
    return Text(line, style=style)


def main() -> int:
    done = subprocess.run([sys.executable, "-m", "schedbot", "demo"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print("The demo failed: nothing was recorded.", file=sys.stderr)
        return 1
    told, _, _ = done.stdout.partition("\nNext:  schedbot demo")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    for line in PORT.sub("127.0.0.1:8765", told).rstrip().splitlines():
        console.print(styled(line))
    svg = console.export_svg(title="schedbot demo")
    Path(__file__).with_name("demo.svg").write_text("\n".join(one.rstrip() for one in svg.splitlines()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
