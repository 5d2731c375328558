"""The displayed value of each cell of a series, period by period."""

from collections.abc import Iterator, Mapping, Set
from itertools import product
from typing import Protocol

import numpy as np
from msgspec import Struct

from api.figures.completeness import ReturnCompleteness
from api.figures.figure_order import FigureOrder
from api.figures.resolution import CellKey
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.scope_members import ScopeMember, may_publish_alone
from api.protection.scopes import AuditScope, SeriesScopes
from api.releases.distinct_periods import (
    PeriodDisplay,
    add_organisations,
    count_distinct,
    make_distinct_values,
)
from api.releases.released_values import (
    LAST_PERIOD_INCOMPLETE,
    NO_DATA,
    NOT_KNOWN_FOR_ALL,
    SUPPRESSED,
    ReleasedValue,
    to_count,
    to_proportion,
)
from api.releases.returned_sources import ReturnedSources, SourcesByPeriod
from api.releases.scope_counts import PeriodCounts, ScopeCounts
from api.statistics import periods
from api.statistics.disclosure.contribution_sums import SumErrors, find_sum_errors
from api.statistics.disclosure.displayed_counts import HIDDEN_COUNT, DisplayedCount, calculate_percentage
from api.statistics.disclosure.lattice import Nodes, build_nodes
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from schema.disclosure import DisclosureClass, Rule
from schema.measures import MeasureKind, Overlap
from schema.periods import Period

ALL_CELLS = slice(None)


class LoadCounts(Protocol):
    """Return the displayed counts of a scope, of these organisations only if given; None if nothing was returned."""

    def __call__(self, scope: AuditScope, organisations: Set[str] | None = None, /) -> ScopeCounts | None: ...


class _CellSums(Struct, frozen=True, kw_only=True, eq=False):
    """The sums of some cells over the periods that a longer one consists of."""

    totals: IntArray
    unknown: BoolArray
    confidential: BoolArray
    exact: BoolArray


