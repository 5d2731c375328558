"""Describe charts in Vega-Lite: a measure over time, and by its categories. Drawing them is in `drawing`.

Colours are names of the style that `drawing` puts into each picture, so that a chart is readable on a dark page too.
"""

import textwrap
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

Json = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # the name of the format; nothing is requested from it
INK, QUIET, LINE, BAND, BAR = "var(--ink)", "var(--quiet)", "var(--line)", "var(--band)", "var(--bar)"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the widths of the first are known where a picture is drawn
BAR_HEIGHT, AXIS_HEIGHT = 26, 44
MAX_LABEL_SHARE = 0.4  # of the width of bars
LETTER_WIDTH, LABEL_LINES = 6, 2
_AXIS: Json = {
    "labelColor": QUIET,
    "titleColor": QUIET,
    "gridColor": LINE,
    "domainColor": LINE,
    "tickColor": LINE,
    "labelFont": FONT,
    "titleFont": FONT,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
}
CONFIG: Json = {
    "axis": _AXIS,
    "view": {"stroke": None},
    "text": {"font": FONT, "fontSize": 12},
    "background": None,
}


class ChartPoint(Struct, frozen=True, kw_only=True):
    """A figure of a chart: `label` is its period or category; `lower` and `upper` are its interval or bounds."""

    label: str
    value: float | None
    lower: float | None
    upper: float | None
    comparator: float | None = None
    mark: str = ""  # shown instead of a value, such as `c`
    is_partial: bool = False  # returns are missing: its point is hollow, and no line leads to it


class TrendLines(Struct, frozen=True, kw_only=True):
    """The lines that a chart over time shows with the figures. Each may be absent."""

    comparator: str | None = None  # the name of the area
    baseline: float | None = None
    target: float | None = None


def build_trend(points: Sequence[ChartPoint], lines: TrendLines, *, axis: str, width: int, height: int) -> Json:
    """Return a chart of the figures over time, in the order of `points`."""
    values = [point for point in points if point.value is not None]
    layers: list[Json] = []
    if any(point.lower is not None for point in points):
        layers.append({"mark": {"type": "rule", "color": BAND, "strokeWidth": 6}, "encoding": _limits("y")})
    for name, level in (("Baseline", lines.baseline), ("Target", lines.target)):
        if level is not None:
            layers += _build_level(name, level, is_below=bool(values) and level < (values[0].value or 0))
    if lines.comparator and any(point.comparator is not None for point in points):
        layers += _build_comparator(points, lines.comparator)
    layers += _build_line(values)
    if len(values) < len(points):
        layers.append(
            {
                "mark": {"type": "text", "color": QUIET, "baseline": "bottom"},
                "encoding": {"y": {"datum": 0}, "text": {"field": "mark"}},
            }
        )
    encoding = {"x": _category_axis([point.label for point in points]), "y": _value_axis(axis, height)}
    return _chart(points, layers, encoding, width=width, height=height)


def _build_line(values: Sequence[ChartPoint]) -> list[Json]:
    """Return the line of the complete figures, and a hollow point for each that lacks returns.

    A line to it would show the missing returns as a fall. If all figures lack some, their line is dashed.
    """
    partial = [point.is_partial for point in values]
    encoding = {"y": {"field": "value", "type": "quantitative"}}
    point = {"color": INK, "size": 40}
    line: Json = {"mark": {"type": "line", "color": INK, "strokeWidth": 2, "point": point}, "encoding": encoding}
    if not any(partial):
        return [line]
    hollow = {"type": "point", "stroke": INK, "fill": "var(--page)", "size": 50, "strokeDash": [2, 2], "opacity": 1}
    if all(partial):
        dashed = line["mark"] | {"strokeDash": [4, 3], "point": False}
        return [line | {"mark": dashed}, {"mark": hollow, "encoding": encoding}]
    return [
        line | {"transform": [{"filter": "!datum.is_partial"}]},
        {"transform": [{"filter": "datum.is_partial"}], "mark": hollow, "encoding": encoding},
    ]


