"""What each organisation returned, node by node: exactly known, or not known at all.

Whoever returns nothing adds nothing; that returns are missing is told by the coverage. But of whom returns, a cell
that is not there is none only where the other cells leave nothing for it; else it is unknown, and so is the sum over
all. Where the cells of a return cannot be true together - a warning that was answered with a justification - the
finer ones are unknown and the total stands. The services of an organisation are resolved one by one: what one of them
left out is not made up for by another.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.figures import roll_up
from api.figures.returns_data import RevisionCells, SelectedRevision
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.releases import cell_inference
from api.releases.cell_inference import NOT_RETURNED, UNKNOWN, PartTables, TableCounts
from api.releases.scopes import AuditScope, may_publish_alone
from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.lattice import IntArray, Nodes, Table, build_nodes, locate_nodes
from schema.measures import MeasureKind
from schema.submissions import ReturnKind


class TrueCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The true counts of a scope, organisation by organisation. They are not for publication."""

    organisations: tuple[str, ...]
    own: IntArray
    """Organisations × nodes; 0 where unknown."""
    unknown: BoolArray
    """Nodes of which somebody's part is not known."""
    hidden: BoolArray
    """Of these, those that somebody returned as confidential."""
    may_stand_alone: BoolArray


class ReturnedCounts(Struct, kw_only=True, eq=False):
    """Of one part, what was said: by services or organisations, by periods of returns, by place and code."""

    part: PartTables
    counts: TableCounts
    confidential: dict[tuple[str, ...], BoolArray]
    return_counts: IntArray
    """How many returns there are of each service, or organisation, in each period."""


def calculate_true_counts(
    scope: AuditScope,
    lattice: Nodes,
    catalogue: Catalogue,
    returns: Iterable[SelectedRevision],
    cells: RevisionCells,
) -> TrueCounts:
    """Put every return of the scope on the nodes of its lattice, whose first nodes may be of earlier plan versions.

    Of those that the plan has no more, nothing is known.
    """
    standing = [
        r for r in returns if r.is_counted and (r.measure, r.series) in {member.key for member in scope.members}
    ]
    services = sorted({(r.organisation, r.service) for r in standing})
    organisations = tuple(dict.fromkeys(organisation for organisation, _ in services))
    asked = build_nodes(scope.shape)
    at = locate_nodes(asked, lattice)
    own = np.zeros((len(organisations), lattice.size), dtype=np.int64)
    unknown, hidden = np.ones(lattice.size, dtype=np.bool_), np.zeros(lattice.size, dtype=np.bool_)
    unknown[at] = False
    if standing:
        found = _sum_by_organisation(
            scope, _read_returned_counts(scope, catalogue, standing, services, cells), services
        )
        counts, confidential = _map_to_nodes(scope, asked, found)
        own[:, at] = np.maximum(counts, 0)
        unknown[at] = (counts == UNKNOWN).any(axis=0)
        hidden[at] = ((counts == UNKNOWN) & confidential).any(axis=0)
    own[:, unknown] = 0
    stand = [may_publish_alone(scope.members, organisation, catalogue) for organisation in organisations]
    return TrueCounts(
        organisations=organisations,
        own=own,
        unknown=unknown,
        hidden=hidden,
        may_stand_alone=np.array(stand, dtype=np.bool_),
    )


def _read_returned_counts(
    scope: AuditScope,
    catalogue: Catalogue,
    standing: Sequence[SelectedRevision],
    services: Sequence[tuple[str, str]],
    cells: RevisionCells,
) -> dict[str | None, ReturnedCounts]:
    """Each service's counts by itself, part by part."""
    found: dict[str | None, ReturnedCounts] = {}
    for member in scope.members:
        ratio = member.measure.kind is MeasureKind.PROPORTION
        low, high, base = roll_up.calculate_bounds(cells, is_ratio=ratio)
        exact = low == high  # not of NaN
        said = {member.part: np.where(exact, low, UNKNOWN)}
        if ratio and member is scope.members[0]:
            said[None] = np.where(exact, base, UNKNOWN)
        mine = {
            r.id: (services.index((r.organisation, r.service)), list(scope.collected_periods).index(r.period.code), r)
            for r in standing
            if (r.measure, r.series) == member.key and r.period.code in scope.collected_periods
        }
        for part, numbers in said.items():
            one = _make_empty_counts(scope, part, len(services))
            _fill_counts(one, catalogue, mine, cells, numbers)
            there = (one.return_counts > 0)[..., None, None]
            resolved = one.part.infer_missing(one.counts)
            one.counts = {key: np.where(there, resolved[key], NOT_RETURNED) for key in resolved}
            found[part] = one
    if scope.members[0].measure.kind is MeasureKind.CUMULATIVE:
        for one in found.values():
            _enforce_monotone(one)
    return found


