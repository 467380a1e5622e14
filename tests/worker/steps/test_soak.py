"""Soak: many posts with posters that retire often. `bench/soak.py` does 1,000,000."""

from pathlib import Path

import pytest

from bench import soak

JOBS, SHARE = 8_000, 400
MOST_GROWTH_MIB = 20


@pytest.mark.slow
def test_soak_ends_all_jobs_in_steady_memory(tmp_path: Path) -> None:
    result = soak.run(JOBS, SHARE, tmp_path, is_http=True)
    assert result.states == {"succeeded": JOBS}
    assert result.started_children >= JOBS // SHARE
    assert result.samples[-1].pool - result.at_job(JOBS / 10).pool < MOST_GROWTH_MIB
