"""What is asked for, and whether it can be answered: each series in one period, with the returns that feed it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain, product

from msgspec import Struct
from msgspec.structs import replace

from api.figures.returns_data import SelectedRevision
from api.http.refusals import Invalid
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue, find_headline_series
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.statistics import periods, rollup
from schema.measures import Collection, Measure, MeasureKind, Series
from schema.periods import Period, PeriodType

LATEST_KEYWORD = "latest"
AS_PUBLISHED_ONLY = "as_published_only"
MAX_LISTED_CODES = 12  # periods, areas or breakdowns that one refusal names
ADVICE_BY_UNCOUNTED_KIND = {
    MeasureKind.MILESTONE: "Read its items in the returns of the measure: each item's stage is the latest.",
    MeasureKind.EVIDENCE: "Read its entries in the returns of the measure.",
}
COMPARABLE_KINDS = frozenset({MeasureKind.PROPORTION, MeasureKind.RATE, MeasureKind.MEAN, MeasureKind.GAP})
"""The kinds whose figures do not grow with the area, so that a wider one can stand beside them."""


class NotCollected(Invalid):
    """The measure is not collected like that."""

    example = "GET …/preview/outcomes?measure=ips-primary-care-referrals&group_by=carer-status"
    fix = "Use one of the breakdowns that the detail names."


class ResolutionQuery(Struct, frozen=True, kw_only=True):
    """What a reader asks for; an empty list asks for what is usual."""

    measures: list[str] = []
    series: str | None = None
    theme: str | None = None
    periods: list[str] = []
    areas: list[str] = []
    group_by: list[str] = []
    comparators: list[str] = []


class ResolvedQuery(Struct, frozen=True, kw_only=True):
    """One series in one period, over areas and breakdowns; `reason` where it cannot be answered at all."""

    measure: Measure
    series: Series
    period: Period | None
    areas: list[str]
    breakdowns: list[str]
    comparator_areas: list[str] = []  # areas that are no answer, but may be compared with
    comparators: list[str] | None = (
        None  # those that every figure is set beside; None for the wider ones that there are
    )
    part_periods: tuple[Period, ...] = ()
    revisions: list[SelectedRevision] = []
    formula_inputs: "list[ResolvedQuery]" = []  # the measures of the formula, where the series has one
    earlier_periods: tuple[Period, ...] = ()  # the periods before for which anything counts, in order of time
    earlier_queries: "list[ResolvedQuery]" = []  # the same in those of them that are looked at
    reason: str | None = None
    alternatives: str | None = None

    @property
    def is_published(self) -> bool:
        """Whether its figures are its publisher's own, so that nothing is rolled up."""
        return self.series.collection is Collection.PUBLISHED

    @property
    def cell_keys(self) -> list[tuple[str, str]]:
        """Areas and breakdowns; those that are an answer come first."""
        return list(product([*self.areas, *self.comparator_areas], self.breakdowns))

    @property
    def all_revisions(self) -> Iterator[SelectedRevision]:
        """Whatever it rests on, or is judged by."""
        return chain(self.revisions, *(one.all_revisions for one in (*self.formula_inputs, *self.earlier_queries)))


def select_series(query: ResolutionQuery, catalogue: Catalogue) -> list[tuple[Measure, Series]]:
    """The series that a question is about, in the order of the plan. Raises NotFound or UnknownCode."""
    if query.theme is not None:
        check_code("a theme", query.theme, (theme.slug for theme in catalogue.plan.themes))
    wanted = [catalogue.get_measure(slug).slug for slug in query.measures]
    found: list[tuple[Measure, Series]] = []
    for measure in catalogue.plan.measures:
        if (wanted and measure.slug not in wanted) or query.theme not in (None, measure.theme):
            continue
        if query.series is not None:
            slug = check_code(f"a series of {measure.slug}", query.series, (s.slug for s in measure.series))
            found.append((measure, next(s for s in measure.series if s.slug == slug)))
        else:
            found.append((measure, find_headline_series(measure)))
    return found


