"""Fixtures of the tests of `schedbot.admin`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.job_history import JobHistory, new_job_history


@pytest.fixture
def history(tmp_path: Path) -> Iterator[JobHistory]:
    with new_job_history(tmp_path) as history:
        yield history
