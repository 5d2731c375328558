"""Keys of figures and cells, by which two releases are compared."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from schema.released_figures import PublishedFigure

SeriesKey = tuple[str, str]
"""A measure and one of its series."""
FigureKey = tuple[str, ...]
"""Measure, series, period, area, then each `dimension=category` of the breakdown."""


class PreviousFigure(Struct, frozen=True, kw_only=True):
    """A figure of the previous release, and its position there."""

    position: int
    figure: PublishedFigure


FetchPrevious = Callable[[SeriesKey, str], Mapping[FigureKey, PreviousFigure]]
"""A function that returns the previous release's figures of a series in a period."""


def make_figure_key(figure: PublishedFigure) -> FigureKey:
    breakdown = [f"{dimension}={code}" for dimension, code in sorted(figure.breakdown.items())]
    return (figure.measure, figure.series, figure.period.code, figure.area, *breakdown)
