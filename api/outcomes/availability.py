"""What may be asked, told from the plan alone: the answer is the same whether or not anything was ever returned."""

from api.figures import resolution
from api.figures.resolution import Question
from api.plan.catalogue import Catalogue
from api.plan.rules import periods_of
from api.statistics import periods
from schema.periods import PeriodType
from schema.plan import Measure, Series
from schema.reading import AreaFamily, Availability, Format, MeasureAvailability, SeriesAvailability

FORMATS = {
    "preview_outcomes": "application/json",
    "preview_outcomes_csv": "text/csv",
    "preview_outcomes_json_stat": "application/json",
    "preview_outcomes_sdmx_csv": "text/csv",
    "preview_outcomes_geojson": "application/geo+json",
}
TOKENS = ["latest", "latest-n"]


def availability(catalogue: Catalogue) -> Availability:
    plan = catalogue.plan
    return Availability(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        formats=[Format(operation=operation, media_type=type_) for operation, type_ in FORMATS.items()],
        period_tokens=TOKENS,
        families=[
            AreaFamily(
                slug=family.slug,
                levels=family.levels,
                areas=[
                    area.code
                    for area in sorted(plan.areas, key=lambda a: catalogue.levels[a.level])
                    if family.slug in area.families
                ],
            )
            for family in plan.families
        ],
        measures=[_measure(measure, catalogue) for measure in plan.measures],
    )


def _measure(measure: Measure, catalogue: Catalogue) -> MeasureAvailability:
    window = catalogue.plan.window
    cadence = measure.cadence
    return MeasureAvailability(
        measure=measure.slug,
        label=measure.label,
        theme=measure.theme,
        kind=measure.kind,
        unit=measure.unit,
        disclosure_class=measure.disclosure_class,
        series=[_series(measure, one, catalogue) for one in measure.series],
        period_type=cadence.period_type,
        periods=[p.code for p in periods_of(window, cadence.period_type, months=cadence.months)],
        period_types=_period_types(measure),
        area_family=measure.area_family,
        finest_level=catalogue.finest_level(measure, ()) or catalogue.areas[catalogue.plan.area].level,
        schemes=measure.schemes,
    )


def _period_types(measure: Measure) -> list[PeriodType]:
    """Those of which some period is made up of the measure's own: any two years hold every case."""
    first, last = periods.parse("CY2000").start, periods.parse("CY2001").end
    return [
        type_
        for type_ in PeriodType
        if any(
            resolution.parts(period, measure, ()) is not None
            for period in periods.between(type_, first, last, months=measure.cadence.months or 12)
        )
    ]


def _series(measure: Measure, series: Series, catalogue: Catalogue) -> SeriesAvailability:
    """The reason is what the roll-up itself would say of a series of which nothing has been returned."""
    question = Question(measures=[measure.slug], periods=["CY2000"])
    [asked] = resolution.ask(question, [(measure, series)], catalogue, [])
    reason = None if asked.reason == "period_not_partitioned" else asked.reason
    return SeriesAvailability(
        slug=series.slug,
        title=series.title,
        headline=series.headline,
        collection=series.collection,
        reason=resolution.AS_PUBLISHED_ONLY if asked.as_published else reason,
    )