def _make_empty_counts(scope: AuditScope, part: str | None, number: int) -> ReturnedCounts:
    its, axes = cell_inference.select_tables(scope.shape, part), (number, len(scope.collected_periods))
    counts = its.make_empty_counts(*axes)
    confidential = {key: np.zeros(one.shape, dtype=np.bool_) for key, one in counts.items()}
    return ReturnedCounts(
        part=its, counts=counts, confidential=confidential, return_counts=np.zeros(axes, dtype=np.int64)
    )


def _fill_counts(
    one: ReturnedCounts,
    catalogue: Catalogue,
    returns: Mapping[int, tuple[int, int, SelectedRevision]],
    cells: RevisionCells,
    numbers: IntArray,
) -> None:
    """Write in what was returned. Nil is 0 everywhere."""
    number = _look_up_numbers(cells.revision, {revision: at for at, revision in enumerate(returns)})
    places = [place.code for place in one.part.shape.places]
    for table in one.part.tables:
        inside = one.part.list_areas(table)
        place = _look_up_numbers(cells.area, {catalogue.ids.areas[places[at]]: at for at in inside})
        keys = enumerate(_list_breakdown_keys(one.part, table))
        code = _look_up_numbers(cells.breakdown, {catalogue.ids.breakdowns.get(key, UNKNOWN): at for at, key in keys})
        chosen = np.flatnonzero((number >= 0) & (place >= 0) & (code >= 0))
        where = np.array([its[:2] for its in returns.values()], dtype=np.int64).reshape(-1, 2)[number[chosen]]
        to = (where[:, 0], where[:, 1], place[chosen], code[chosen])
        one.counts[table.dimensions][to] = numbers[chosen]
        one.confidential[table.dimensions][to] = numbers[chosen] == UNKNOWN
        for service, period, its in returns.values():
            if its.kind is ReturnKind.NIL:
                one.counts[table.dimensions][service, period, inside] = 0
    for service, period, _ in returns.values():
        one.return_counts[service, period] = 1


def _look_up_numbers(column: IntArray, numbers: Mapping[int, int]) -> IntArray:
    """Of each entry its number; -1 where it has none."""
    if not numbers:
        return np.full(column.size, -1)
    known = np.array(sorted(numbers))
    at = np.minimum(np.searchsorted(known, column), known.size - 1)
    return np.where(known[at] == column, np.array([numbers[one] for one in known.tolist()])[at], -1)


def _list_breakdown_keys(part: PartTables, table: Table) -> list[str]:
    codes = {dimension.slug: dimension.codes for dimension in part.shape.dimensions}
    chosen = product(*(codes[slug] for slug in table.dimensions))
    return [format_breakdown_key(dict(zip(table.dimensions, one, strict=True))) for one in chosen]


def _enforce_monotone(one: ReturnedCounts) -> None:
    """Of a count to date of which a later one has less, only the total stands, if no later one is below it.

    One that was left out is unknown.
    """
    begun = np.logical_or.accumulate(one.return_counts > 0, axis=1)
    every = {key: (cells != NOT_RETURNED).any(axis=1) for key, cells in one.counts.items()}
    later = {key: np.full(there.shape, NOT_RETURNED) for key, there in every.items()}
    least = dict(later)
    for at in reversed(range(begun.shape[1])):
        missing = (begun[:, at] & (one.return_counts[:, at] == 0))[:, None, None]
        here = {key: np.where(missing & every[key], UNKNOWN, cells[:, at]) for key, cells in one.counts.items()}
        fits = one.part.may_be_part(here, later)
        known = np.zeros_like(fits)
        for key, cells in here.items():
            fits = fits & ~((least[key] >= 0) & (cells > least[key])).any((-2, -1))
            known |= (cells >= 0).any((-2, -1))
        here = one.part.discard_all_but_total(here, one.part.read_widest_total(least), ~fits)
        for key, cells in here.items():
            one.counts[key][:, at] = cells
            later[key] = np.where((fits & known)[:, None, None], cells, later[key])
            least[key] = np.where(cells >= 0, cells, least[key])
    one.return_counts = begun.astype(np.int64)


