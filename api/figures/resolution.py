"""What is asked for, and whether it can be answered: each series in one period, with the returns that feed it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain, product

from msgspec import Struct
from msgspec.structs import replace

from api.figures.returns_data import StandingRevision
from api.http.refusals import Invalid
from api.plan.catalogue import Catalogue, breakdown_key, headline
from api.plan.rules import known, parsed_period
from api.statistics import periods, rollup
from schema.periods import Period, PeriodType
from schema.plan import Collection, Kind, Measure, Series

LATEST = "latest"
AS_PUBLISHED_ONLY = "as_published_only"
MOST_NAMED = 12  # periods, areas or breakdowns that one refusal names
UNCOUNTED = {
    Kind.MILESTONE: "Read its items in the returns of the measure: each item's stage is the latest.",
    Kind.EVIDENCE: "Read its entries in the returns of the measure.",
}
COMPARED = frozenset({Kind.PROPORTION, Kind.RATE, Kind.MEAN, Kind.GAP})
"""The kinds whose figures do not grow with the area, so that a wider one can stand beside them."""


class NotCollected(Invalid):
    """The measure is not collected like that."""

    example = "GET …/preview/outcomes?measure=ips-primary-care-referrals&group_by=carer-status"
    mend = "Use one of the breakdowns that the detail names."


class Question(Struct, frozen=True, kw_only=True):
    """What a reader asks for; an empty list asks for what is usual."""

    measures: list[str] = []
    series: str | None = None
    theme: str | None = None
    periods: list[str] = []
    areas: list[str] = []
    group_by: list[str] = []
    comparators: list[str] = []


class Asked(Struct, frozen=True, kw_only=True):
    """One series in one period, over areas and breakdowns; `reason` where it cannot be answered at all."""

    measure: Measure
    series: Series
    period: Period | None
    areas: list[str]
    breakdowns: list[str]
    beside: list[str] = []  # areas that are no answer, but may be compared with
    comparators: list[str] | None = (
        None  # those that every figure is set beside; None for the wider ones that there are
    )
    parts: tuple[Period, ...] = ()
    returns: list[StandingRevision] = []
    inputs: "list[Asked]" = []  # the measures of the formula, where the series has one
    past: tuple[Period, ...] = ()  # the periods before for which anything counts, in order of time
    earlier: "list[Asked]" = []  # the same in those of them that are looked at
    reason: str | None = None
    instead: str | None = None

    @property
    def as_published(self) -> bool:
        """Whether its figures are its publisher's own, so that nothing is rolled up."""
        return self.series.collection is Collection.PUBLISHED

    @property
    def places(self) -> list[tuple[str, str]]:
        """Areas and breakdowns; those that are an answer come first."""
        return list(product([*self.areas, *self.beside], self.breakdowns))

    @property
    def all_returns(self) -> Iterator[StandingRevision]:
        """Whatever it rests on, or is judged by."""
        return chain(self.returns, *(one.all_returns for one in (*self.inputs, *self.earlier)))


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
            found.append((measure, headline(measure)))
    return found


def series_behind(series: Sequence[tuple[Measure, Series]], catalogue: Catalogue) -> list[tuple[str, str]]:
    """The series whose returns are needed: those asked for, and those that a formula is made of."""
    found = {
        (measure.slug, one.slug) for each, its in series for measure, one in [(each, its), *_inputs(its, catalogue)]
    }
    return sorted(found)


def _inputs(series: Series, catalogue: Catalogue) -> list[tuple[Measure, Series]]:
    measures = [catalogue.measures[slug] for slug in series.formula.measures] if series.formula else []
    return [(measure, headline(measure)) for measure in measures]


