"""The question: its filters made into series, periods, areas and breakdowns, in one order, page by page."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product

import msgspec
from msgspec import Struct

from api.figures import resolution
from api.figures.resolution import LATEST_KEYWORD, ResolutionQuery, ResolvedQuery
from api.figures.returns_data import SelectedRevision
from api.http.pagination import InvalidCursor
from api.http.refusals import Invalid
from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.periods import UnclearPeriod
from api.statistics import periods
from schema.codes import AreaCode, Slug
from schema.measures import Collection, Measure, Series
from schema.outcomes import PreviewFigure, ResolvedPeriod, RevisionBasis
from schema.periods import Period, PeriodType
from schema.released_figures import AnyFigure

RELATIVE_PERIOD_PATTERN = re.compile(r"latest(?:-(\d{1,3}))?")
MAX_FIGURES = 100_000


class IncompatibleFilters(Invalid):
    """The filters do not go together."""

    example = "GET …/preview/outcomes?period=FY2025-26&from=FY2025-26-Q1"
    fix = "Change the filters as the detail says; `…/outcomes/availability` lists what may be asked."


class ResultTooLarge(Invalid):
    """The answer would be too large."""

    example = "Ten years of months of every measure, in every ward, by sex and age."
    fix = "Ask for fewer measures, periods, areas or categories at a time."


class OutcomeQuery(Struct, frozen=True, kw_only=True):
    """What a reader chooses; what is left empty stands for what is usual."""

    measures: list[str] = []
    series: str | None = None
    theme: str | None = None
    periods: list[str] = []
    from_period: str | None = None
    to_period: str | None = None
    areas: list[str] = []
    within: list[str] = []
    levels: list[str] = []
    group_by: list[str] = []
    breakdowns: list[str] = []
    comparators: list[str] = []
    revision_basis: RevisionBasis = RevisionBasis.LATEST
    min_coverage: float | None = None


class FigureCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The names of the last figure of a page. `breakdown` is its key: empty for the total."""

    measure: Slug
    series: Slug
    period: str
    area: AreaCode
    breakdown: str


class QueryAxes(Struct, frozen=True, kw_only=True):
    """What may be asked along each axis."""

    series: list[tuple[Measure, Series]]
    areas: list[str]
    dimensions: list[str]
    categories: dict[str, list[str]]


class FigurePage(Struct, frozen=True, kw_only=True):
    """What is to be computed for a page, and which of the figures computed are on it."""

    queries: list[ResolvedQuery]
    skipped_figures: int
    figure_count: int
    next_cursor: FigureCursor | None


