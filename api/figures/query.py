"""The question: its filters made into series, periods, areas and breakdowns, in one order, page by page."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product

import msgspec
from msgspec import Struct

from api.figures import resolution
from api.figures.resolution import LATEST, Asked, Question
from api.figures.returns_data import StandingRevision
from api.http.pagination import BadCursor
from api.http.refusals import Invalid
from api.plan.catalogue import Catalogue, breakdown_of
from api.plan.rules import UnclearPeriod, known
from api.statistics import periods
from schema.outcomes import Resolved, RevisionBasis, UnprotectedFigure
from schema.periods import Period, PeriodType
from schema.plan import Collection, Measure, Series
from schema.releases import AnyFigure
from schema.words import AreaCode, Slug

RELATIVE = re.compile(r"latest(?:-(\d{1,3}))?")
MOST = 100_000


class Unanswerable(Invalid):
    """The filters do not go together."""

    example = "GET …/preview/outcomes?period=FY2025-26&from=FY2025-26-Q1"
    mend = "Change the filters as the detail says; `…/outcomes/availability` lists what may be asked."


class TooMuch(Invalid):
    """The answer would be too large."""

    example = "Ten years of months of every measure, in every ward, by sex and age."
    mend = "Ask for fewer measures, periods, areas or categories at a time."


class Filters(Struct, frozen=True, kw_only=True):
    """What a reader chooses; what is left empty stands for what is usual."""

    measures: list[str] = []
    series: str | None = None
    theme: str | None = None
    periods: list[str] = []
    first: str | None = None
    last: str | None = None
    areas: list[str] = []
    within: list[str] = []
    levels: list[str] = []
    group_by: list[str] = []
    breakdowns: list[str] = []
    comparators: list[str] = []
    basis: RevisionBasis = RevisionBasis.LATEST
    min_coverage: float | None = None


class FigurePlace(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The names of the last figure of a page. `breakdown` is its key: empty for the total."""

    measure: Slug
    series: Slug
    period: str
    area: AreaCode
    breakdown: str


class Places(Struct, frozen=True, kw_only=True):
    """What may be asked along each axis."""

    series: list[tuple[Measure, Series]]
    areas: list[str]
    dimensions: list[str]
    categories: dict[str, list[str]]


class Page(Struct, frozen=True, kw_only=True):
    """What is to be computed for a page, and which of the figures computed are on it."""

    asked: list[Asked]
    skipped: int
    count: int
    following: FigurePlace | None


def places(filters: Filters, catalogue: Catalogue) -> Places:
    """Series, areas and dimensions, each in the order of the plan. Raises NotFound, UnknownCode, Unanswerable."""
    levels = [item for item in filters.group_by if item in catalogue.levels]
    dimensions = [item for item in filters.group_by if item not in catalogue.levels]
    for dimension in dimensions:
        known("a dimension or an area level", dimension, [*catalogue.dimensions, *catalogue.levels])
    chosen = _categories(filters.breakdowns, catalogue)
    dimensions = list(dict.fromkeys([*dimensions, *chosen]))
    question = Question(measures=filters.measures, series=filters.series, theme=filters.theme)
    return Places(
        series=resolution.series_asked(question, catalogue),
        areas=_areas(filters, [*filters.levels, *levels], catalogue),
        dimensions=dimensions,
        categories={
            dimension: [
                c.code
                for c in catalogue.dimensions[dimension].categories
                if dimension not in chosen or c.code in chosen[dimension]
            ]
            for dimension in dimensions
        },
    )


def _categories(breakdowns: Sequence[str], catalogue: Catalogue) -> dict[str, set[str]]:
    """`sex:female` twice over: either category."""
    chosen: dict[str, set[str]] = {}
    for text in breakdowns:
        dimension, colon, category = text.partition(":")
        if not colon:
            raise Unanswerable(f"{text!r} is not a breakdown: write dimension:category, such as sex:female.")
        known("a dimension", dimension, catalogue.dimensions)
        known(f"a category of {dimension}", category, catalogue.categories[dimension])
        chosen.setdefault(dimension, set()).add(category)
    return chosen


