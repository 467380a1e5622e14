"""No regular expression takes more than linear time: one customer's text must not stop the others."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.fuzz.patterns import UsedPattern, find_patterns, hard_texts

MOST_S = 1.0  # of processor time for 50 kB; a linear pattern takes a twentieth of it, a quadratic one 15 s
PATTERNS = find_patterns()


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Raise TimeoutError once the block has taken this much processor time."""

    def stop(signal_number: int, frame: object) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


@pytest.mark.slow
@pytest.mark.parametrize("used", PATTERNS, ids=[f"{used.place} {used.method}" for used in PATTERNS])
def test_pattern_takes_linear_time(used: UsedPattern) -> None:
    for text in hard_texts(used.pattern):
        try:
            with processor_time(MOST_S):
                used.apply(text)
        except TimeoutError:
            pytest.fail(f"{used.place} {used.method} takes too long on {text[:30]!r}... {used.pattern.pattern}")


def test_all_patterns_are_found() -> None:
    assert len(PATTERNS) > 60
    assert any("presentation/message" in used.place for used in PATTERNS)
