"""A plot of figures: lines over time, or bars for one period, with their 95 % interval or error and comparators."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import fill, wrap
from typing import TYPE_CHECKING, Any, cast

from ._spelling.figure_words import STATUS_WORDS, name_unit, shorten_period
from .errors import WorkHealthError
from .plot_lines import Line, Point, build_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ._generated.models import FigureFields, OutcomesLabels, Period, PreviewOutcomesLabels

Axes = Any
"""A `matplotlib.axes.Axes`; matplotlib is an extra."""
LIMIT_OPACITY = 0.2
TITLE_CHARACTERS = 60
TICK_CHARACTERS = 12
LEGEND_CHARACTERS = 32
MAX_UPRIGHT_PERIODS = 8
MAX_CYCLE_COLOURS = 10
MAX_LINES_WITH_LIMITS = 10  # the shades of more lines hide each other
MAX_TITLE_MEASURES = 2
LINES_INCHES = (9, 4.8)
LEGEND_ROW_INCHES = 0.19
BARS_INCHES = (8, 1.6)
BAR_INCHES = 0.28
UNIT_WORDS = {"percent": "%", "percentage-points": "percentage points"}


@dataclass(slots=True)
class PlotNames:
    """The names that figures do not state: the labels of their codes, and whether a sandbox invented the values."""

    labels: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    is_invented: bool = False

    def add(self, labels: OutcomesLabels | PreviewOutcomesLabels) -> None:
        """Add the labels of a page of figures."""
        for kind, names in cast("dict[str, dict[str, str]]", labels.to_dict()).items():
            self.labels.setdefault(kind, {}).update(names)


def plot_figures(figures: Iterable[FigureFields], axes: Axes = None, names: PlotNames | None = None) -> Axes:
    """Draw a line for each measure, series, area and breakdown, and return the axes.

    The 95 % interval or error is shaded, or the bounds if there is no exact value; the caption states which. The
    values of a comparator are a dashed line. A figure without a value is a gap. Figures of one period are bars.
    """
    try:
        from matplotlib import pyplot  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
    except ImportError as error:
        raise WorkHealthError("To plot figures, install `work-health[plot]`.") from error
    figures, names = list(figures), names or PlotNames()
    lines = build_lines(figures, names.labels)
    periods = _label_periods(figures)
    is_bars = len(periods) == 1
    if axes is None:
        size = _choose_size(lines, is_bars=is_bars)
        axes = cast(Axes, pyplot.subplots(figsize=size, layout="constrained")[1])  # pyright: ignore[reportUnknownMemberType]
    if len(lines) > MAX_CYCLE_COLOURS:
        axes.set_prop_cycle(color=pyplot.get_cmap("tab20").colors)  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
    units = ", ".join(dict.fromkeys(UNIT_WORDS.get(figure.unit, name_unit(figure.unit)) for figure in figures))
    caption = _describe_marks(lines, is_bars=is_bars)
    if is_bars:
        _draw_bars(axes, lines)
        axes.set_xlabel("\n".join(filter(None, [units, caption])))
    elif lines:
        _draw_lines(axes, lines, periods)
        axes.set_ylabel(units)
        axes.set_xlabel(caption)
    axes.set_title(_build_title(figures, units, names, list(periods.values()) if is_bars else []), fontsize="medium")
    return axes


def _choose_size(lines: Sequence[Line], *, is_bars: bool) -> tuple[float, float]:
    """Return width and height in inches, with room for all bars or the whole legend."""
    width, height = BARS_INCHES if is_bars else LINES_INCHES
    if is_bars:
        return width, height + BAR_INCHES * len(lines)
    rows = sum(len(wrap(line.name, LEGEND_CHARACTERS)) + 0.5 for line in lines)
    return width, max(height, LEGEND_ROW_INCHES * rows + 1)


def _label_periods(figures: Sequence[FigureFields]) -> dict[str, str]:
    """Return the short label of each period by code, in order of time; the whole label if two are the same."""
    periods = {figure.period.code: figure.period for figure in figures}
    ordered = sorted(periods.values(), key=lambda period: (period.end, period.start))
    short = [_shorten_period(period) for period in ordered]
    labels = short if len(set(short)) == len(short) else [period.label for period in ordered]
    return {period.code: label for period, label in zip(ordered, labels, strict=True)}


def _shorten_period(period: Period) -> str:
    months, is_window, _ = period.label.partition(" ending ")
    return f"{months} to {period.end:%b %Y}" if is_window else shorten_period(period.label)


def _draw_lines(axes: Axes, lines: Sequence[Line], periods: Mapping[str, str]) -> None:
    is_upright = len(periods) <= MAX_UPRIGHT_PERIODS
    ticks = {code: fill(label, TICK_CHARACTERS) if is_upright else label for code, label in periods.items()}
    axes.xaxis.update_units(list(ticks.values()))  # so that periods are in order of time
    for line in lines:
        points = sorted(line.points, key=lambda point: list(ticks).index(point.period))
        labels = [ticks[point.period] for point in points]
        style = {"linestyle": "--"} if line.is_comparator else {"marker": "o"}
        values, name = [_to_number(point.value) for point in points], fill(line.name, LEGEND_CHARACTERS)
        [drawn] = axes.plot(labels, values, label=name, **style)
        if _has_room_for_limits(lines):
            _shade_limits(axes, labels, points, drawn.get_color())
    if all((number or 0) >= 0 for line in lines for point in line.points for number in (point.value, point.lower)):
        axes.set_ylim(bottom=0)
    if not is_upright:
        axes.tick_params(axis="x", labelrotation=90)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize="small", frameon=False)


def _has_room_for_limits(lines: Sequence[Line]) -> bool:
    return sum(not line.is_comparator for line in lines) <= MAX_LINES_WITH_LIMITS


def _shade_limits(axes: Axes, labels: Sequence[str], points: Sequence[Point], colour: object) -> None:
    if not any(point.limits for point in points):
        return
    lower, upper = ([_to_number(number) for number in side] for side in zip(*map(_get_limits, points), strict=True))
    axes.fill_between(labels, lower, upper, color=colour, alpha=LIMIT_OPACITY, linewidth=0)
    axes.vlines(labels, lower, upper, color=colour, alpha=0.5)  # a point between two gaps has no area


def _get_limits(point: Point) -> tuple[float | None, float | None]:
    return point.lower, point.upper


def _draw_bars(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw a bar for each figure, the greatest on top. A comparator is grey. State why there is no number."""
    bars = sorted(((line, line.points[0]) for line in lines), key=lambda bar: _rank(bar[1]))
    colours = ["0.75" if line.is_comparator else "C0" for line, _ in bars]
    axes.barh(range(len(bars)), [point.value or 0 for _, point in bars], color=colours)
    axes.set_yticks(range(len(bars)), [line.name for line, _ in bars])
    axes.margins(y=0.01)
    for place, (_, point) in enumerate(bars):
        if point.limits:
            axes.hlines(place, _to_number(point.lower), _to_number(point.upper), color="black", linewidth=1.2)
        elif point.value is None:
            axes.text(0, place, f" {STATUS_WORDS.get(point.status, 'not available')}", va="center", fontsize="small")