def list_source_series(series: Sequence[tuple[Measure, Series]], catalogue: Catalogue) -> list[tuple[str, str]]:
    """The series whose returns are needed: those asked for, and those that a formula is made of."""
    found = {
        (measure.slug, one.slug)
        for each, its in series
        for measure, one in [(each, its), *_find_formula_inputs(its, catalogue)]
    }
    return sorted(found)


def _find_formula_inputs(series: Series, catalogue: Catalogue) -> list[tuple[Measure, Series]]:
    measures = [catalogue.measures[slug] for slug in series.formula.measures] if series.formula else []
    return [(measure, find_headline_series(measure)) for measure in measures]


def describe_for_audit(query: ResolutionQuery, series: Sequence[tuple[Measure, Series]]) -> dict[str, str]:
    """What was asked for, as the audit keeps it."""
    asked = {
        "series": [f"{measure.slug}/{one.slug}" for measure, one in series],
        "period": query.periods or [LATEST_KEYWORD],
        "area": query.areas,
        "group_by": query.group_by,
        "comparator": query.comparators,
    }
    return {name: ", ".join(values) for name, values in asked.items() if values}


def resolve_series(
    query: ResolutionQuery,
    series: Sequence[tuple[Measure, Series]],
    catalogue: Catalogue,
    revisions: Iterable[SelectedRevision],
) -> list[ResolvedQuery]:
    """Each series and period with the returns that feed it. Raises UnknownCode, UnclearPeriod, NotCollected."""
    levels = [item for item in query.group_by if item in catalogue.level_ranks]
    dimensions = [item for item in query.group_by if item not in catalogue.level_ranks]
    for dimension in dimensions:
        check_code("a dimension or an area level", dimension, [*catalogue.dimensions, *catalogue.level_ranks])
    areas = _select_areas(query, levels, catalogue)
    comparators = [check_code("an area", code, catalogue.areas) for code in query.comparators]
    returns: defaultdict[tuple[str, str], list[SelectedRevision]] = defaultdict(list)
    for one in revisions:
        returns[one.measure, one.series].append(one)
    asked: list[ResolvedQuery] = []
    for measure, one in series:
        breakdowns = _list_breakdowns(measure, dimensions, catalogue, is_explicit=bool(query.measures))
        published = one.collection is Collection.PUBLISHED
        reason, instead = (None, None) if published else _explain_refusal(measure, one)
        if breakdowns is None:
            breakdowns, reason, instead = (
                [""],
                reason or "breakdown_not_collected",
                instead or _describe_schemes(measure),
            )
        wider = comparators or (_find_wider_areas(areas, catalogue) if measure.kind in COMPARABLE_KINDS else [])
        if published and wider and not comparators:
            wider = [*wider, *catalogue.peer_areas]
        whole = ResolvedQuery(
            measure=measure,
            series=one,
            period=None,
            areas=areas,
            breakdowns=breakdowns,
            comparator_areas=[code for code in dict.fromkeys(wider) if code not in areas],
            comparators=comparators or (None if measure.kind in COMPARABLE_KINDS else []),
            reason=reason,
            alternatives=instead,
        )
        there = [
            r.period for key in list_source_series([(measure, one)], catalogue) for r in returns[key] if r.is_counted
        ]
        for period in _resolve_tokens(query.periods or [LATEST_KEYWORD], measure, there):
            before = [] if period is None or reason else find_earlier_periods(period, measure, one, there)
            asked.append(
                replace(
                    resolve_period(whole, period, catalogue, returns),
                    earlier_periods=tuple(before),
                    earlier_queries=[resolve_period(whole, past, catalogue, returns) for past in before],
                )
            )
    return asked


def _select_areas(query: ResolutionQuery, levels: Sequence[str], catalogue: Catalogue) -> list[str]:
    areas = [check_code("an area", code, catalogue.areas) for code in query.areas or [catalogue.plan.area]]
    for level in levels:
        areas = [
            area.code
            for area in catalogue.plan.areas
            if area.level == level and any(catalogue.is_within(area.code, outer) for outer in areas)
        ]
    return areas