def _areas(filters: Filters, levels: Sequence[str], catalogue: Catalogue) -> list[str]:
    """Those named and those `within`; with levels, those of the levels that lie in any of them."""
    for level in levels:
        known("a level", level, catalogue.levels)
    named = {known("an area", code, catalogue.areas) for code in filters.areas}
    outer = {known("an area", code, catalogue.areas) for code in filters.within}
    if not named | outer:
        named = {catalogue.plan.area}
    inside = outer | (named if levels else set[str]())
    found = [
        area.code
        for area in catalogue.plan.areas
        if (area.code in named and not levels)
        or ((not levels or area.level in levels) and not inside.isdisjoint(catalogue.ancestors(area.code)))
    ]
    if not found:
        there = {a.level for a in catalogue.plan.areas if not inside.isdisjoint(catalogue.ancestors(a.code))}
        raise Unanswerable(
            f"No area of level {' or '.join(levels)} lies in {' or '.join(sorted(inside))}; "
            f"the levels there are {', '.join(sorted(there))}."
        )
    return found


def ask(
    filters: Filters, wanted: Places, catalogue: Catalogue, standing: Iterable[StandingRevision]
) -> tuple[list[Asked], list[Resolved]]:
    """Each series and period, the earliest first, and what relative tokens stood for.

    Raises UnclearPeriod, NotCollected, Unanswerable, TooMuch.
    """
    if filters.periods and (filters.first or filters.last):
        raise Unanswerable("Ask by `period` or by `from` and `to`, not both.")
    returns = list(standing)
    order = Order(catalogue)
    asked: list[Asked] = []
    resolved: list[Resolved] = []
    for measure, series in wanted.series:
        behind = resolution.series_behind([(measure, series)], catalogue)
        mine = [r for r in returns if (r.measure, r.series) in behind]
        spans = Spans(measure, series, [r.period for r in mine if r.counts])
        codes = spans.range(filters) if filters.first or filters.last else spans.of(filters.periods or [LATEST])
        resolved += spans.resolved
        question = Question(
            measures=[measure.slug] if filters.measures else [],
            periods=codes or [LATEST],
            areas=wanted.areas,
            group_by=wanted.dimensions,
            comparators=filters.comparators,
        )
        for one in resolution.ask(question, [(measure, series)], catalogue, mine):
            keys = sorted(_kept(one.breakdowns, wanted), key=order.breakdown)
            asked.append(_narrowed(_without_period(one) if codes == [] else one, keys))
    size = sum(len(one.areas) * len(one.breakdowns) for one in asked)
    if size > MOST:
        raise TooMuch(f"That is {size:,} figures; at most {MOST:,} are answered to one question.")
    return asked, resolved


def _without_period(one: Asked) -> Asked:
    reason = one.reason or "no_period_in_range"
    return msgspec.structs.replace(
        one, period=None, reason=reason, parts=(), returns=[], inputs=[], past=(), earlier=[]
    )


def _narrowed(one: Asked, keys: list[str]) -> Asked:
    """By these breakdowns alone, with all that it is made of and judged by."""
    return msgspec.structs.replace(
        one,
        breakdowns=keys,
        inputs=[_narrowed(each, keys) for each in one.inputs],
        earlier=[_narrowed(each, keys) for each in one.earlier],
    )


def _kept(keys: list[str], wanted: Places) -> list[str]:
    return [key for key in keys if all(category in wanted.categories[d] for d, category in breakdown_of(key).items())]