def build_bars(points: Sequence[ChartPoint], *, axis: str, width: int) -> Json:
    """Return horizontal bars, one for each category, with its interval or error. A long label has two lines."""
    letters = round(width * MAX_LABEL_SHARE / LETTER_WIDTH)
    points = [
        replace(point, label="\n".join(textwrap.wrap(point.label, letters, max_lines=LABEL_LINES, placeholder=" …")))
        for point in points
    ]
    layers: list[Json] = [
        {"mark": {"type": "bar", "color": BAR, "height": {"band": 0.7}}, "encoding": {"x": {"field": "value"}}},
        {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.5}, "encoding": _limits("x")},
        {
            "mark": {"type": "text", "color": QUIET, "align": "left", "dx": 4},
            "encoding": {"x": {"datum": 0}, "text": {"field": "mark"}},
        },
    ]
    encoding = {
        "y": {
            **_category_axis([point.label for point in points]),
            "axis": {
                "title": None,
                "labelExpr": "split(datum.label, '\\n')",
                "labelLimit": width,
                "labelLineHeight": 12,
                "ticks": False,
            },
        },
        "x": {"type": "quantitative", "axis": {"title": axis, "tickCount": 5}, "scale": {"zero": True}},
    }
    return _chart(points, layers, encoding, width=width, height=BAR_HEIGHT * len(points) + AXIS_HEIGHT)


def _chart(points: Sequence[ChartPoint], layers: list[Json], encoding: Json, *, width: int, height: int) -> Json:
    rows = [{name: getattr(point, name) for name in ChartPoint.__struct_fields__} for point in points]
    return make_picture(rows, layers, width=width, height=height) | {"encoding": encoding}


def make_picture(rows: list[Json], layers: list[Json], *, width: int, height: int) -> Json:
    """Return a Vega-Lite picture of this size with these layers over the rows."""
    return {
        "$schema": SCHEMA,
        "config": CONFIG,
        "width": width,
        "height": height,
        "data": {"values": rows},
        "layer": layers,
        "autosize": {"type": "fit", "contains": "padding"},
    }


def _category_axis(labels: list[str]) -> Json:
    return {
        "field": "label",
        "type": "ordinal",
        "scale": {"domain": labels},
        "axis": {"title": None, "labelAngle": 0, "labelOverlap": True, "labelPadding": 6},
    }


def _value_axis(title: str, height: int) -> Json:
    """Begin at zero: a shorter axis makes small changes look large."""
    return {
        "type": "quantitative",
        "scale": {"zero": True, "nice": True},
        "axis": {
            "title": title,
            "tickCount": 3 if height < 150 else 5,
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleX": 0,
            "titleY": -8,
        },
    }


def _limits(axis: str) -> Json:
    return {axis: {"field": "lower", "type": "quantitative"}, f"{axis}2": {"field": "upper"}}


def _build_level(name: str, level: float, *, is_below: bool) -> list[Json]:
    """The name is below the line if the figures begin above it."""
    encoding = {"y": {"datum": level}, "x": {"value": 0}}
    once: Json = {"data": {"values": [{}]}}  # otherwise it is drawn for each point
    return [
        {
            **once,
            "mark": {"type": "rule", "color": QUIET, "strokeDash": [2, 3]},
            "encoding": {**encoding, "x2": {"value": "width"}},
        },
        {
            **once,
            "mark": {"type": "text", "color": QUIET, "align": "left", "text": name, "dy": 9 if is_below else -7},
            "encoding": encoding,
        },
    ]


def _build_comparator(points: Sequence[ChartPoint], name: str) -> list[Json]:
    last = next(point for point in reversed(points) if point.comparator is not None)
    is_below = (last.comparator or 0) < (last.value or 0)  # the name keeps away from the line of the figures
    place = {"y": {"field": "comparator", "type": "quantitative"}}
    return [
        {"mark": {"type": "line", "color": QUIET, "strokeDash": [5, 3], "strokeWidth": 1.5}, "encoding": place},
        {
            "transform": [{"filter": {"field": "label", "equal": last.label}}],
            "mark": {"type": "text", "color": QUIET, "align": "right", "dy": 12 if is_below else -8, "text": name},
            "encoding": place,
        },
    ]