def _find_wider_areas(areas: Sequence[str], catalogue: Catalogue) -> list[str]:
    """The areas that contain one of these."""
    return list(dict.fromkeys(chain.from_iterable(catalogue.list_area_and_ancestors(code)[1:] for code in areas)))


def resolve_period(
    query: ResolvedQuery,
    period: Period | None,
    catalogue: Catalogue,
    returns: Mapping[tuple[str, str], list[SelectedRevision]],
) -> ResolvedQuery:
    """The question in one period. Of a formula, each of its measures is asked by its own kind and cadence."""
    if query.reason:
        return replace(query, period=period)
    if period is None:
        return replace(query, reason="no_data")
    inputs: list[ResolvedQuery] = []
    for measure, series in _find_formula_inputs(query.series, catalogue):
        reason, instead = _explain_refusal(measure, series)
        part = replace(query, measure=measure, series=series, reason=reason, alternatives=instead)
        inputs.append(resolve_period(part, period, catalogue, returns))
    if inputs:
        return replace(query, period=period, formula_inputs=inputs)
    mine = returns.get((query.measure.slug, query.series.slug), [])
    if query.is_published:
        return _resolve_published(query, period, [r for r in mine if r.is_counted])
    made_up = split_into_parts(period, query.measure, (r.period for r in mine))
    if made_up is None:
        cadence = query.measure.cadence.period_type
        return replace(
            query,
            period=period,
            reason="period_not_partitioned",
            alternatives=f"Ask for a period that is made of whole periods of the type `{cadence}`.",
        )
    return replace(query, period=period, part_periods=made_up, revisions=[r for r in mine if r.period in made_up])


def _resolve_published(query: ResolvedQuery, period: Period, revisions: Sequence[SelectedRevision]) -> ResolvedQuery:
    """The publication of that very span, under whichever name; there is no making one out of others."""
    found = [one for one in revisions if periods.is_same_span(one.period, period)]
    if found or not revisions:
        return replace(query, period=period, revisions=found, reason=None if found else "no_data")
    codes = list(dict.fromkeys(one.period.code for one in reversed(revisions)))
    newest, more = codes[:MAX_LISTED_CODES], len(codes) - MAX_LISTED_CODES
    listed = ", ".join(newest) + (f" and {more} periods before" if more > 0 else "")
    return replace(query, period=period, reason=AS_PUBLISHED_ONLY, alternatives=f"It is published for {listed}.")


def has_published_figures(revision: SelectedRevision, catalogue: Catalogue) -> bool:
    """Whether it holds figures of a publisher in the place of cells."""
    return any(
        series.slug == revision.series and series.collection is Collection.PUBLISHED
        for series in catalogue.measures[revision.measure].series
    )


def _explain_refusal(measure: Measure, series: Series) -> tuple[str | None, str | None]:
    """Why no figure of the series can be rolled up from returns, and what can be asked instead."""
    if measure.kind in ADVICE_BY_UNCOUNTED_KIND:
        return "not_a_count", ADVICE_BY_UNCOUNTED_KIND[measure.kind]
    if series.collection is Collection.PUBLISHED:
        return AS_PUBLISHED_ONLY, "Ask for its own figures: a published one is no part of a formula."
    if series.formula is not None:
        return None, None
    if measure.kind not in rollup.ADDITIVE_KINDS:
        return "not_additive", str(rollup.NotAdditive(measure.kind))
    return None, None


def _describe_schemes(measure: Measure) -> str:
    there = " or ".join(" and ".join(scheme.dimensions) for scheme in measure.schemes) or "nothing"
    return f"It is collected by {there}."


