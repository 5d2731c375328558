"""The outcome queries that the plan allows, with or without data, and what the newest release has."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from api.figures.period_resolution import split_into_parts
from api.figures.query import OutcomeQuery, resolve_axes
from api.figures.resolution import AS_PUBLISHED_ONLY, CellKey, resolve_query
from api.outcomes.formats import sdmx_csv
from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.periods import list_periods
from api.plan.populations import list_forms
from api.plan.scope_members import explain_unreleased
from api.statistics import periods
from schema.availability import (
    AreaFamily,
    Availability,
    MeasureAvailability,
    OutcomeFormat,
    ReleasedCells,
    SeriesAvailability,
)
from schema.measures import Cadence, Measure, Series
from schema.periods import PeriodType

FORMAT_MEDIA_TYPES = {
    "outcomes": "application/json",
    "outcomes_csv": "text/csv",
    "outcomes_json_stat": "application/json",
    "outcomes_sdmx_csv": sdmx_csv.MEDIA_TYPE,
    "outcomes_geojson": "application/geo+json",
}
PERIOD_TOKENS = ["latest", "latest-n"]


NOTHING_RELEASED: Mapping[tuple[str, str], ReleasedCells] = {}


def describe_availability(
    catalogue: Catalogue,
    released: Mapping[tuple[str, str], ReleasedCells] = NOTHING_RELEASED,
    *,
    release: int | None = None,
) -> Availability:
    """Describe the queries of every measure. `released` has the cells of the newest release by measure and series."""
    plan = catalogue.plan
    return Availability(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        release=release,
        formats=_list_formats("list"),
        preview_formats=_list_formats("preview"),
        period_tokens=PERIOD_TOKENS,
        families=[
            AreaFamily(
                slug=family.slug,
                levels=family.levels,
                areas=[
                    area.code
                    for area in sorted(plan.areas, key=lambda area: catalogue.level_ranks[area.level])
                    if family.slug in area.families
                ],
            )
            for family in plan.families
        ],
        measures=[_describe_measure(measure, catalogue, released) for measure in plan.measures],
    )


def describe_released(periods: Sequence[str], cells: Iterable[CellKey], catalogue: Catalogue) -> ReleasedCells:
    """Describe the cells that a release has of a series. `cells` are those of its newest period."""
    areas, keys = (set(column) for column in zip(*cells, strict=True))
    levels = {catalogue.areas[code].level for code in areas if code in catalogue.areas}
    breakdowns = {tuple(parse_breakdown_key(key)) for key in keys}
    return ReleasedCells(
        periods=list(periods),
        levels=sorted(levels, key=catalogue.level_ranks.__getitem__),
        breakdowns=[list(dimensions) for dimensions in sorted(breakdowns, key=lambda names: (len(names), names))],
    )


def _list_formats(verb: str) -> list[OutcomeFormat]:
    return [
        OutcomeFormat(operation=f"{verb}_{name}", media_type=media_type)
        for name, media_type in FORMAT_MEDIA_TYPES.items()
    ]


def _describe_measure(
    measure: Measure, catalogue: Catalogue, released: Mapping[tuple[str, str], ReleasedCells]
) -> MeasureAvailability:
    window = catalogue.plan.window
    cadence = measure.cadence
    return MeasureAvailability(
        measure=measure.slug,
        label=measure.label,
        theme=measure.theme,
        kind=measure.kind,
        unit=measure.unit,
        disclosure_class=measure.disclosure_class,
        series=[
            _describe_series(measure, series, catalogue, released.get((measure.slug, series.slug)))
            for series in measure.series
        ],
        period_type=cadence.period_type,
        periods=[period.code for period in list_periods(window, cadence.period_type, months=cadence.months)],
        period_types=_list_period_types(cadence),
        area_family=measure.area_family,
        finest_level=catalogue.find_finest_level(measure, ()) or catalogue.areas[catalogue.plan.area].level,
        schemes=measure.schemes,
        forms=list_forms(measure),
    )


@cache
def _list_period_types(cadence: Cadence) -> list[PeriodType]:
    """Return the types of periods that can consist of the cadence's periods. Any two years contain every case."""
    first, last = periods.parse("CY2000").start, periods.parse("CY2001").end
    return [
        period_type
        for period_type in PeriodType
        if any(
            split_into_parts(period, cadence, ()) is not None
            for period in periods.list_periods_between(period_type, first, last, months=cadence.months or 12)
        )
    ]


def _describe_series(
    measure: Measure, series: Series, catalogue: Catalogue, released: ReleasedCells | None
) -> SeriesAvailability:
    """Describe the series. Its reason is the one of a figure of which nothing was returned."""
    query = OutcomeQuery(measures=[measure.slug], series=series.slug, periods=["CY2000"])
    [resolved], _ = resolve_query(query, resolve_axes(query, catalogue), catalogue, [])
    reason = None if resolved.reason == "period_not_partitioned" else resolved.reason
    return SeriesAvailability(
        slug=series.slug,
        title=series.title,
        headline=series.headline,
        collection=series.collection,
        reason=AS_PUBLISHED_ONLY if resolved.is_published else reason,
        release_reason=explain_unreleased(measure, series, catalogue),
        released=released,
    )
