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
from api.figures.returns_data import StandingCells, StandingRevision
from api.plan.catalogue import Catalogue, breakdown_key
from api.releases import cell_inference
from api.releases.cell_inference import ABSENT, UNKNOWN, Part, Tables
from api.releases.scopes import AuditScope, may_stand_alone
from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.lattice import IntArray, Nodes, Table, located, nodes_of
from schema.plan import Kind
from schema.submissions import ReturnKind


class Frozen(Struct, frozen=True, kw_only=True, eq=False):
    """The true counts of a scope, organisation by organisation. They are not for publication."""

    organisations: tuple[str, ...]
    own: IntArray
    """Organisations × nodes; 0 where unknown."""
    unknown: BoolArray
    """Nodes of which somebody's part is not known."""
    hidden: BoolArray
    """Of these, those that somebody returned as confidential."""
    may_stand_alone: BoolArray


class Told(Struct, kw_only=True, eq=False):
    """Of one part, what was said: by services or organisations, by periods of returns, by place and code."""

    part: Part
    counts: Tables
    confidential: dict[tuple[str, ...], BoolArray]
    times: IntArray
    """How many returns there are of each service, or organisation, in each period."""


def frozen(
    scope: AuditScope,
    lattice: Nodes,
    catalogue: Catalogue,
    returns: Iterable[StandingRevision],
    cells: StandingCells,
) -> Frozen:
    """Put every return of the scope on the nodes of its lattice, whose first nodes may be of earlier plan versions.

    Of those that the plan has no more, nothing is known.
    """
    standing = [r for r in returns if r.counts and (r.measure, r.series) in {member.key for member in scope.members}]
    services = sorted({(r.organisation, r.service) for r in standing})
    organisations = tuple(dict.fromkeys(organisation for organisation, _ in services))
    asked = nodes_of(scope.shape)
    at = located(asked, lattice)
    own = np.zeros((len(organisations), lattice.size), dtype=np.int64)
    unknown, hidden = np.ones(lattice.size, dtype=np.bool_), np.zeros(lattice.size, dtype=np.bool_)
    unknown[at] = False
    if standing:
        found = _of_organisations(scope, _returned(scope, catalogue, standing, services, cells), services)
        counts, confidential = _on_nodes(scope, asked, found)
        own[:, at] = np.maximum(counts, 0)
        unknown[at] = (counts == UNKNOWN).any(axis=0)
        hidden[at] = ((counts == UNKNOWN) & confidential).any(axis=0)
    own[:, unknown] = 0
    stand = [may_stand_alone(scope.members, organisation, catalogue) for organisation in organisations]
    return Frozen(
        organisations=organisations,
        own=own,
        unknown=unknown,
        hidden=hidden,
        may_stand_alone=np.array(stand, dtype=np.bool_),
    )


def _returned(
    scope: AuditScope,
    catalogue: Catalogue,
    standing: Sequence[StandingRevision],
    services: Sequence[tuple[str, str]],
    cells: StandingCells,
) -> dict[str | None, Told]:
    """Each service's counts by itself, part by part."""
    found: dict[str | None, Told] = {}
    for member in scope.members:
        ratio = member.measure.kind is Kind.PROPORTION
        low, high, base = roll_up.bounds(cells, ratio=ratio)
        exact = low == high  # not of NaN
        said = {member.part: np.where(exact, low, UNKNOWN)}
        if ratio and member is scope.members[0]:
            said[None] = np.where(exact, base, UNKNOWN)
        mine = {
            r.id: (services.index((r.organisation, r.service)), list(scope.collected).index(r.period.code), r)
            for r in standing
            if (r.measure, r.series) == member.key and r.period.code in scope.collected
        }
        for part, numbers in said.items():
            one = _blank(scope, part, len(services))
            _fill(one, catalogue, mine, cells, numbers)
            there = (one.times > 0)[..., None, None]
            resolved = one.part.resolved(one.counts)
            one.counts = {key: np.where(there, resolved[key], ABSENT) for key in resolved}
            found[part] = one
    if scope.members[0].measure.kind is Kind.CUMULATIVE:
        for one in found.values():
            _never_fall(one)
    return found


