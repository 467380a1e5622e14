"""`requirements-lowest.txt` has the lowest versions that pyproject.toml allows."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_lowest_versions_are_those_of_the_pins() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    floors = dict(re.findall(r"([a-z-]+)>=([0-9.]+)", " ".join(project["dependencies"])))
    lines = (ROOT / "requirements-lowest.txt").read_text().splitlines()
    lowest = dict(line.split("==") for line in lines if "==" in line)
    assert {name: without_zeros(lowest[name]) for name in floors} == {
        name: without_zeros(version) for name, version in floors.items()
    }


def without_zeros(version: str) -> str:
    return re.sub(r"(\.0|\.post0)+$", "", version)