def named(question: Question, series: Sequence[tuple[Measure, Series]]) -> dict[str, str]:
    """What was asked for, as the audit keeps it."""
    asked = {
        "series": [f"{measure.slug}/{one.slug}" for measure, one in series],
        "period": question.periods or [LATEST],
        "area": question.areas,
        "group_by": question.group_by,
        "comparator": question.comparators,
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
    areas = _areas(question, levels, catalogue)
    comparators = [known("an area", code, catalogue.areas) for code in question.comparators]
    returns: defaultdict[tuple[str, str], list[StandingRevision]] = defaultdict(list)
    for one in standing:
        returns[one.measure, one.series].append(one)
    asked: list[Asked] = []
    for measure, one in series:
        breakdowns = _breakdowns(measure, dimensions, catalogue, explicit=bool(question.measures))
        published = one.collection is Collection.PUBLISHED
        reason, instead = (None, None) if published else _refusal(measure, one)
        if breakdowns is None:
            breakdowns, reason, instead = [""], reason or "breakdown_not_collected", instead or _collected(measure)
        wider = comparators or (_wider(areas, catalogue) if measure.kind in COMPARED else [])
        if published and wider and not comparators:
            wider = [*wider, *catalogue.outside]
        whole = Asked(
            measure=measure,
            series=one,
            period=None,
            areas=areas,
            breakdowns=breakdowns,
            beside=[code for code in dict.fromkeys(wider) if code not in areas],
            comparators=comparators or (None if measure.kind in COMPARED else []),
            reason=reason,
            instead=instead,
        )
        there = [r.period for key in series_behind([(measure, one)], catalogue) for r in returns[key] if r.counts]
        for period in _periods(question.periods or [LATEST], measure, there):
            before = [] if period is None or reason else earlier(period, measure, one, there)
            asked.append(
                replace(
                    at(whole, period, catalogue, returns),
                    past=tuple(before),
                    earlier=[at(whole, past, catalogue, returns) for past in before],
                )
            )
    return asked


def _areas(question: Question, levels: Sequence[str], catalogue: Catalogue) -> list[str]:
    areas = [known("an area", code, catalogue.areas) for code in question.areas or [catalogue.plan.area]]
    for level in levels:
        areas = [
            area.code
            for area in catalogue.plan.areas
            if area.level == level and any(catalogue.lies_within(area.code, outer) for outer in areas)
        ]
    return areas


def _wider(areas: Sequence[str], catalogue: Catalogue) -> list[str]:
    """The areas that contain one of these."""
    return list(dict.fromkeys(chain.from_iterable(catalogue.ancestors(code)[1:] for code in areas)))


def at(
    whole: Asked, period: Period | None, catalogue: Catalogue, returns: Mapping[tuple[str, str], list[StandingRevision]]
) -> Asked:
    """The question in one period. Of a formula, each of its measures is asked by its own kind and cadence."""
    if whole.reason:
        return replace(whole, period=period)
    if period is None:
        return replace(whole, reason="no_data")
    inputs: list[Asked] = []
    for measure, series in _inputs(whole.series, catalogue):
        reason, instead = _refusal(measure, series)
        part = replace(whole, measure=measure, series=series, reason=reason, instead=instead)
        inputs.append(at(part, period, catalogue, returns))
    if inputs:
        return replace(whole, period=period, inputs=inputs)
    mine = returns.get((whole.measure.slug, whole.series.slug), [])
    if whole.as_published:
        return _published_for(whole, period, [r for r in mine if r.counts])
    made_up = parts(period, whole.measure, (r.period for r in mine))
    if made_up is None:
        cadence = whole.measure.cadence.period_type
        return replace(
            whole,
            period=period,
            reason="period_not_partitioned",
            instead=f"Ask for a period that is made of whole periods of the type `{cadence}`.",
        )
    return replace(whole, period=period, parts=made_up, returns=[r for r in mine if r.period in made_up])


def _published_for(whole: Asked, period: Period, publications: Sequence[StandingRevision]) -> Asked:
    """The publication of that very span, under whichever name; there is no making one out of others."""
    found = [one for one in publications if periods.same_span(one.period, period)]
    if found or not publications:
        return replace(whole, period=period, returns=found, reason=None if found else "no_data")
    codes = list(dict.fromkeys(one.period.code for one in reversed(publications)))
    newest, more = codes[:MOST_NAMED], len(codes) - MOST_NAMED
    listed = ", ".join(newest) + (f" and {more} periods before" if more > 0 else "")
    return replace(whole, period=period, reason=AS_PUBLISHED_ONLY, instead=f"It is published for {listed}.")


def is_published(one: StandingRevision, catalogue: Catalogue) -> bool:
    """Whether it holds figures of a publisher in the place of cells."""
    return any(
        series.slug == one.series and series.collection is Collection.PUBLISHED
        for series in catalogue.measures[one.measure].series
    )


def _refusal(measure: Measure, series: Series) -> tuple[str | None, str | None]:
    """Why no figure of the series can be rolled up from returns, and what can be asked instead."""
    if measure.kind in UNCOUNTED:
        return "not_a_count", UNCOUNTED[measure.kind]
    if series.collection is Collection.PUBLISHED:
        return AS_PUBLISHED_ONLY, "Ask for its own figures: a published one is no part of a formula."
    if series.formula is not None:
        return None, None
    if measure.kind not in rollup.KINDS:
        return "not_additive", str(rollup.NotAdditive(measure.kind))
    return None, None


def _collected(measure: Measure) -> str:
    there = " or ".join(" and ".join(scheme.dimensions) for scheme in measure.schemes) or "nothing"
    return f"It is collected by {there}."


def _breakdowns(measure: Measure, dimensions: list[str], catalogue: Catalogue, *, explicit: bool) -> list[str] | None:
    if dimensions and catalogue.scheme(measure, dimensions) is None:
        if explicit:
            raise NotCollected(f"{measure.slug} is not collected by {' and '.join(dimensions)}. {_collected(measure)}")
        return None
    codes = [[category.code for category in catalogue.dimensions[d].categories] for d in dimensions]
    return [breakdown_key(dict(zip(dimensions, chosen, strict=True))) for chosen in product(*codes)]


def _periods(tokens: Sequence[str], measure: Measure, returned: Sequence[Period]) -> list[Period | None]:
    """`latest` is the last period of the cadence for which anything counts; None where nothing does."""
    found: list[Period | None] = []
    for token in tokens:
        if token == LATEST:
            found.append(latest(measure, returned))
        else:
            found.append(parsed_period(token))
    return found


def latest(measure: Measure, returned: Sequence[Period]) -> Period | None:
    """The last period of which anything counts; of a formula, the one of its own cadence around it."""
    last = max(returned, key=lambda period: period.end, default=None)
    if last is None or measure.kind not in (Kind.DERIVED, Kind.GAP):
        return last
    around = periods.between(
        measure.cadence.period_type,
        last.start.replace(year=last.start.year - 1, day=1),
        last.end.replace(year=last.end.year + 1, month=12, day=31),
        months=measure.cadence.months,
    )
    return next((period for period in around if periods.contains(period, last)), last)


def earlier(period: Period, measure: Measure, series: Series, returned: Iterable[Period]) -> list[Period]:
    """The periods before this one, of its type and length, for which anything counts, in order of time.

    Where months make up longer windows, these do not overlap. A cumulative count is only set beside counts that
    began as long before, by the rule that resets it.
    """
    there = set(returned)
    if not there or period.type is PeriodType.TO_DATE:
        return []
    months = periods.length_in_months(period)
    cadence = measure.cadence.period_type
    if cadence is period.type or period.type is PeriodType.SNAPSHOT:
        before: Iterable[Period] = there
    else:
        first = min(each.start for each in there)
        since = first.replace(year=first.year - 1, day=1)
        windows = periods.between(period.type, since, period.start - timedelta(days=1), months=months)
        before = windows[:: -months if period.type is PeriodType.MONTHS_ENDING else -1]
    found = {
        each
        for each in before
        if each.type is period.type
        and periods.length_in_months(each) == months
        and each.end < period.end
        and as_long_since(each, period, series.resets)
        and any(periods.contains(each, one) for one in there)
    }
    return sorted(found, key=lambda each: each.end)


def as_long_since(before: Period, period: Period, resets: PeriodType | None) -> bool:
    """Whether a cumulative count of the one began as long before its end as that of the other."""
    if resets is None:
        return True
    [spell, *_] = periods.between(resets, periods.FIRST_DAY, periods.LAST_DAY, months=1)
    apart = 12 * (period.end.year - before.end.year) + period.end.month - before.end.month
    return apart % periods.length_in_months(spell) == 0


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