def _blank(scope: AuditScope, part: str | None, number: int) -> Told:
    its, axes = cell_inference.part_of(scope.shape, part), (number, len(scope.collected))
    counts = its.empty(*axes)
    confidential = {key: np.zeros(one.shape, dtype=np.bool_) for key, one in counts.items()}
    return Told(part=its, counts=counts, confidential=confidential, times=np.zeros(axes, dtype=np.int64))


def _fill(
    one: Told,
    catalogue: Catalogue,
    returns: Mapping[int, tuple[int, int, StandingRevision]],
    cells: StandingCells,
    numbers: IntArray,
) -> None:
    """Write in what was returned. Nil is 0 everywhere."""
    number = _numbered(cells.revision, {revision: at for at, revision in enumerate(returns)})
    places = [place.code for place in one.part.shape.places]
    for table in one.part.tables:
        inside = one.part.inside(table)
        place = _numbered(cells.area, {catalogue.ids.areas[places[at]]: at for at in inside})
        keys = enumerate(_keys(one.part, table))
        code = _numbered(cells.breakdown, {catalogue.ids.breakdowns.get(key, UNKNOWN): at for at, key in keys})
        chosen = np.flatnonzero((number >= 0) & (place >= 0) & (code >= 0))
        where = np.array([its[:2] for its in returns.values()], dtype=np.int64).reshape(-1, 2)[number[chosen]]
        to = (where[:, 0], where[:, 1], place[chosen], code[chosen])
        one.counts[table.dimensions][to] = numbers[chosen]
        one.confidential[table.dimensions][to] = numbers[chosen] == UNKNOWN
        for service, period, its in returns.values():
            if its.kind is ReturnKind.NIL:
                one.counts[table.dimensions][service, period, inside] = 0
    for service, period, _ in returns.values():
        one.times[service, period] = 1


def _numbered(column: IntArray, numbers: Mapping[int, int]) -> IntArray:
    """Of each entry its number; -1 where it has none."""
    if not numbers:
        return np.full(column.size, -1)
    known = np.array(sorted(numbers))
    at = np.minimum(np.searchsorted(known, column), known.size - 1)
    return np.where(known[at] == column, np.array([numbers[one] for one in known.tolist()])[at], -1)


def _keys(part: Part, table: Table) -> list[str]:
    codes = {dimension.slug: dimension.codes for dimension in part.shape.dimensions}
    chosen = product(*(codes[slug] for slug in table.dimensions))
    return [breakdown_key(dict(zip(table.dimensions, one, strict=True))) for one in chosen]


def _never_fall(one: Told) -> None:
    """Of a count to date of which a later one has less, only the total stands, if no later one is below it.

    One that was left out is unknown.
    """
    begun = np.logical_or.accumulate(one.times > 0, axis=1)
    every = {key: (cells != ABSENT).any(axis=1) for key, cells in one.counts.items()}
    later = {key: np.full(there.shape, ABSENT) for key, there in every.items()}
    least = dict(later)
    for at in reversed(range(begun.shape[1])):
        missing = (begun[:, at] & (one.times[:, at] == 0))[:, None, None]
        here = {key: np.where(missing & every[key], UNKNOWN, cells[:, at]) for key, cells in one.counts.items()}
        fits = one.part.may_be_part(here, later)
        known = np.zeros_like(fits)
        for key, cells in here.items():
            fits = fits & ~((least[key] >= 0) & (cells > least[key])).any((-2, -1))
            known |= (cells >= 0).any((-2, -1))
        here = one.part.leave_total(here, one.part.total(least), ~fits)
        for key, cells in here.items():
            one.counts[key][:, at] = cells
            later[key] = np.where((fits & known)[:, None, None], cells, later[key])
            least[key] = np.where(cells >= 0, cells, least[key])
    one.times = begun.astype(np.int64)


