"""Plots of measurements as SVG, by matplotlib (the extra `charts`), which is loaded only here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Line = tuple[Sequence[float], Sequence[float]]


def draw_lines(file: Path, x_label: str, panels: Mapping[str, Mapping[str, Line]]) -> None:
    """Draw panels one below the other, each with the label of its y axis and lines by name."""
    figure, axes = open_figure(len(panels))
    for axis, (y_label, lines) in zip(axes, panels.items(), strict=True):
        for name, (xs, ys) in lines.items():
            axis.plot(xs, ys, label=name, marker="o" if len(xs) < 10 else None)
        axis.set_ylabel(y_label)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
        if len(lines) > 1:
            axis.legend()
    axes[-1].set_xlabel(x_label)
    save(figure, file)


def draw_bars(file: Path, x_label: str, values: Mapping[str, float]) -> None:
    """Draw a bar for each value, with its number."""
    figure, (axis,) = open_figure(1)
    bars = axis.barh(list(values), list(values.values()))
    axis.bar_label(bars, fmt="{:,.0f}", padding=3)
    axis.invert_yaxis()
    axis.margins(x=0.15)
    axis.set_xlabel(x_label)
    save(figure, file)


def open_figure(panels: int) -> tuple[Any, Any]:
    """Return a figure and its axes."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(panels, figsize=(8, 3 * panels), squeeze=False, layout="constrained")
    return figure, axes[:, 0]


def save(figure: Any, file: Path) -> None:
    """Write the figure, the same bytes for the same values."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "schedbot", "svg.fonttype": "none"}):
        figure.savefig(file, metadata={"Date": None})
    print(f"plot    {file}")