class SeriesView:
    """Read the displayed values of one series."""

    def __init__(
        self,
        scopes: SeriesScopes,
        member: ScopeMember,
        catalogue: Catalogue,
        load_counts: LoadCounts,
        returned: ReturnedSources,
    ) -> None:
        self.scopes, self.member, self.catalogue, self.load_counts = scopes, member, catalogue, load_counts
        self.returned = returned
        self.rule: Rule = catalogue.plan.disclosure.rule(scopes.disclosure_class)
        self.counts_people = scopes.disclosure_class is DisclosureClass.PERSONS
        self.cells, self._plan_order = _list_cells(scopes.scopes[0], member, FigureOrder(catalogue))
        self._loaded: dict[tuple[str, str | None], ScopeCounts | None] = {}

    def list_sources(self, code: str) -> SourcesByPeriod:
        """Return the organisations that contribute to each collected period of a period."""
        parts = [(self._load(scope), part) for scope, part in self.scopes.periods[code]]
        return {part: counts.periods[part].organisations if counts else frozenset() for counts, part in parts}

    def read_values(
        self,
        code: str,
        completeness: ReturnCompleteness,
        chosen: slice = ALL_CELLS,
        common: SourcesByPeriod | None = None,
    ) -> list[ReleasedValue]:
        """Return the value of each chosen cell in a period; the same object for equal cells.

        `common` limits the organisations in each collected period.
        """
        parts = [
            (self._load(scope) if common is None else self.load_counts(scope, common[part]), part)
            for scope, part in self.scopes.periods[code]
        ]
        loaded = [(counts, self._select_nodes(counts, part)[chosen], part) for counts, part in parts if counts]
        contributors = {part: counts.periods[part] for counts, _, part in loaded}
        size = len(self.cells[chosen])
        organisations = frozenset[str]().union(*(period.organisations for period in contributors.values()))
        if (self.member.key, code) in self.returned.lacking_at_end:
            return [LAST_PERIOD_INCOMPLETE] * size
        if not completeness.counted_returns or not organisations:
            return [NO_DATA] * size
        collected = [counts.periods[part].organisations for counts, _, part in loaded if self._is_collected(part)]
        if any(map(self._is_withheld_by_choice, [organisations, *collected])):
            return [SUPPRESSED] * size
        if self.member.measure.kind is MeasureKind.DISTINCT and len(parts) > 1:
            return self._count_distinct(code, chosen)
        # A return counts even if a later plan version has dropped its duty, so it is no longer expected.
        returns = max(completeness.counted_returns, len(organisations)) if self._may_count_people_twice() else 1
        cells = _add_up([(counts, nodes) for counts, nodes, _ in loaded], self.rule)
        figures = self._read_counts(cells, self._find_errors(contributors, self.member))
        unknown = self._find_stated_unknown(cells)
        if self.member.measure.kind is MeasureKind.PROPORTION:
            whole_nodes = [(counts, counts.nodes.whole[nodes]) for counts, nodes, _ in loaded]
            wholes, errors = _add_up(whole_nodes, self.rule), self._find_errors(contributors, self.scopes.members[0])
            unknown |= self._find_stated_unknown(wholes) | (whole_nodes[0][1] < 0)
            return self._make_proportions(figures, self._read_counts(wholes, errors), unknown)
        pairs = list(zip(figures, unknown.tolist(), strict=True))
        values = {
            (figure, is_unknown): NOT_KNOWN_FOR_ALL if is_unknown else to_count(figure, returns)
            for figure, is_unknown in set(pairs)
        }
        return [values[pair] for pair in pairs]

    def _load(self, scope: AuditScope, organisation: str | None = None) -> ScopeCounts | None:
        """Return the counts of all organisations in a scope, or of one."""
        key = (scope.key, organisation)
        if key not in self._loaded:
            self._loaded[key] = self.load_counts(scope, None if organisation is None else {organisation})
        return self._loaded[key]

    def _select_nodes(self, counts: ScopeCounts, code: str) -> IntArray:
        """Return the node of each cell in a collected period."""
        return _list_nodes(counts.nodes, self.member.part, code)[self._plan_order]

    def _is_collected(self, code: str) -> bool:
        """Return False for a longer period that distinct people have returns of their own for."""
        return periods.parse(code).type is self.member.measure.cadence.period_type

    def _is_withheld_by_choice(self, organisations: frozenset[str]) -> bool:
        """Return True if only one organisation contributes, and its figures are not published alone."""
        return len(organisations) == 1 and not all(
            may_publish_alone(self.scopes.members, organisation, self.catalogue) for organisation in organisations
        )

    def _count_distinct(self, code: str, chosen: slice) -> list[ReleasedValue]:
        """Return the distinct people of a longer period: as returned for it, or bounds from the periods inside it."""
        services: dict[str, dict[Period, frozenset[str]]] = {}
        for _, part in self.scopes.periods[code]:
            for organisation, returned in self.returned.services.get((self.member.key, part), {}).items():
                services.setdefault(organisation, {})[periods.parse(part)] = returned
        displays = (list(self._read_displays(code, chosen, *service)) for service in services.items())
        counts = [count_distinct(periods.parse(code), display, self.rule) for display in displays if display]
        sources = sum(len(frozenset[str]().union(*by_period.values())) for by_period in services.values())
        return make_distinct_values(
            add_organisations(counts),
            self.rule,
            overlapping_sources=sources if self._may_count_people_twice() else 1,
            counts_people=self.counts_people,
        )

    def _read_displays(
        self, code: str, chosen: slice, organisation: str, services: Mapping[Period, frozenset[str]]
    ) -> Iterator[PeriodDisplay]:
        """Yield what an organisation displays in each period inside a longer one, and in the longer one itself.

        Its display of a longer period is left out if one of its services has returned shorter periods only.
        """
        for scope, part in self.scopes.periods[code]:
            every, period = self._load(scope), periods.parse(part)
            if every is None or organisation not in every.periods[part].organisations:
                continue
            inner = [of_inner for other, of_inner in services.items() if periods.contains(period, other)]
            counts = self._load(scope, organisation)
            if counts is not None and all(of_inner <= services.get(period, frozenset()) for of_inner in inner):
                nodes = self._select_nodes(counts, part)[chosen]
                yield PeriodDisplay(
                    period=period,
                    totals=counts.totals[nodes],
                    unknown=counts.unknown[nodes],
                    confidential=counts.confidential[nodes],
                    exact=_find_exact(counts, nodes, self.rule),
                    is_first=counts.periods[part].first > 0,
                    bases=tuple(self.returned.list_bases(self.member.key, {part: frozenset({organisation})})),
                )

    def _find_stated_unknown(self, cells: _CellSums) -> BoolArray:
        """Find the cells that state that a count is missing.

        A missing count of people shows `c` like a small one: another status would distinguish it.
        """
        return cells.unknown & ~cells.confidential & (not self.counts_people)

    def _find_errors(self, contributors: Mapping[str, PeriodCounts], member: ScopeMember) -> SumErrors:
        """Return the errors of a sum over periods, of counts that come from the returns of a member."""
        organisations = {part: period.organisations for part, period in contributors.items()}
        return find_sum_errors(
            self.rule,
            first=sum(period.first for period in contributors.values()),
            later=sum(period.later for period in contributors.values()),
            bases=self.returned.list_bases(member.key, organisations),
        )

    def _read_counts(self, cells: _CellSums, errors: SumErrors) -> list[DisplayedCount]:
        """Return a displayed count for each cell; the same object for equal ones."""
        totals = np.maximum(cells.totals, 0)
        hidden = cells.unknown | ((totals < self.rule.hide_below) & ~cells.exact)
        keys = list(zip(hidden.tolist(), totals.tolist(), cells.exact.tolist(), strict=True))
        counts: dict[tuple[bool, int, bool], DisplayedCount] = {}
        for is_hidden, total, is_exact in set(keys):
            largest, likely = errors.open if is_exact else errors.protected
            figure = DisplayedCount(value=total, largest_error=largest, error_95=likely)
            counts[is_hidden, total, is_exact] = HIDDEN_COUNT if is_hidden else figure
        return [counts[key] for key in keys]

    def _make_proportions(
        self, parts: list[DisplayedCount], wholes: list[DisplayedCount], unknown: BoolArray
    ) -> list[ReleasedValue]:
        cells = list(zip(parts, wholes, unknown.tolist(), strict=True))
        values = {
            (part, whole, is_unknown): NOT_KNOWN_FOR_ALL
            if is_unknown
            else to_proportion(part, whole, calculate_percentage(part, whole, self.rule))
            for part, whole, is_unknown in set(cells)
        }
        return [values[cell] for cell in cells]

    def _may_count_people_twice(self) -> bool:
        measure = self.member.measure
        return measure.kind is MeasureKind.DISTINCT and measure.overlap is Overlap.UNKNOWN