def _of_organisations(
    scope: AuditScope, found: Mapping[str | None, Told], services: Sequence[tuple[str, str]]
) -> dict[str | None, Told]:
    """The services of each organisation together, and its parts beside the whole."""
    starts = [at for at, one in enumerate(services) if at == 0 or services[at - 1][0] != one[0]]
    summed = {part: _summed(one, starts) for part, one in found.items()}
    ratio = scope.members[0].measure.kind is Kind.PROPORTION
    for part, one in summed.items():
        if part is not None:
            _fit_whole(one, summed[None], ratio=ratio)
    return summed


def _summed(one: Told, starts: Sequence[int]) -> Told:
    """Unknown where one of them is, absent where all of them are."""
    counts: Tables = {}
    for key, cells in one.counts.items():
        total = np.add.reduceat(np.maximum(cells, 0), starts)
        total[np.logical_and.reduceat(cells == ABSENT, starts)] = ABSENT
        total[np.logical_or.reduceat(cells == UNKNOWN, starts)] = UNKNOWN
        counts[key] = total
    confidential = {key: np.logical_or.reduceat(cells, starts) for key, cells in one.confidential.items()}
    return Told(part=one.part, counts=counts, confidential=confidential, times=np.add.reduceat(one.times, starts))


def _fit_whole(one: Told, whole: Told, *, ratio: bool) -> None:
    """A part is unknown where its whole is. Where those outside it would be no people, only its total stands.

    The numerator of a denominator that was returned more often is unknown.
    """
    lost = (whole.times == 0) | (ratio & (one.times < whole.times))
    theirs = {key: whole.counts.get(key, np.array(ABSENT)) for key in one.counts}
    counts = {
        key: np.where((cells != ABSENT) & (theirs[key] == UNKNOWN), UNKNOWN, cells) for key, cells in one.counts.items()
    }
    fits = one.part.may_be_part(counts, whole.counts)
    counts = one.part.leave_total(counts, whole.part.total(whole.counts), ~fits)
    one.counts = {
        key: np.where(
            lost[..., None, None], np.where((cells != ABSENT) | (theirs[key] != ABSENT), UNKNOWN, ABSENT), cells
        )
        for key, cells in counts.items()
    }


def _on_nodes(scope: AuditScope, asked: Nodes, found: Mapping[str | None, Told]) -> tuple[IntArray, BoolArray]:
    """By organisations and nodes: the counts, or UNKNOWN; and what was returned as confidential.

    Of longer periods they are the sums of those that were returned.
    """
    codes = list(scope.collected)
    made_of = [
        [codes.index(one) for one in ((code,) if code in scope.collected else parts)]
        for code, parts in scope.shape.periods.items()
    ]
    counts: list[IntArray] = []
    confidential: list[BoolArray] = []
    for grid in asked.grids:
        one, inside = found[grid.table.part], cell_inference.part_of(scope.shape, grid.table.part).inside(grid.table)
        cells = one.counts[grid.table.dimensions][:, :, inside]
        hidden = one.confidential[grid.table.dimensions][:, :, inside]
        lost = np.stack([(cells[:, at] == UNKNOWN).any(axis=1) for at in made_of], axis=1)
        sums = np.stack([np.maximum(cells[:, at], 0).sum(axis=1) for at in made_of], axis=1)
        counts.append(_in_order(np.where(lost, UNKNOWN, sums)))
        confidential.append(_in_order(np.stack([hidden[:, at].any(axis=1) for at in made_of], axis=1)))
    return np.concatenate(counts, axis=1), np.concatenate(confidential, axis=1)


def _in_order(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of organisations, periods, places and codes: the order of the nodes, codes first."""
    return np.moveaxis(cells, -1, 1).reshape(len(cells), -1)