class Spans:
    """The periods of one series: codes, relative tokens and ranges. `None` for codes means that nothing stands."""

    def __init__(self, measure: Measure, series: Series, returned: Sequence[Period]) -> None:
        self.measure, self.series = measure, series
        self.returned = sorted({period.code: period for period in returned}.values(), key=by_end)
        self.newest = resolution.latest(measure, self.returned)
        step = measure.cadence.period_type
        self.irregular = series.collection is Collection.PUBLISHED or step in (
            PeriodType.SNAPSHOT,
            PeriodType.MONTHS_ENDING,
        )
        self.resolved: list[Resolved] = []

    def of(self, tokens: Sequence[str]) -> list[str] | None:
        """Codes in the order of time, each once."""
        found = {period.code: period for token in tokens if (period := self._one(token)) is not None}
        return [period.code for period in sorted(found.values(), key=by_end)] or None

    def range(self, filters: Filters) -> list[str] | None:
        """The periods of the measure's own cadence that lie wholly in the range; of irregular ones, those returned."""
        first, last = (self._one(token) for token in (filters.first or filters.last or "", filters.last or LATEST))
        if first is None or last is None:
            return None
        start = first.start if filters.first else date.min
        if last.end < start:
            raise Unanswerable(f"The range from {first.code} to {last.code} ends before it begins.")
        cadence = self.measure.cadence
        if filters.first is None:
            start = min((period.start for period in self.returned), default=last.start)
        if self.irregular:
            return [period.code for period in self.returned if start <= period.start and period.end <= last.end]
        return [period.code for period in periods.between(cadence.period_type, start, last.end)]

    def _one(self, token: str) -> Period | None:
        """`latest` is the last period of which anything stands, `latest-4` the fourth before it.

        Of published series, snapshots and months ending the fourth that was returned before it.
        """
        relative = RELATIVE.fullmatch(token)
        try:
            if relative is None:
                return periods.parse(token)
            back = int(relative[1] or 0)
            found = None
            if self.irregular:
                found = self.returned[-1 - back] if back < len(self.returned) else None
            elif self.newest is not None:
                found = periods.following(self.newest, -back)
        except periods.NotAPeriod as error:
            raise UnclearPeriod.of(token, error.candidates if relative is None else [LATEST]) from error
        told = Resolved(
            token=token, measure=self.measure.slug, series=self.series.slug, period=found.code if found else None
        )
        if told not in self.resolved:
            self.resolved.append(told)
        return found


def by_end(period: Period) -> tuple[date, date, str]:
    """The order of time: of two that end together, the longer first."""
    return (period.end, period.start, period.code)


def page(asked: Sequence[Asked], after: FigurePlace | None, limit: int, catalogue: Catalogue) -> Page:
    """The next `limit` figures after a place, whether or not it is still there. Raises BadCursor."""
    order = Order(catalogue)
    seen = None if after is None else order.of_place(after)
    every = [
        (index, order.of(one, area, key), _place(one, area, key))
        for index, one in enumerate(asked)
        for area, key in product(one.areas, one.breakdowns)
    ]
    rest = [item for item in every if seen is None or item[1] > seen]
    chosen = rest[:limit]
    if not chosen:
        return Page(asked=[], skipped=0, count=0, following=None)
    first, last = chosen[0][0], chosen[-1][0]
    return Page(
        asked=list(asked[first : last + 1]),
        skipped=sum(index == first and key < chosen[0][1] for index, key, _ in every),
        count=len(chosen),
        following=chosen[-1][2] if len(rest) > limit else None,
    )


def _place(asked: Asked, area: str, key: str) -> FigurePlace:
    code = "" if asked.period is None else asked.period.code
    return FigurePlace(asked.measure.slug, asked.series.slug, code, area, key)