def _rank(point: Point) -> float:
    return float("-inf") if (number := point.value if point.value is not None else point.lower) is None else number


def _describe_marks(lines: Sequence[Line], *, is_bars: bool) -> str:
    """Return the caption: the meaning of the shades, or of the lines on bars, and of comparators."""
    kinds = dict.fromkeys(point.limits for line in lines for point in line.points if point.limits)
    mark = "black line" if is_bars else "shaded" if _has_room_for_limits(lines) else "not drawn for so many lines"
    marks = [f"{mark}: {', or '.join(kinds)}"] if kinds else []
    if any(line.is_comparator for line in lines):
        marks.append(f"{'grey' if is_bars else 'dashed'}: comparators")
    caption = "; ".join(marks)
    return caption[:1].upper() + caption[1:]


def _build_title(figures: Sequence[FigureFields], units: str, names: PlotNames, periods: Sequence[str]) -> str:
    codes = dict.fromkeys(figure.measure for figure in figures)
    measures = [names.labels.get("measure", {}).get(code, code) for code in codes]
    subject = " and ".join(measures) if len(measures) <= MAX_TITLE_MEASURES else f"{len(measures)} measures"
    title = f"{subject} ({units})" if units else subject
    releases = dict.fromkeys(getattr(figure, "release", None) for figure in figures)
    origin = ["Preview, not for publication" if number is None else f"Release {number}" for number in releases]
    invented = ["Invented values"] if names.is_invented else []
    return "\n".join([fill(title, TITLE_CHARACTERS), " · ".join([*periods, *origin, *invented])])


def _to_number(value: float | None) -> float:
    return float("nan") if value is None else value
