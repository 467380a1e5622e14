"""Ratios of a measurement, as lines that `bench/run` collects into one table."""

from typing import NamedTuple


class Ratio(NamedTuple):
    """A figure beside its limit. `aim` is a text such as `at least 0.25`; empty without one."""

    name: str
    value: float
    aim: str = ""
    unit: str = ""


def show(ratios: list[Ratio]) -> None:
    """Print the ratios."""
    for ratio in ratios:
        value = f"{ratio.value:.2f}{' ' + ratio.unit if ratio.unit else ''}"
        print(f"ratio   {ratio.name:<78} {value:>12}   {ratio.aim}".rstrip(), flush=True)
