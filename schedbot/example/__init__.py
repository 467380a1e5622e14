"""Example project of `schedbot init --example`: its files, in `files/`, and their names in the project.

A file has another name here if its own would hide it from the wheel, or make it a test of schedbot.
"""

from dataclasses import dataclass
from pathlib import Path

PRIVATE, PLAIN, PROGRAM = 0o600, 0o644, 0o755
VERSION = "{version}"  # replaced in requirements.txt


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """A file of the project: its path there, the name in `files/` (default: the same), and its access rights."""

    path: str
    stored: str = ""
    mode: int = PLAIN

    def read(self) -> str:
        """Return the content."""
        return (Path(__file__).parent / "files" / (self.stored or self.path)).read_text(encoding="utf-8")


FILES = (
    ExampleFile("README.md"),
    ExampleFile("sales_reports.py"),
    ExampleFile("sql/sales_by_day.sql"),
    ExampleFile("sql/top_products.sql"),
    ExampleFile("templates/top_products.json.j2"),
    ExampleFile("templates/goals.json.j2"),
    ExampleFile("programs/refunds", mode=PROGRAM),
    ExampleFile("make_sales.py"),
    ExampleFile("tests/test_reports.py", "tests/report_checks.py"),
    ExampleFile("requirements.txt"),
    ExampleFile(".github/workflows/reports.yml", "workflow.yml"),
    ExampleFile(".gitignore", "gitignore.txt"),
    ExampleFile("schedbot.toml", mode=PRIVATE),
)