class Order:
    """Where a figure stands among all others: by the plan's order, then by time."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.series = {
            (m.slug, s.slug): (n, k) for n, m in enumerate(catalogue.plan.measures) for k, s in enumerate(m.series)
        }
        self.areas = {area.code: n for n, area in enumerate(catalogue.plan.areas)}
        self.categories = {(d.slug, c.code): n for d in catalogue.plan.dimensions for n, c in enumerate(d.categories)}
        self.dimensions = {dimension.slug: n for n, dimension in enumerate(catalogue.plan.dimensions)}

    def of(self, asked: Asked, area: str, key: str) -> tuple[object, ...]:
        period = asked.period
        return (
            *self.series[asked.measure.slug, asked.series.slug],
            by_end(period) if period else (),
            self.areas[area],
            self.breakdown(key),
        )

    def of_place(self, place: FigurePlace) -> tuple[object, ...]:
        try:
            return (
                *self.series[place.measure, place.series],
                by_end(periods.parse(place.period)) if place.period else (),
                self.areas[place.area],
                self.breakdown(place.breakdown),
            )
        except (KeyError, ValueError, periods.NotAPeriod) as error:
            raise BadCursor("The cursor names a figure that this programme does not have.") from error

    def breakdown(self, key: str) -> list[tuple[int, int]]:
        return sorted((self.dimensions[d], self.categories[d, c]) for d, c in breakdown_of(key).items())


def on_page(found: Sequence[UnprotectedFigure], cut: Page, catalogue: Catalogue) -> list[UnprotectedFigure]:
    """The figures of a page; those without data say so if nobody collects them there."""
    return [_explained(figure, catalogue) for figure in found[cut.skipped : cut.skipped + cut.count]]


def _explained(figure: UnprotectedFigure, catalogue: Catalogue) -> UnprotectedFigure:
    if figure.reason != "no_data":
        return figure
    measure = catalogue.measures[figure.measure]
    if any(one.slug == figure.series and one.collection is Collection.PUBLISHED for one in measure.series):
        return figure
    reason = not_collected(measure, figure.area, figure.breakdown, catalogue)
    return figure if reason is None else msgspec.structs.replace(figure, reason=reason)


def not_collected(measure: Measure, area: str, breakdown: Iterable[str], catalogue: Catalogue) -> str | None:
    """Why nobody could have returned such a cell; None where somebody could."""
    place = catalogue.areas[area]
    if measure.area_family not in place.families:
        return "area_of_another_family"
    finest = catalogue.finest_level(measure, breakdown)
    ranks = next(family.levels for family in catalogue.plan.families if family.slug == measure.area_family)
    if finest in ranks and place.level in ranks and ranks.index(place.level) > ranks.index(finest):
        return "level_not_collected"
    return None


def labels(figures: Iterable[AnyFigure], catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """What the codes among the figures are called; a category by its dimension."""
    found: dict[str, dict[str, str]] = {"measure": {}, "series": {}, "area": {}, "dimension": {}}
    for figure in figures:
        measure = catalogue.measures[figure.measure]
        found["measure"][figure.measure] = measure.label
        series = next(s.title for s in measure.series if s.slug == figure.series)
        found["series"][f"{figure.measure}/{figure.series}"] = series
        found["area"][figure.area] = catalogue.areas[figure.area].name
        for slug, code in figure.breakdown.items():
            dimension = catalogue.dimensions[slug]
            found["dimension"][slug] = dimension.label
            found.setdefault(slug, {})[code] = next(c.label for c in dimension.categories if c.code == code)
    return found


def named(filters: Filters, wanted: Places, form: str) -> dict[str, str]:
    """What was asked for, as the audit keeps it."""
    span = [f"{filters.first or ''}..{filters.last or ''}"] if filters.first or filters.last else []
    asked = {
        "series": [f"{measure.slug}/{one.slug}" for measure, one in wanted.series],
        "period": span or filters.periods or [LATEST],
        "area": filters.areas,
        "within": filters.within,
        "level": filters.levels,
        "group_by": filters.group_by,
        "breakdown": filters.breakdowns,
        "comparator": filters.comparators,
        "format": [form] if form != "json" else [],
    }
    return {name: ", ".join(values) for name, values in asked.items() if values}
