"""What is asked for, whether it can be answered, and what the standing returns amount to."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.outcomes.standing import StandingCells, StandingRevision
from api.plan import calendar, obligations
from api.plan.catalogue import Catalogue, breakdown_key, breakdown_of
from api.plan.rules import UnclearPeriod, known
from api.refusals import Invalid
from api.reviews import leeway
from api.reviews.leeway import Leeway
from api.statistics import periods, rollup
from api.statistics.rollup import Tally
from schema.outcomes import Coverage, UnprotectedFigure
from schema.periods import Period, PeriodType
from schema.plan import Collection, Duty, Measure, Series
from schema.submissions import ReturnKind, Status, Timeliness

LATEST = "latest"
PERCENT = "percent"


class NotCollected(Invalid):
    """The measure is not collected like that."""

    mend = "Use one of the breakdowns that the detail names."


class Question(Struct, frozen=True, kw_only=True):
    """What a reader asks for; an empty list asks for what is usual."""

    measures: list[str] = []
    series: str | None = None
    theme: str | None = None
    periods: list[str] = []
    areas: list[str] = []
    group_by: list[str] = []


class Asked(Struct, frozen=True, kw_only=True):
    """One series in one period, over areas and breakdowns; `reason` where it cannot be answered at all."""

    measure: Measure
    series: Series
    period: Period | None
    areas: list[str]
    breakdowns: list[str]
    parts: tuple[Period, ...] = ()
    returns: list[StandingRevision] = []
    reason: str | None = None


def series_asked(question: Question, catalogue: Catalogue) -> list[tuple[Measure, Series]]:
    """The series that a question is about, in the order of the plan. Raises NotFound or UnknownCode."""
    if question.theme is not None:
        known("a theme", question.theme, (theme.slug for theme in catalogue.plan.themes))
    wanted = [catalogue.measure(slug).slug for slug in question.measures]
    found: list[tuple[Measure, Series]] = []
    for measure in catalogue.plan.measures:
        if (wanted and measure.slug not in wanted) or question.theme not in (None, measure.theme):
            continue
        if question.series is not None:
            slug = known(f"a series of {measure.slug}", question.series, (s.slug for s in measure.series))
            found.append((measure, next(s for s in measure.series if s.slug == slug)))
        else:
            found.append((measure, next(s for s in measure.series if s.headline)))
    return found


def named(question: Question, series: Sequence[tuple[Measure, Series]]) -> dict[str, str]:
    """What was asked for, as the audit keeps it."""
    asked = {
        "series": [f"{measure.slug}/{one.slug}" for measure, one in series],
        "period": question.periods or [LATEST],
        "area": question.areas,
        "group_by": question.group_by,
    }
    return {name: ", ".join(values) for name, values in asked.items() if values}


def ask(
    question: Question,
    series: Sequence[tuple[Measure, Series]],
    catalogue: Catalogue,
    standing: Iterable[StandingRevision],
) -> list[Asked]:
    """Each series and period with the returns that feed it. Raises UnknownCode, UnclearPeriod, NotCollected."""
    levels = [item for item in question.group_by if item in catalogue.levels]
    dimensions = [item for item in question.group_by if item not in catalogue.levels]
    for dimension in dimensions:
        known("a dimension or an area level", dimension, [*catalogue.dimensions, *catalogue.levels])
    areas = [known("an area", code, catalogue.areas) for code in question.areas or [catalogue.plan.area]]
    for level in levels:
        areas = [
            area.code
            for area in catalogue.plan.areas
            if area.level == level and any(catalogue.lies_within(area.code, outer) for outer in areas)
        ]
    returns = list(standing)
    asked: list[Asked] = []
    for measure, one in series:
        mine = [r for r in returns if (r.measure, r.series) == (measure.slug, one.slug)]
        breakdowns = _breakdowns(measure, dimensions, catalogue, explicit=bool(question.measures))
        reason = _reason(measure, one)
        if breakdowns is None:
            breakdowns, reason = [""], reason or "breakdown_not_collected"
        for period in _periods(question.periods or [LATEST], mine):
            made_up = None if period is None or reason else parts(period, measure, (r.period for r in mine))
            asked.append(
                Asked(
                    measure=measure,
                    series=one,
                    period=period,
                    areas=areas,
                    breakdowns=breakdowns,
                    parts=made_up or (),
                    returns=[r for r in mine if r.period in (made_up or ())],
                    reason=reason or ("no_data" if period is None else _unless(made_up, "period_not_partitioned")),
                )
            )
    return asked


def _unless(made_up: tuple[Period, ...] | None, reason: str) -> str | None:
    return reason if made_up is None else None


def _reason(measure: Measure, series: Series) -> str | None:
    """Why no figure of the series can be rolled up from returns."""
    if series.collection is Collection.PUBLISHED:
        return "as_published_only"
    if series.collection is Collection.DERIVED:
        return "derived"
    try:
        rollup.tally(measure.kind, NOTHING, groups=0)
    except rollup.NotAdditive:
        return "not_additive"
    return None


def _breakdowns(measure: Measure, dimensions: list[str], catalogue: Catalogue, *, explicit: bool) -> list[str] | None:
    if dimensions and catalogue.scheme(measure, dimensions) is None:
        if explicit:
            there = " or ".join(" and ".join(scheme.dimensions) for scheme in measure.schemes) or "nothing"
            raise NotCollected(f"{measure.slug} is not collected by {' and '.join(dimensions)}, but by {there}.")
        return None
    codes = [[category.code for category in catalogue.dimensions[d].categories] for d in dimensions]
    return [breakdown_key(dict(zip(dimensions, chosen, strict=True))) for chosen in product(*codes)]


def _periods(tokens: Sequence[str], returns: Sequence[StandingRevision]) -> list[Period | None]:
    """`latest` is the last period for which anything of the series stands; None where nothing does."""
    found: list[Period | None] = []
    for token in tokens:
        if token == LATEST:
            found.append(max((r.period for r in returns), key=lambda period: period.end, default=None))
            continue
        try:
            found.append(periods.parse(token))
        except periods.NotAPeriod as error:
            raise UnclearPeriod.of(error.code, error.candidates) from error
    return found


def parts(period: Period, measure: Measure, returned: Iterable[Period]) -> tuple[Period, ...] | None:
    """The periods of the measure's cadence that make up the period; None where they do not, exactly.

    Snapshots make up nothing; those that were returned lie in the period that contains their day.
    """
    cadence = measure.cadence
    if cadence.period_type is PeriodType.SNAPSHOT:
        return tuple(sorted({p for p in returned if periods.contains(period, p)}, key=lambda p: p.end))
    try:
        if cadence.period_type is PeriodType.MONTHS_ENDING:
            same = periods.of(cadence.period_type, period.start, months=cadence.months)
            return (same,) if periods.same_span(same, period) else None
        return periods.children(period, cadence.period_type)
    except (periods.NotPartitioned, periods.NotAPeriod, ValueError):
        return None


_EMPTY_IDS: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
_EMPTY: npt.NDArray[np.float64] = np.zeros(0)
NOTHING = rollup.Cells(
    group=_EMPTY_IDS,
    source=_EMPTY_IDS,
    period=_EMPTY_IDS,
    low=_EMPTY,
    high=_EMPTY,
    base_low=_EMPTY,
    base_high=_EMPTY,
)


def figures(
    asked: Asked, cells: StandingCells, catalogue: Catalogue, granted: Leeway = leeway.NONE
) -> list[UnprotectedFigure]:
    """A figure for each area and breakdown asked for, those without data included. They are not protected."""
    places = list(product(asked.areas, asked.breakdowns))
    if asked.reason is None:
        mapped = _mapped(asked, cells, catalogue)
        tallies = rollup.tally(asked.measure.kind, mapped, groups=len(places), overlap=asked.measure.overlap)
    else:
        tallies = [Tally(reason=asked.reason)] * len(places)
    coverage = _coverage(asked, catalogue, granted)
    period = asked.period or _whole_window(catalogue)
    return [
        _figure(asked, period, area, breakdown, tally, coverage)
        for (area, breakdown), tally in zip(places, tallies, strict=True)
    ]


def _whole_window(catalogue: Catalogue) -> Period:
    """What a figure is about when nothing was ever returned: the programme from its first month to its last."""
    window = catalogue.plan.window
    months = (window.end.year - window.start.year) * 12 + window.end.month - window.start.month + 1
    return periods.of(PeriodType.TO_DATE, date(window.start.year, window.start.month, 1), months=months)


def _mapped(asked: Asked, cells: StandingCells, catalogue: Catalogue) -> rollup.Cells:
    """The cells of the returns behind a series and period, each with the place that it feeds."""
    areas = {catalogue.ids.areas[code]: index for index, code in enumerate(asked.areas)}
    breakdowns = {catalogue.ids.breakdowns[key]: index for index, key in enumerate(asked.breakdowns)}
    sources = {key: index for index, key in enumerate(sorted({(r.organisation, r.service) for r in asked.returns}))}
    by_revision = {r.id: r for r in asked.returns}
    chosen = (
        np.isin(cells.revision, list(by_revision))
        & np.isin(cells.area, list(areas))
        & np.isin(cells.breakdown, list(breakdowns))
    )
    behind = [by_revision[number] for number in cells.revision[chosen].tolist()]
    places = [
        areas[area] * len(breakdowns) + breakdowns[breakdown]
        for area, breakdown in zip(cells.area[chosen].tolist(), cells.breakdown[chosen].tolist(), strict=True)
    ]
    ratio = asked.series.denominator is not None and asked.measure.kind in rollup.RATIOS
    number = (cells.numerator if ratio else cells.value)[chosen]
    hidden = cells.hidden[chosen] & (not ratio)
    low = np.where(hidden, np.nan_to_num(cells.lower[chosen], nan=0.0), number)
    high = np.where(hidden, np.nan_to_num(cells.upper[chosen], nan=np.inf), number)
    nils = [
        (r, place) for r in asked.returns if r.kind is ReturnKind.NIL for place in range(len(areas) * len(breakdowns))
    ]
    behind += [r for r, _ in nils]
    none = np.zeros(len(nils))
    base = np.append(cells.denominator[chosen], none)
    return rollup.Cells(
        group=np.array(places + [place for _, place in nils], dtype=np.int64),
        source=np.array([sources[r.organisation, r.service] for r in behind], dtype=np.int64),
        period=np.array([r.period.end.toordinal() for r in behind], dtype=np.int64),
        low=np.append(low, none),
        high=np.append(high, none),
        base_low=base if ratio else None,
        base_high=base if ratio else None,
    )


def _coverage(asked: Asked, catalogue: Catalogue, granted: Leeway) -> Coverage:
    """Expected and received count the same duties: one that is only admitted, or exempt, counts once it is returned."""
    there = {(r.organisation, r.service, r.period.code): r for r in asked.returns}
    expected = received = approved = late = exempt = 0
    for duty, part in product(_duties(asked, catalogue), asked.parts):
        if not obligations.owed(duty, part):
            continue
        holder = catalogue.holder(duty) or ""
        key = (holder, duty.measure, duty.series, duty.service, part.code)
        found = there.get((holder, duty.service, part.code))
        excused = duty.required and found is None and key in granted.exempt
        exempt += excused
        expected += (duty.required and not excused) or found is not None
        if found is not None:
            received += 1
            approved += found.approved
            limits = granted.deadlines(key, part, catalogue.plan.calendar)
            limit = calendar.timeliness(limits, first_recorded_at=found.first_recorded_at)
            late += limit is Timeliness.LATE
    return Coverage(expected=expected, received=received, approved=approved, late=late, exempt=exempt)


def _duties(asked: Asked, catalogue: Catalogue) -> list[Duty]:
    key = (asked.measure.slug, asked.series.slug)
    return [duty for duty in catalogue.plan.duties if (duty.measure, duty.series) == key]


def _figure(
    asked: Asked, period: Period, area: str, breakdown: str, tally: Tally, coverage: Coverage
) -> UnprotectedFigure:
    ratio = tally.base_low is not None
    scale = 100.0 if asked.measure.unit == PERCENT else 1.0
    low = (
        None
        if ratio and tally.ratio_low is None
        else tally.ratio_low * scale
        if ratio and tally.ratio_low is not None
        else tally.low
    )
    high = tally.ratio_high * scale if ratio and tally.ratio_high is not None else None if ratio else tally.high
    exact = low is not None and low == high
    ends = {part.end.toordinal(): part for part in asked.parts}
    return UnprotectedFigure(
        measure=asked.measure.slug,
        series=asked.series.slug,
        kind=asked.measure.kind,
        unit=asked.measure.unit,
        period=period,
        area=area,
        breakdown=breakdown_of(breakdown),
        value=low if exact else None,
        lower_bound=low,
        upper_bound=high,
        largest_error=None,
        numerator=tally.low if ratio and tally.low == tally.high else None,
        denominator=tally.base_low if ratio and tally.base_low == tally.base_high else None,
        lower=None,
        upper=None,
        lower_99_8=None,
        upper_99_8=None,
        interval_method=None,
        status=None if low is not None else Status.NOT_AVAILABLE,
        markers=[],
        reason=tally.reason,
        as_of=None if tally.as_of is None else ends[tally.as_of],
        cells_without_number=tally.left_out,
        coverage=coverage,
        comparators=[],
        trend=None,
        movement=None,
        target=None,
        contributors=[],
    )