def _sum_by_organisation(
    scope: AuditScope, found: Mapping[str | None, ReturnedCounts], services: Sequence[tuple[str, str]]
) -> dict[str | None, ReturnedCounts]:
    """The services of each organisation together, and its parts beside the whole."""
    starts = [at for at, one in enumerate(services) if at == 0 or services[at - 1][0] != one[0]]
    summed = {part: _sum_services(one, starts) for part, one in found.items()}
    ratio = scope.members[0].measure.kind is MeasureKind.PROPORTION
    for part, one in summed.items():
        if part is not None:
            _reconcile_with_whole(one, summed[None], ratio=ratio)
    return summed


def _sum_services(one: ReturnedCounts, starts: Sequence[int]) -> ReturnedCounts:
    """Unknown where one of them is, absent where all of them are."""
    counts: TableCounts = {}
    for key, cells in one.counts.items():
        total = np.add.reduceat(np.maximum(cells, 0), starts)
        total[np.logical_and.reduceat(cells == NOT_RETURNED, starts)] = NOT_RETURNED
        total[np.logical_or.reduceat(cells == UNKNOWN, starts)] = UNKNOWN
        counts[key] = total
    confidential = {key: np.logical_or.reduceat(cells, starts) for key, cells in one.confidential.items()}
    return ReturnedCounts(
        part=one.part,
        counts=counts,
        confidential=confidential,
        return_counts=np.add.reduceat(one.return_counts, starts),
    )


def _reconcile_with_whole(one: ReturnedCounts, whole: ReturnedCounts, *, ratio: bool) -> None:
    """A part is unknown where its whole is. Where those outside it would be no people, only its total stands.

    The numerator of a denominator that was returned more often is unknown.
    """
    lost = (whole.return_counts == 0) | (ratio & (one.return_counts < whole.return_counts))
    theirs = {key: whole.counts.get(key, np.array(NOT_RETURNED)) for key in one.counts}
    counts = {
        key: np.where((cells != NOT_RETURNED) & (theirs[key] == UNKNOWN), UNKNOWN, cells)
        for key, cells in one.counts.items()
    }
    fits = one.part.may_be_part(counts, whole.counts)
    counts = one.part.discard_all_but_total(counts, whole.part.read_widest_total(whole.counts), ~fits)
    one.counts = {
        key: np.where(
            lost[..., None, None],
            np.where((cells != NOT_RETURNED) | (theirs[key] != NOT_RETURNED), UNKNOWN, NOT_RETURNED),
            cells,
        )
        for key, cells in counts.items()
    }


def _map_to_nodes(
    scope: AuditScope, asked: Nodes, found: Mapping[str | None, ReturnedCounts]
) -> tuple[IntArray, BoolArray]:
    """By organisations and nodes: the counts, or UNKNOWN; and what was returned as confidential.

    Of longer periods they are the sums of those that were returned.
    """
    codes = list(scope.collected_periods)
    made_of = [
        [codes.index(one) for one in ((code,) if code in scope.collected_periods else parts)]
        for code, parts in scope.shape.periods.items()
    ]
    counts: list[IntArray] = []
    confidential: list[BoolArray] = []
    for grid in asked.grids:
        one, inside = (
            found[grid.table.part],
            cell_inference.select_tables(scope.shape, grid.table.part).list_areas(grid.table),
        )
        cells = one.counts[grid.table.dimensions][:, :, inside]
        hidden = one.confidential[grid.table.dimensions][:, :, inside]
        lost = np.stack([(cells[:, at] == UNKNOWN).any(axis=1) for at in made_of], axis=1)
        sums = np.stack([np.maximum(cells[:, at], 0).sum(axis=1) for at in made_of], axis=1)
        counts.append(_flatten_in_node_order(np.where(lost, UNKNOWN, sums)))
        confidential.append(_flatten_in_node_order(np.stack([hidden[:, at].any(axis=1) for at in made_of], axis=1)))
    return np.concatenate(counts, axis=1), np.concatenate(confidential, axis=1)


def _flatten_in_node_order(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of organisations, periods, places and codes: the order of the nodes, codes first."""
    return np.moveaxis(cells, -1, 1).reshape(len(cells), -1)
