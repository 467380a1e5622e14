"""Every snippet of docs/python-api.md runs, in order, in one process beside a new database."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "python-api.md"


def test_snippets_of_the_page_run_in_order(database: Path) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    command = [sys.executable, "-W", "error", "-c", "\n".join(snippets)]
    result = subprocess.run(command, cwd=database.parent, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "at 09:00 on Monday, New York time" in result.stdout
    for comment in re.findall(r"print\(error.message.*#\s(.*)", PAGE.read_text()):
        assert comment in result.stdout