def _list_cells(scope: AuditScope, member: ScopeMember, order: FigureOrder) -> tuple[tuple[CellKey, ...], list[int]]:
    """Return the cells of a member in plan order, and for each its place in the order of the nodes."""
    cells = [
        (area, format_breakdown_key(dict(breakdown)))
        for grid in build_nodes(scope.shape).grids
        if grid.table.part == member.part
        for breakdown, area in product(grid.breakdowns, grid.places)
    ]
    plan_order = sorted(
        range(len(cells)), key=lambda i: (order.area_ranks[cells[i][0]], order.breakdown_sort_key(cells[i][1]))
    )
    return tuple(cells[i] for i in plan_order), plan_order


def _list_nodes(nodes: Nodes, part: str | None, code: str) -> IntArray:
    """Return the nodes of a part in a period, in the order of `_list_cells`."""
    return np.concatenate(
        [
            np.moveaxis(grid.ids, -2, 0)[grid.periods.index(code)].ravel()
            for grid in nodes.grids
            if grid.table.part == part
        ]
    )


def _add_up(parts: list[tuple[ScopeCounts, IntArray]], rule: Rule) -> _CellSums:
    """Add the nodes of each part, cell by cell. A cell without a node (-1) is unknown."""
    first, nodes = parts[0]
    is_there = np.all([ids >= 0 for _, ids in parts], axis=0)
    return _CellSums(
        totals=np.sum([counts.totals[ids] for counts, ids in parts], axis=0),
        unknown=np.any([counts.unknown[ids] for counts, ids in parts], axis=0) | ~is_there,
        confidential=np.any([counts.confidential[ids] for counts, ids in parts], axis=0),
        exact=_find_exact(first, nodes, rule),
    )


def _find_exact(counts: ScopeCounts, nodes: IntArray, rule: Rule) -> BoolArray:
    """Find the nodes whose counts are displayed as they are."""
    return ~counts.nodes.broken_down[nodes] if rule.totals_open else np.full(nodes.size, not rule.protects)
