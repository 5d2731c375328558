"""What may be asked, told from the plan alone: the answer is the same whether or not anything was ever returned."""

from api.figures import resolution
from api.figures.resolution import ResolutionQuery
from api.plan.catalogue import Catalogue
from api.plan.periods import list_periods
from api.statistics import periods
from schema.availability import AreaFamily, Availability, MeasureAvailability, OutcomeFormat, SeriesAvailability
from schema.measures import Measure, Series
from schema.periods import PeriodType

FORMAT_MEDIA_TYPES = {
    "preview_outcomes": "application/json",
    "preview_outcomes_csv": "text/csv",
    "preview_outcomes_json_stat": "application/json",
    "preview_outcomes_sdmx_csv": "text/csv",
    "preview_outcomes_geojson": "application/geo+json",
}
PERIOD_TOKENS = ["latest", "latest-n"]


def describe_availability(catalogue: Catalogue) -> Availability:
    plan = catalogue.plan
    return Availability(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        formats=[
            OutcomeFormat(operation=operation, media_type=type_) for operation, type_ in FORMAT_MEDIA_TYPES.items()
        ],
        period_tokens=PERIOD_TOKENS,
        families=[
            AreaFamily(
                slug=family.slug,
                levels=family.levels,
                areas=[
                    area.code
                    for area in sorted(plan.areas, key=lambda a: catalogue.level_ranks[a.level])
                    if family.slug in area.families
                ],
            )
            for family in plan.families
        ],
        measures=[_describe_measure(measure, catalogue) for measure in plan.measures],
    )


def _describe_measure(measure: Measure, catalogue: Catalogue) -> MeasureAvailability:
    window = catalogue.plan.window
    cadence = measure.cadence
    return MeasureAvailability(
        measure=measure.slug,
        label=measure.label,
        theme=measure.theme,
        kind=measure.kind,
        unit=measure.unit,
        disclosure_class=measure.disclosure_class,
        series=[_describe_series(measure, one, catalogue) for one in measure.series],
        period_type=cadence.period_type,
        periods=[p.code for p in list_periods(window, cadence.period_type, months=cadence.months)],
        period_types=_list_period_types(measure),
        area_family=measure.area_family,
        finest_level=catalogue.find_finest_level(measure, ()) or catalogue.areas[catalogue.plan.area].level,
        schemes=measure.schemes,
    )


def _list_period_types(measure: Measure) -> list[PeriodType]:
    """Those of which some period is made up of the measure's own: any two years hold every case."""
    first, last = periods.parse("CY2000").start, periods.parse("CY2001").end
    return [
        type_
        for type_ in PeriodType
        if any(
            resolution.split_into_parts(period, measure, ()) is not None
            for period in periods.list_periods_between(type_, first, last, months=measure.cadence.months or 12)
        )
    ]


def _describe_series(measure: Measure, series: Series, catalogue: Catalogue) -> SeriesAvailability:
    """The reason is what the roll-up itself would say of a series of which nothing has been returned."""
    question = ResolutionQuery(measures=[measure.slug], periods=["CY2000"])
    [asked] = resolution.resolve_series(question, [(measure, series)], catalogue, [])
    reason = None if asked.reason == "period_not_partitioned" else asked.reason
    return SeriesAvailability(
        slug=series.slug,
        title=series.title,
        headline=series.headline,
        collection=series.collection,
        reason=resolution.AS_PUBLISHED_ONLY if asked.is_published else reason,
    )