def _list_breakdowns(
    measure: Measure, dimensions: list[str], catalogue: Catalogue, *, is_explicit: bool
) -> list[str] | None:
    if dimensions and catalogue.find_scheme(measure, dimensions) is None:
        if is_explicit:
            raise NotCollected(
                f"{measure.slug} is not collected by {' and '.join(dimensions)}. {_describe_schemes(measure)}"
            )
        return None
    codes = [[category.code for category in catalogue.dimensions[d].categories] for d in dimensions]
    return [format_breakdown_key(dict(zip(dimensions, chosen, strict=True))) for chosen in product(*codes)]


def _resolve_tokens(tokens: Sequence[str], measure: Measure, returned: Sequence[Period]) -> list[Period | None]:
    """`latest` is the last period of the cadence for which anything counts; None where nothing does."""
    found: list[Period | None] = []
    for token in tokens:
        if token == LATEST_KEYWORD:
            found.append(find_latest_period(measure, returned))
        else:
            found.append(parse_period(token))
    return found


def find_latest_period(measure: Measure, returned_periods: Sequence[Period]) -> Period | None:
    """The last period of which anything counts; of a formula, the one of its own cadence around it."""
    last = max(returned_periods, key=lambda period: period.end, default=None)
    if last is None or measure.kind not in (MeasureKind.DERIVED, MeasureKind.GAP):
        return last
    around = periods.list_periods_between(
        measure.cadence.period_type,
        last.start.replace(year=last.start.year - 1, day=1),
        last.end.replace(year=last.end.year + 1, month=12, day=31),
        months=measure.cadence.months,
    )
    return next((period for period in around if periods.contains(period, last)), last)


def find_earlier_periods(
    period: Period, measure: Measure, series: Series, returned_periods: Iterable[Period]
) -> list[Period]:
    """The periods before this one, of its type and length, for which anything counts, in order of time.

    Where months make up longer windows, these do not overlap. A cumulative count is only set beside counts that
    began as long before, by the rule that resets it.
    """
    there = set(returned_periods)
    if not there or period.type is PeriodType.TO_DATE:
        return []
    months = periods.count_months(period)
    cadence = measure.cadence.period_type
    if cadence is period.type or period.type is PeriodType.SNAPSHOT:
        before: Iterable[Period] = there
    else:
        first = min(each.start for each in there)
        since = first.replace(year=first.year - 1, day=1)
        windows = periods.list_periods_between(period.type, since, period.start - timedelta(days=1), months=months)
        before = windows[:: -months if period.type is PeriodType.MONTHS_ENDING else -1]
    found = {
        each
        for each in before
        if each.type is period.type
        and periods.count_months(each) == months
        and each.end < period.end
        and has_same_time_since_reset(each, period, series.resets)
        and any(periods.contains(each, one) for one in there)
    }
    return sorted(found, key=lambda each: each.end)


def has_same_time_since_reset(earlier_period: Period, period: Period, resets: PeriodType | None) -> bool:
    """Whether a cumulative count of the one began as long before its end as that of the other."""
    if resets is None:
        return True
    [spell, *_] = periods.list_periods_between(resets, periods.FIRST_DAY, periods.LAST_DAY, months=1)
    apart = 12 * (period.end.year - earlier_period.end.year) + period.end.month - earlier_period.end.month
    return apart % periods.count_months(spell) == 0


def split_into_parts(period: Period, measure: Measure, returned_periods: Iterable[Period]) -> tuple[Period, ...] | None:
    """The periods of the measure's cadence that make up the period; None where they do not, exactly.

    Snapshots make up nothing; those that were returned lie in the period that contains their day.
    """
    cadence = measure.cadence
    if cadence.period_type is PeriodType.SNAPSHOT:
        return tuple(sorted({p for p in returned_periods if periods.contains(period, p)}, key=lambda p: p.end))
    try:
        if cadence.period_type is PeriodType.MONTHS_ENDING:
            same = periods.build_period(cadence.period_type, period.start, months=cadence.months)
            return (same,) if periods.is_same_span(same, period) else None
        return periods.divide_period(period, cadence.period_type)
    except (periods.PeriodNotDivisible, periods.InvalidPeriodCode, ValueError):
        return None
