"""The lines of a plot: the figures of one measure, series, area and breakdown, or one comparator of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._generated.models import FigureFields

    Labels = Mapping[str, Mapping[str, str]]
    Key = tuple[str, str, tuple[tuple[str, str], ...]]


class LimitKind(StrEnum):
    """The meaning of the limits of a figure, as a caption states it."""

    INTERVAL = "95 % confidence interval"
    ERROR_95 = "95 % error of the rounding"
    LARGEST_ERROR = "largest error"
    BOUNDS = "bounds of a number that is not known"


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of a line in one period, with its limits."""

    period: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    limits: str | None = None
    """The meaning of the limits; None without them."""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: list[Point]
    is_comparator: bool = False


def build_lines(figures: Sequence[FigureFields], labels: Labels) -> list[Line]:
    """Return the lines of the figures, and then those of their comparators, each once."""
    keys = [_build_key(figure) for figure in figures]
    series = dict.fromkeys((measure, series) for measure, series, _ in keys)
    lines: dict[tuple[Key, str], list[Point]] = {}
    comparators: dict[tuple[Key, str], dict[str, Point]] = {}
    for key, figure in zip(keys, figures, strict=True):
        lines.setdefault((key, labels.get("area", {}).get(figure.area, figure.area)), []).append(build_point(figure))
        for comparator in figure.comparators:
            if comparator.value is not None:
                points = comparators.setdefault((key, comparator.name), {})
                points[figure.period.code] = Point(figure.period.code, comparator.value)
    return [
        *(Line(_name_line(key, area, list(series), labels), points) for (key, area), points in lines.items()),
        *(
            Line(_name_line(key, area, list(series), labels), list(points.values()), is_comparator=True)
            for (key, area), points in comparators.items()
        ),
    ]


def build_point(figure: FigureFields) -> Point:
    """Return the figure with the limits that a page draws: its interval or 95 % error, otherwise its bounds."""
    code, value, status = figure.period.code, figure.value, figure.status.value if figure.status else ""
    if figure.lower is not None and figure.upper is not None:
        return Point(code, value, figure.lower, figure.upper, LimitKind.INTERVAL.value, status)
    if value is None:
        kind = None if figure.lower_bound is None or figure.upper_bound is None else LimitKind.BOUNDS.value
        return Point(code, value, figure.lower_bound, figure.upper_bound, kind, status)
    error_95 = getattr(figure, "error_95", None)  # only of published figures
    if error_95:
        return Point(code, value, max(value - error_95, 0), value + error_95, LimitKind.ERROR_95.value, status)
    if error_95 is None and figure.largest_error:
        return Point(code, value, figure.lower_bound, figure.upper_bound, LimitKind.LARGEST_ERROR.value, status)
    return Point(code, value, status=status)


def _build_key(figure: FigureFields) -> Key:
    return figure.measure, figure.series, tuple(figure.breakdown.to_dict().items())


def _name_line(key: Key, area: str, series: Sequence[tuple[str, str]], labels: Labels) -> str:
    """Return the area and the categories, after the measure or series if there are several."""
    measure, series_slug, breakdown = key
    parts = [area, *(labels.get(dimension, {}).get(code, code) for dimension, code in breakdown)]
    if len(series) > 1:
        has_twin = Counter(slug for slug, _ in series)[measure] > 1
        name = labels.get("measure", {}).get(measure, measure)
        parts.insert(0, labels.get("series", {}).get(f"{measure}/{series_slug}", series_slug) if has_twin else name)
    return ", ".join(parts)
