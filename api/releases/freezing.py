"""What each organisation returned, node by node: exactly known, or not known at all.

Whoever returns nothing adds nothing; that returns are missing is told by the coverage. But of whom returns, a cell
that is not there is none only where the other cells leave nothing for it; else it is unknown, and so is the sum over
all. Where the cells of a return cannot be true together - a warning that was answered with a justification - the
finer ones are unknown and the total stands.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.outcomes import counting
from api.outcomes.rules import Asked
from api.outcomes.standing import StandingCells, StandingRevision
from api.plan.catalogue import TOTAL, Catalogue, breakdown_key
from api.releases.scopes import AuditScope, Member, may_stand_alone
from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.lattice import IntArray, Lattice, Node, Table
from schema.periods import Period
from schema.plan import Kind, Overlap

Place = tuple[str, str]
"""An area and the key of a breakdown."""
Counted = dict[Place, int | None]
"""None where it is not known."""


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


def frozen(
    scope: AuditScope,
    lattice: Lattice,
    catalogue: Catalogue,
    returns: Iterable[StandingRevision],
    cells: StandingCells,
) -> Frozen:
    """Put every return of the scope on the nodes of its lattice, whose first nodes may be of earlier plan versions."""
    standing = [r for r in returns if r.counts and (r.measure, r.series) in {member.key for member in scope.members}]
    organisations = tuple(sorted({r.organisation for r in standing}))
    at = {node: index for index, node in enumerate(lattice.nodes)}
    own = np.zeros((len(organisations), len(at)), dtype=np.int64)
    unknown, hidden = np.zeros(len(at), dtype=np.bool_), np.zeros(len(at), dtype=np.bool_)
    for row, organisation in enumerate(organisations):
        mine = [r for r in standing if r.organisation == organisation]
        counts = _Counts(scope, catalogue, mine, cells)
        for node, value in counts.nodes():
            if (index := at.get(node)) is None:
                continue
            if value is None:
                unknown[index] = True
                hidden[index] |= counts.is_hidden(node)
            else:
                own[row, index] = value
    own[:, unknown] = 0
    stand = [may_stand_alone(scope.members, organisation, catalogue) for organisation in organisations]
    return Frozen(
        organisations=organisations,
        own=own,
        unknown=unknown,
        hidden=hidden,
        may_stand_alone=np.array(stand, dtype=np.bool_),
    )


class _Counts:
    """One organisation's counts in one scope, by part, period and place."""

    def __init__(
        self, scope: AuditScope, catalogue: Catalogue, returns: Sequence[StandingRevision], cells: StandingCells
    ) -> None:
        self.scope, self.catalogue, self.returns, self.cells = scope, catalogue, returns, cells
        self.dimensions = {dimension.slug: dimension for dimension in scope.shape.dimensions}
        self.children: dict[str, list[str]] = {}
        for place in scope.shape.places:
            if place.parent is not None:
                self.children.setdefault(place.parent, []).append(place.code)
        self.confidential: set[tuple[str | None, str, Place]] = set()
        self.known: dict[tuple[str | None, str], Counted] = {}
        for code, period in scope.collected.items():
            for member in scope.members:
                self._read(member, code, period)
            self._fit_whole(code)
        if scope.members[0].measure.kind is Kind.CUMULATIVE:
            self._never_fall()

    def nodes(self) -> Iterator[tuple[Node, int | None]]:
        """Each node that something is known of, or known to be unknown."""
        for code, made_of in self.scope.shape.periods.items():
            periods = [code] if code in self.scope.collected else list(made_of)
            for part in dict.fromkeys(table.part for table in self.scope.shape.tables):
                every = [self.known.get((part, one), {}) for one in periods]
                for place in dict.fromkeys(place for counted in every for place in counted):
                    values = [counted.get(place, 0) for counted in every]
                    total = None if None in values else sum(value or 0 for value in values)
                    yield self._node(part, code, place), total

    def is_hidden(self, node: Node) -> bool:
        place = (node.place, breakdown_key(dict(node.breakdown)))
        periods = [node.period] if node.period in self.scope.collected else self.scope.shape.periods[node.period]
        return any((node.part, code, place) in self.confidential for code in periods)

    def _node(self, part: str | None, period: str, place: Place) -> Node:
        area, key = place
        breakdown = tuple(tuple(item.split("=", 1)) for item in key.split(";")) if key else ()
        return Node(part=part, breakdown=breakdown, place=area, period=period)  # pyright: ignore[reportArgumentType]

    def _read(self, member: Member, code: str, period: Period) -> None:
        returns = [r for r in self.returns if (r.measure, r.series) == member.key and r.period.code == code]
        if not returns:
            return
        found: dict[str | None, Counted] = {member.part: {}}
        if member.measure.kind is Kind.PROPORTION and member is self.scope.members[0]:
            found[None] = {}
        for asked in self._asked(member, period, returns):
            for place, rolled in zip(asked.places, counting.rolled(asked, self.cells, self.catalogue), strict=True):
                tally = rolled.tally
                if not rolled.returns and not tally.left_out and tally.low is None:
                    continue
                ends = {member.part: (tally.low, tally.high), None: (tally.base_low, tally.base_high)}
                for part, counted in found.items():
                    low, high = ends[part] if member.measure.kind is Kind.PROPORTION else (tally.low, tally.high)
                    counted[place] = low if low == high and not tally.left_out else None
                    if counted[place] is None:
                        self.confidential.add((part, code, place))
        for part, counted in found.items():
            tables = [table for table in self.scope.shape.tables if table.part == part]
            self.known[part, code] = self._resolved(tables, counted)

    def _asked(self, member: Member, period: Period, returns: list[StandingRevision]) -> Iterator[Asked]:
        """One question for each area level at which something is collected."""
        # Each organisation's people are counted once here; that two may count the same is told when they are summed.
        measure = replace(member.measure, overlap=Overlap.DISJOINT)
        levels: dict[int, list[str]] = {}
        for table in self.scope.shape.tables:
            if table.part == member.part:
                levels.setdefault(table.level, []).extend(key for key, _ in self._keys(table))
        for level, keys in levels.items():
            yield Asked(
                measure=measure,
                series=member.series,
                period=period,
                areas=[place.code for place in self.scope.shape.places if place.level <= level],
                breakdowns=[key for key in keys if key in self.catalogue.ids.breakdowns],
                parts=(period,),
                returns=returns,
            )

    def _keys(self, table: Table) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        codes = [[(slug, code) for code in self.dimensions[slug].codes] for slug in table.dimensions]
        return [(breakdown_key(dict(chosen)), chosen) for chosen in product(*codes)]

    def _resolved(self, tables: Sequence[Table], counted: Counted) -> Counted:
        """Every cell of every table: from the widest area and the total down to the finest."""
        for table in sorted(tables, key=lambda one: len(one.dimensions)):
            places = [place for place in self.scope.shape.places if place.level <= table.level]
            keys = self._keys(table)
            for place in sorted(places, key=lambda one: one.level):
                here = [(place.code, key) for key, _ in keys]
                if table.dimensions:
                    self._fit(here, counted, counted.get((place.code, TOTAL)), self._complete(table.dimensions))
                    self._fit_margins(table, place.code, counted)
                elif place.parent is None:
                    counted.setdefault((place.code, TOTAL), None)
            for place in sorted(places, key=lambda one: one.level):
                inner = [code for code in self.children.get(place.code, []) if code in {p.code for p in places}]
                for key, _ in keys if inner else []:
                    complete = None if self.scope.shape.overlapping_places else True
                    self._fit([(code, key) for code in inner], counted, counted.get((place.code, key)), complete)
        return counted

    def _complete(self, dimensions: Iterable[str]) -> bool | None:
        """Whether cells by these dimensions add up to their total; None where they may well overlap."""
        every = [self.dimensions[slug] for slug in dimensions]
        if not all(dimension.exclusive for dimension in every):
            return None
        return all(dimension.exhaustive for dimension in every)

    @staticmethod
    def _fit(places: Sequence[Place], counted: Counted, whole: int | None, complete: bool | None) -> None:
        """Cells beside what they are parts of: those that are missing follow from it, or are unknown."""
        there = [counted[place] for place in places if place in counted]
        known = [value for value in there if value is not None]
        if whole == 0 and not any(known):
            counted.update(dict.fromkeys(places, 0))
            return
        sure = whole is not None and len(known) == len(there)
        together = sum(known)
        if complete is None:
            fits, left = whole is None or all(value <= whole for value in known), None
        else:
            exact = sure and complete and len(there) == len(places)
            fits = whole is None or together <= whole
            fits &= not exact or together == whole
            left = 0 if sure and together == whole else None
        for place in places:
            if not fits:
                counted[place] = None
            else:
                counted.setdefault(place, left)

    def _fit_margins(self, table: Table, area: str, counted: Counted) -> None:
        """Cells by two dimensions beside those by one of them."""
        tables = {frozenset(one.dimensions) for one in self.scope.shape.tables if one.part == table.part}
        if len(table.dimensions) < 2:
            return
        for slug in table.dimensions:
            (other,) = (self.dimensions[one] for one in table.dimensions if one != slug)
            if frozenset([slug]) not in tables or not other.exclusive:
                continue
            for code in self.dimensions[slug].codes:
                cells = [(area, breakdown_key({slug: code, other.slug: inner})) for inner in other.codes]
                margin = counted.get((area, breakdown_key({slug: code})))
                self._fit(cells, counted, margin, complete=other.exhaustive)

    def _fit_whole(self, code: str) -> None:
        """A part that is larger than what it is part of is unknown; so is one whose whole is."""
        whole = self.known.get((None, code))
        for (part, period), counted in self.known.items():
            if period != code or part is None:
                continue
            for place, value in counted.items():
                most = None if whole is None else whole.get(place, value)
                if value is not None and (most is None or value > most):
                    counted[place] = None

    def _never_fall(self) -> None:
        """A total to date that a later one falls below is unknown; so is one that an organisation left out."""
        codes = list(self.scope.collected)
        for part in {part for part, _ in self.known}:
            first = next(code for code in codes if (part, code) in self.known)
            every = {place for (of, _), counted in self.known.items() if of == part for place in counted}
            later: Counted = {}
            for code in reversed(codes[codes.index(first) :]):
                here = self.known.setdefault((part, code), dict.fromkeys(every))
                for place, value in here.items():
                    most = later.get(place)
                    if value is not None and most is not None and value > most:
                        here[place] = None
                later |= {place: value for place, value in here.items() if value is not None}