def resolve_axes(query: OutcomeQuery, catalogue: Catalogue) -> QueryAxes:
    """Series, areas and dimensions, each in the order of the plan. Raises NotFound, UnknownCode, Unanswerable."""
    levels = [item for item in query.group_by if item in catalogue.level_ranks]
    dimensions = [item for item in query.group_by if item not in catalogue.level_ranks]
    for dimension in dimensions:
        check_code("a dimension or an area level", dimension, [*catalogue.dimensions, *catalogue.level_ranks])
    chosen = _parse_breakdowns(query.breakdowns, catalogue)
    dimensions = list(dict.fromkeys([*dimensions, *chosen]))
    question = ResolutionQuery(measures=query.measures, series=query.series, theme=query.theme)
    return QueryAxes(
        series=resolution.select_series(question, catalogue),
        areas=_select_areas(query, [*query.levels, *levels], catalogue),
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


def _parse_breakdowns(breakdowns: Sequence[str], catalogue: Catalogue) -> dict[str, set[str]]:
    """`sex:female` twice over: either category."""
    chosen: dict[str, set[str]] = {}
    for text in breakdowns:
        dimension, colon, category = text.partition(":")
        if not colon:
            raise IncompatibleFilters(f"{text!r} is not a breakdown: write dimension:category, such as sex:female.")
        check_code("a dimension", dimension, catalogue.dimensions)
        check_code(f"a category of {dimension}", category, catalogue.categories[dimension])
        chosen.setdefault(dimension, set()).add(category)
    return chosen


def _select_areas(query: OutcomeQuery, levels: Sequence[str], catalogue: Catalogue) -> list[str]:
    """Those named and those `within`; with levels, those of the levels that lie in any of them."""
    for level in levels:
        check_code("a level", level, catalogue.level_ranks)
    named = {check_code("an area", code, catalogue.areas) for code in query.areas}
    outer = {check_code("an area", code, catalogue.areas) for code in query.within}
    if not named | outer:
        named = {catalogue.plan.area}
    inside = outer | (named if levels else set[str]())
    found = [
        area.code
        for area in catalogue.plan.areas
        if (area.code in named and not levels)
        or (
            (not levels or area.level in levels) and not inside.isdisjoint(catalogue.list_area_and_ancestors(area.code))
        )
    ]
    if not found:
        there = {
            a.level for a in catalogue.plan.areas if not inside.isdisjoint(catalogue.list_area_and_ancestors(a.code))
        }
        raise IncompatibleFilters(
            f"No area of level {' or '.join(levels)} lies in {' or '.join(sorted(inside))}; "
            f"the levels there are {', '.join(sorted(there))}."
        )
    return found


def resolve_query(
    query: OutcomeQuery, axes: QueryAxes, catalogue: Catalogue, revisions: Iterable[SelectedRevision]
) -> tuple[list[ResolvedQuery], list[ResolvedPeriod]]:
    """Each series and period, the earliest first, and what relative tokens stood for.

    Raises UnclearPeriod, NotCollected, Unanswerable, TooMuch.
    """
    if query.periods and (query.from_period or query.to_period):
        raise IncompatibleFilters("Ask by `period` or by `from` and `to`, not both.")
    returns = list(revisions)
    order = FigureOrder(catalogue)
    asked: list[ResolvedQuery] = []
    resolved: list[ResolvedPeriod] = []
    for measure, series in axes.series:
        behind = resolution.list_source_series([(measure, series)], catalogue)
        mine = [r for r in returns if (r.measure, r.series) in behind]
        spans = PeriodResolver(measure, series, [r.period for r in mine if r.is_counted])
        codes = (
            spans.resolve_range(query)
            if query.from_period or query.to_period
            else spans.resolve_tokens(query.periods or [LATEST_KEYWORD])
        )
        resolved += spans.resolved_tokens
        question = ResolutionQuery(
            measures=[measure.slug] if query.measures else [],
            periods=codes or [LATEST_KEYWORD],
            areas=axes.areas,
            group_by=axes.dimensions,
            comparators=query.comparators,
        )
        for one in resolution.resolve_series(question, [(measure, series)], catalogue, mine):
            keys = sorted(_select_breakdowns(one.breakdowns, axes), key=order.breakdown_sort_key)
            asked.append(_limit_to_breakdowns(_drop_period(one) if codes == [] else one, keys))
    size = sum(len(one.areas) * len(one.breakdowns) for one in asked)
    if size > MAX_FIGURES:
        raise ResultTooLarge(f"That is {size:,} figures; at most {MAX_FIGURES:,} are answered to one question.")
    return asked, resolved


def _drop_period(query: ResolvedQuery) -> ResolvedQuery:
    reason = query.reason or "no_period_in_range"
    return msgspec.structs.replace(
        query,
        period=None,
        reason=reason,
        part_periods=(),
        revisions=[],
        formula_inputs=[],
        earlier_periods=(),
        earlier_queries=[],
    )


def _limit_to_breakdowns(query: ResolvedQuery, keys: list[str]) -> ResolvedQuery:
    """By these breakdowns alone, with all that it is made of and judged by."""
    return msgspec.structs.replace(
        query,
        breakdowns=keys,
        formula_inputs=[_limit_to_breakdowns(each, keys) for each in query.formula_inputs],
        earlier_queries=[_limit_to_breakdowns(each, keys) for each in query.earlier_queries],
    )


def _select_breakdowns(keys: list[str], axes: QueryAxes) -> list[str]:
    return [
        key for key in keys if all(category in axes.categories[d] for d, category in parse_breakdown_key(key).items())
    ]


class PeriodResolver:
    """The periods of one series: codes, relative tokens and ranges. `None` for codes means that nothing stands."""

    def __init__(self, measure: Measure, series: Series, returned: Sequence[Period]) -> None:
        self.measure, self.series = measure, series
        self.returned_periods = sorted({period.code: period for period in returned}.values(), key=period_sort_key)
        self.newest_period = resolution.find_latest_period(measure, self.returned_periods)
        step = measure.cadence.period_type
        self.is_irregular = series.collection is Collection.PUBLISHED or step in (
            PeriodType.SNAPSHOT,
            PeriodType.MONTHS_ENDING,
        )
        self.resolved_tokens: list[ResolvedPeriod] = []

    def resolve_tokens(self, tokens: Sequence[str]) -> list[str] | None:
        """Codes in the order of time, each once."""
        found = {period.code: period for token in tokens if (period := self._resolve_token(token)) is not None}
        return [period.code for period in sorted(found.values(), key=period_sort_key)] or None

    def resolve_range(self, query: OutcomeQuery) -> list[str] | None:
        """The periods of the measure's own cadence that lie wholly in the range; of irregular ones, those returned."""
        first, last = (
            self._resolve_token(token)
            for token in (query.from_period or query.to_period or "", query.to_period or LATEST_KEYWORD)
        )
        if first is None or last is None:
            return None
        start = first.start if query.from_period else date.min
        if last.end < start:
            raise IncompatibleFilters(f"The range from {first.code} to {last.code} ends before it begins.")
        cadence = self.measure.cadence
        if query.from_period is None:
            start = min((period.start for period in self.returned_periods), default=last.start)
        if self.is_irregular:
            return [period.code for period in self.returned_periods if start <= period.start and period.end <= last.end]
        return [period.code for period in periods.list_periods_between(cadence.period_type, start, last.end)]

    def _resolve_token(self, token: str) -> Period | None:
        """`latest` is the last period of which anything stands, `latest-4` the fourth before it.

        Of published series, snapshots and months ending the fourth that was returned before it.
        """
        relative = RELATIVE_PERIOD_PATTERN.fullmatch(token)
        try:
            if relative is None:
                return periods.parse(token)
            back = int(relative[1] or 0)
            found = None
            if self.is_irregular:
                found = self.returned_periods[-1 - back] if back < len(self.returned_periods) else None
            elif self.newest_period is not None:
                found = periods.shift_period(self.newest_period, -back)
        except periods.InvalidPeriodCode as error:
            raise UnclearPeriod.from_candidates(
                token, error.candidates if relative is None else [LATEST_KEYWORD]
            ) from error
        told = ResolvedPeriod(
            token=token, measure=self.measure.slug, series=self.series.slug, period=found.code if found else None
        )
        if told not in self.resolved_tokens:
            self.resolved_tokens.append(told)
        return found


def period_sort_key(period: Period) -> tuple[date, date, str]:
    """The order of time: of two that end together, the longer first."""
    return (period.end, period.start, period.code)


def select_page(
    queries: Sequence[ResolvedQuery], after: FigureCursor | None, limit: int, catalogue: Catalogue
) -> FigurePage:
    """The next `limit` figures after a place, whether or not it is still there. Raises BadCursor."""
    order = FigureOrder(catalogue)
    seen = None if after is None else order.cursor_sort_key(after)
    every = [
        (index, order.sort_key(one, area, key), _make_cursor(one, area, key))
        for index, one in enumerate(queries)
        for area, key in product(one.areas, one.breakdowns)
    ]
    rest = [item for item in every if seen is None or item[1] > seen]
    chosen = rest[:limit]
    if not chosen:
        return FigurePage(queries=[], skipped_figures=0, figure_count=0, next_cursor=None)
    first, last = chosen[0][0], chosen[-1][0]
    return FigurePage(
        queries=list(queries[first : last + 1]),
        skipped_figures=sum(index == first and key < chosen[0][1] for index, key, _ in every),
        figure_count=len(chosen),
        next_cursor=chosen[-1][2] if len(rest) > limit else None,
    )


def _make_cursor(query: ResolvedQuery, area: str, key: str) -> FigureCursor:
    code = "" if query.period is None else query.period.code
    return FigureCursor(query.measure.slug, query.series.slug, code, area, key)


class FigureOrder:
    """Where a figure stands among all others: by the plan's order, then by time."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.series_ranks = {
            (m.slug, s.slug): (n, k) for n, m in enumerate(catalogue.plan.measures) for k, s in enumerate(m.series)
        }
        self.area_ranks = {area.code: n for n, area in enumerate(catalogue.plan.areas)}
        self.category_ranks = {
            (d.slug, c.code): n for d in catalogue.plan.dimensions for n, c in enumerate(d.categories)
        }
        self.dimension_ranks = {dimension.slug: n for n, dimension in enumerate(catalogue.plan.dimensions)}

    def sort_key(self, query: ResolvedQuery, area: str, key: str) -> tuple[object, ...]:
        period = query.period
        return (
            *self.series_ranks[query.measure.slug, query.series.slug],
            period_sort_key(period) if period else (),
            self.area_ranks[area],
            self.breakdown_sort_key(key),
        )

    def cursor_sort_key(self, place: FigureCursor) -> tuple[object, ...]:
        try:
            return (
                *self.series_ranks[place.measure, place.series],
                period_sort_key(periods.parse(place.period)) if place.period else (),
                self.area_ranks[place.area],
                self.breakdown_sort_key(place.breakdown),
            )
        except (KeyError, ValueError, periods.InvalidPeriodCode) as error:
            raise InvalidCursor("The cursor names a figure that this programme does not have.") from error

    def breakdown_sort_key(self, key: str) -> list[tuple[int, int]]:
        return sorted((self.dimension_ranks[d], self.category_ranks[d, c]) for d, c in parse_breakdown_key(key).items())


def select_page_figures(
    figures: Sequence[PreviewFigure], page: FigurePage, catalogue: Catalogue
) -> list[PreviewFigure]:
    """The figures of a page; those without data say so if nobody collects them there."""
    return [
        _explain_no_data(figure, catalogue)
        for figure in figures[page.skipped_figures : page.skipped_figures + page.figure_count]
    ]


def _explain_no_data(figure: PreviewFigure, catalogue: Catalogue) -> PreviewFigure:
    if figure.reason != "no_data":
        return figure
    measure = catalogue.measures[figure.measure]
    if any(one.slug == figure.series and one.collection is Collection.PUBLISHED for one in measure.series):
        return figure
    reason = explain_not_collected(measure, figure.area, figure.breakdown, catalogue)
    return figure if reason is None else msgspec.structs.replace(figure, reason=reason)


def explain_not_collected(measure: Measure, area: str, breakdown: Iterable[str], catalogue: Catalogue) -> str | None:
    """Why nobody could have returned such a cell; None where somebody could."""
    place = catalogue.areas[area]
    if measure.area_family not in place.families:
        return "area_of_another_family"
    finest = catalogue.find_finest_level(measure, breakdown)
    ranks = next(family.levels for family in catalogue.plan.families if family.slug == measure.area_family)
    if finest in ranks and place.level in ranks and ranks.index(place.level) > ranks.index(finest):
        return "level_not_collected"
    return None


def collect_labels(figures: Iterable[AnyFigure], catalogue: Catalogue) -> dict[str, dict[str, str]]:
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


def describe_for_audit(query: OutcomeQuery, axes: QueryAxes, form: str) -> dict[str, str]:
    """What was asked for, as the audit keeps it."""
    span = [f"{query.from_period or ''}..{query.to_period or ''}"] if query.from_period or query.to_period else []
    asked = {
        "series": [f"{measure.slug}/{one.slug}" for measure, one in axes.series],
        "period": span or query.periods or [LATEST_KEYWORD],
        "area": query.areas,
        "within": query.within,
        "level": query.levels,
        "group_by": query.group_by,
        "breakdown": query.breakdowns,
        "comparator": query.comparators,
        "format": [form] if form != "json" else [],
    }
    return {name: ", ".join(values) for name, values in asked.items() if values}
