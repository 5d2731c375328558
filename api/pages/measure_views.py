"""The page of one measure: its breakdowns as charts and tables, its definition, and where to take the data."""

import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from api.outcomes.formats.boundary_layer import Shapes
from api.pages import maps
from api.pages.cards import Chart, build_table
from api.pages.charts import AXIS_HEIGHT, BAR_HEIGHT
from api.pages.wording import describe_value, name_period
from api.plan.catalogue import Catalogue
from api.spelling.figure_words import format_value, name_unit, shorten_period
from schema.measures import Measure
from schema.released_figures import PublishedFigure
from schema.released_views import ReleasedMeasure

WIDTH, NARROW_WIDTH = 720, 360
_FORMATS = {
    "CSV": "outcomes.csv",
    "JSON": "outcomes",
    "JSON-stat": "outcomes.json-stat",
    "SDMX-CSV": "outcomes.sdmx.csv",
}


class Breakdown(Struct, frozen=True, kw_only=True):
    """A way to break a measure down on its page: by the categories of a dimension, or by the areas of a level."""

    key: str  # the dimension or the level
    title: str
    is_level: bool


class BreakdownView(Struct, frozen=True, kw_only=True):
    """A breakdown with its chart, or without one where the release shows no number."""

    id: str
    title: str
    chart: Chart | None
    map: Chart | None


def list_breakdowns(measure: Measure, catalogue: Catalogue) -> list[Breakdown]:
    """Return the ways to break a measure down: its areas first, then each dimension, in the order of the plan."""
    ranks = catalogue.level_ranks
    finest = max((scheme.finest_level for scheme in measure.schemes), key=lambda level: ranks[level], default=None)
    area = catalogue.areas[catalogue.plan.area]
    breakdowns: list[Breakdown] = []
    if finest is not None and ranks[finest] > ranks[area.level]:
        breakdowns.append(Breakdown(key=finest, title=f"By {finest.replace('-', ' ')}", is_level=True))
    single = [scheme.dimensions[0] for scheme in measure.schemes if len(scheme.dimensions) == 1]
    for key in dict.fromkeys(single):
        label = catalogue.dimensions[key].label
        breakdowns.append(Breakdown(key=key, title=f"By {_begin_small(label)}", is_level=False))
    return breakdowns


def _begin_small(text: str) -> str:
    """Return the text with a small first letter, unless it begins with a name, such as `Individual Placement`."""
    return text if re.match(r"\w*[A-Z]|\w+ [A-Z]", text[1:]) else text[0].lower() + text[1:]


def _begin_large(text: str) -> str:
    return text[0].upper() + text[1:]


def name_figures(
    breakdown: Breakdown, figures: Sequence[PublishedFigure], catalogue: Catalogue
) -> list[tuple[str, PublishedFigure]]:
    """Return the figures with the names of their areas or categories."""
    if breakdown.is_level:
        return [(catalogue.areas[figure.area].name, figure) for figure in figures]
    labels = {one.code: one.label for one in catalogue.dimensions[breakdown.key].categories}
    return [(labels[figure.breakdown[breakdown.key]], figure) for figure in figures]


def build_view(
    breakdown: Breakdown,
    rows: Sequence[tuple[str, PublishedFigure]],
    shapes: Shapes,
    *,
    title: str,
    address: str,
) -> BreakdownView:
    """Return the breakdown with its chart. Without any number there is no chart."""
    shown = [(name, figure) for name, figure in rows if figure.value is not None]
    if not shown:
        return BreakdownView(id=breakdown.key, title=breakdown.title, chart=None, map=None)
    name, largest = max(shown, key=lambda pair: pair[1].value or 0)
    period = shorten_period(largest.period.label)
    by = f"by {breakdown.title[3:]}"
    picture = f"{address}/by/{breakdown.key}.svg"
    chart = Chart(
        address=picture,
        narrow_address=f"{picture}?size=small",
        alternative=f"Bars {by}, {period}: the largest is {name} with {describe_value(largest)}.",
        caption=f"{period}. Lines show the 95 % interval, or how far the true number can be. c: hidden, so that nobody "
        "can be identified.",
        width=WIDTH,
        height=BAR_HEIGHT * len(rows) + AXIS_HEIGHT,
        table=build_table(f"{title}, {by}, {period}", _begin_large(breakdown.title[3:]), rows),
    )
    area_map = _build_map(chart, period, shapes, shown)
    return BreakdownView(id=breakdown.key, title=breakdown.title, chart=chart, map=area_map)


def _build_map(bars: Chart, period: str, shapes: Shapes, shown: Sequence[tuple[str, PublishedFigure]]) -> Chart | None:
    """Return the map that shows the same figures as the bars, or None where no area with a number has a boundary."""
    count = sum(figure.area in shapes.boundaries for _, figure in shown)
    if count == 0:
        return None
    address = bars.address.replace("/by/", "/map/")
    squares = " The squares are invented, one for each area by name." if shapes.are_invented else ""
    return msgspec.structs.replace(
        bars,
        address=address,
        narrow_address=f"{address}?size=small",
        alternative=f"Map, {period}: {count} areas have a shade. The table has the same figures.",
        caption=f"{period}. A darker area has more. An area without a shade is hidden or has no figure.{squares}",
        width=maps.WIDTH,
        height=maps.HEIGHT,
    )


def list_facts(progress: ReleasedMeasure, measure: Measure) -> list[tuple[str, str]]:
    """Return the definition of a measure, its source and its aim."""
    series = progress.series
    facts = [("Definition", series.definition), ("Numerator" if series.denominator else "Counted", series.numerator)]
    if series.denominator:
        facts.append(("Denominator", series.denominator))
    if series.source is not None:
        facts.append(("Source", f"{series.source.title}, {series.source.publisher}"))
    facts.append(("Aim of the plan", measure.direction.aim.value.capitalize()))
    if progress.baseline is not None:
        facts.append(("Baseline", describe_level(progress.baseline.value, measure.unit, progress.baseline.period)))
    facts += [("Target", describe_level(target.value, measure.unit, target.period)) for target in progress.targets]
    references = "; ".join(f"{one.code}: “{one.text}”" for one in progress.plan_references)
    return [*facts, ("In the plan", references)] if references else facts


def describe_level(value: float, unit: str, period: str | None) -> str:
    """Return a baseline or a target: `40 referrals (2024/25)`."""
    return " ".join(
        part
        for part in (format_value(value, unit), name_unit(unit), f"({name_period(period)})" if period else "")
        if part
    )


def list_downloads(programme: str, measure: str, *, is_counted: bool) -> list[tuple[str, str]]:
    """Return the formats of a measure, with their addresses. Milestones and evidence have one."""
    if not is_counted:
        return [("JSON", f"/v1/programmes/{programme}/releases/latest/entries?measure={measure}")]
    return [(name, f"/v1/programmes/{programme}/{path}?measure={measure}&to=latest") for name, path in _FORMATS.items()]


def write_calls(programme: str, measure: str, server: str, *, is_counted: bool) -> tuple[str, str]:
    """Return the call that has the data of the page, with curl and with the SDK."""
    _, address = list_downloads(programme, measure, is_counted=is_counted)[0]
    read = (
        f'frame = client.outcomes(programme="{programme}", measure="{measure}", to="latest").to_pandas()'
        if is_counted
        else f'entries = client.list_release_entries("{programme}", "latest", measure=["{measure}"])'
    )
    return f"curl '{server}{address}'", (
        f'from work_health import WorkHealth\n\nclient = WorkHealth(base_url="{server}")\n{read}'
    )
