"""Soak: many posts with posters that retire often. `bench/soak.py` does 200,000."""

from pathlib import Path

import pytest

from bench import soak

JOBS, SHARE = 8_000, 400
MIB = 1024


@pytest.mark.slow
def test_soak_ends_all_jobs_in_steady_memory(tmp_path: Path) -> None:
    result = soak.run(JOBS, SHARE, tmp_path)
    assert result.states == {"succeeded": JOBS}
    assert result.replaced >= JOBS // SHARE - 2 * soak.PROCESSES
    assert result.memory_at_end - result.memory_at_start < 20 * MIB
