"""A plot of figures over time, each series with its interval and its comparators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .errors import WorkHealthError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._generated.models import FigureFields

Axes = Any
"""A `matplotlib.axes.Axes`; matplotlib is an extra."""
INTERVAL_OPACITY = 0.2


def plot_figures(figures: Iterable[FigureFields], axes: Axes = None) -> Axes:
    """Draw a line for each measure, series, area and breakdown, and return the axes.

    The interval, or the bounds if there is no exact value, is a band around the line. The values of a comparator are
    a dashed line. A figure without a value is a gap.
    """
    try:
        from matplotlib import pyplot  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
    except ImportError as error:
        raise WorkHealthError("To plot figures, install `work-health[plot]`.") from error
    if axes is None:
        axes = cast(Axes, pyplot.subplots()[1])  # pyright: ignore[reportUnknownMemberType]
    lines: dict[tuple[str, ...], list[FigureFields]] = {}
    for figure in figures:
        breakdown = ", ".join(f"{name}={category}" for name, category in figure.breakdown.to_dict().items())
        lines.setdefault((figure.measure, figure.series, figure.area, breakdown), []).append(figure)
    for name, line in lines.items():
        _draw_line(axes, name, sorted(line, key=lambda figure: figure.period.end))
    units = dict.fromkeys(figure.unit for line in lines.values() for figure in line)
    axes.set_ylabel(", ".join(units))
    axes.set_ylim(bottom=0)
    if lines:
        axes.legend()
    return axes


def _draw_line(axes: Axes, name: tuple[str, ...], line: Sequence[FigureFields]) -> None:
    periods = [figure.period.label for figure in line]
    label = ", ".join(part for part in name if part and part != "headline")
    [drawn] = axes.plot(periods, [_to_number(figure.value) for figure in line], marker="o", label=label)
    limits = [_choose_limits(figure) for figure in line]
    axes.fill_between(
        periods,
        [_to_number(lower) for lower, _ in limits],
        [_to_number(upper) for _, upper in limits],
        color=drawn.get_color(),
        alpha=INTERVAL_OPACITY,
    )
    for area in dict.fromkeys(comparator.name for figure in line for comparator in figure.comparators):
        values = [
            next((comparator.value for comparator in figure.comparators if comparator.name == area), None)
            for figure in line
        ]
        if any(value is not None for value in values):
            axes.plot(periods, [_to_number(value) for value in values], linestyle="--", label=area)


def _choose_limits(figure: FigureFields) -> tuple[float | None, float | None]:
    if figure.lower is not None:
        return figure.lower, figure.upper
    return figure.lower_bound, figure.upper_bound


def _to_number(value: float | None) -> float:
    return float("nan") if value is None else value
