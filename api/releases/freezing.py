"""What each organisation returned, node by node: exactly known, or not known at all.

Whoever returns nothing adds nothing; that returns are missing is told by the coverage. But of whom returns, a cell
that is not there is none only where the other cells leave nothing for it; else it is unknown, and so is the sum over
all. Where the cells of a return cannot be true together - a warning that was answered with a justification - the
finer ones are unknown and the total stands. The services of an organisation are resolved one by one: what one of them
left out is not made up for by another.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.outcomes import counting
from api.outcomes.rules import Asked
from api.outcomes.standing import StandingCells, StandingRevision, each, together
from api.plan.catalogue import TOTAL, Catalogue, breakdown_key
from api.releases.scopes import AuditScope, Member, may_stand_alone
from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.lattice import IntArray, Node, Nodes, Table, nodes_of
from schema.periods import Period
from schema.plan import Kind, Overlap

Place = tuple[str, str]
"""An area and the key of a breakdown."""
Counted = dict[Place, int | None]
"""None where it is not known."""
Known = dict[tuple[str | None, str], Counted]
"""By part and period."""


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
    lattice: Nodes,
    catalogue: Catalogue,
    returns: Iterable[StandingRevision],
    cells: StandingCells,
) -> Frozen:
    """Put every return of the scope on the nodes of its lattice, whose first nodes may be of earlier plan versions.

    Of those that the plan has no more, nothing is known.
    """
    standing = [r for r in returns if r.counts and (r.measure, r.series) in {member.key for member in scope.members}]
    organisations = tuple(sorted({r.organisation for r in standing}))
    at = {node: index for index, node in enumerate(lattice.nodes)}
    own = np.zeros((len(organisations), len(at)), dtype=np.int64)
    of_each = each(cells)
    asked = set(nodes_of(scope.shape).nodes)
    unknown, hidden = np.array([node not in asked for node in at]), np.zeros(len(at), dtype=np.bool_)
    for row, organisation in enumerate(organisations):
        mine = [r for r in standing if r.organisation == organisation]
        counts = _Counts(scope, catalogue, mine, of_each)
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
        self,
        scope: AuditScope,
        catalogue: Catalogue,
        returns: Sequence[StandingRevision],
        cells: Mapping[int, StandingCells],
    ) -> None:
        self.scope, self.catalogue, self.cells = scope, catalogue, cells
        self.dimensions = {dimension.slug: dimension for dimension in scope.shape.dimensions}
        self.children: dict[str, list[str]] = {}
        for place in scope.shape.places:
            if place.parent is not None:
                self.children.setdefault(place.parent, []).append(place.code)
        self.top = (next(place.code for place in scope.shape.places if place.parent is None), TOTAL)
        self.confidential: set[tuple[str | None, str, Place]] = set()
        self.known: Known = {}
        self.times: Counter[tuple[str | None, str]] = Counter()
        for service in sorted({r.service for r in returns}):
            self._add(self._of_service([r for r in returns if r.service == service]))
        for code in scope.collected:
            self._fit_whole(code)

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

    def _add(self, known: Known) -> None:
        for key, counted in known.items():
            self.times[key] += 1
            sums = self.known.setdefault(key, {})
            for place, value in counted.items():
                before = sums.get(place, 0)
                sums[place] = None if before is None or value is None else before + value

    def _of_service(self, returns: Sequence[StandingRevision]) -> Known:
        known: Known = {}
        for code, period in self.scope.collected.items():
            for member in self.scope.members:
                there = [r for r in returns if (r.measure, r.series) == member.key and r.period.code == code]
                if there:
                    known |= {(part, code): counted for part, counted in self._read(member, code, period, there)}
        if self.scope.members[0].measure.kind is Kind.CUMULATIVE:
            self._never_fall(known)
        return known

    def _read(
        self, member: Member, code: str, period: Period, returns: list[StandingRevision]
    ) -> Iterator[tuple[str | None, Counted]]:
        found: dict[str | None, Counted] = {member.part: {}}
        cells = together([self.cells[one.id] for one in returns if one.id in self.cells])
        if member.measure.kind is Kind.PROPORTION and member is self.scope.members[0]:
            found[None] = {}
        for asked in self._asked(member, period, returns):
            for place, rolled in zip(asked.places, counting.rolled(asked, cells, self.catalogue), strict=True):
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
            yield part, self._resolved(part, counted)

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

    def _resolved(self, part: str | None, counted: Counted) -> Counted:
        """Every cell of every table: from the widest area and the total down to the finest."""
        tables = [table for table in self.scope.shape.tables if table.part == part]
        for table in sorted(tables, key=lambda one: len(one.dimensions)):
            places = [place for place in self.scope.shape.places if place.level <= table.level]
            keys = [key for key, _ in self._keys(table)]
            every = [self.dimensions[slug] for slug in table.dimensions]
            exclusive, exhaustive = all(one.exclusive for one in every), all(one.exhaustive for one in every)
            for place in sorted(places, key=lambda one: one.level):
                if table.dimensions:
                    here = [(place.code, key) for key in keys]
                    total = counted.get((place.code, TOTAL))
                    self._fit(here, counted, total, exclusive=exclusive, exhaustive=exhaustive)
                    self._fit_margins(table, place.code, counted)
                elif place.parent is None:
                    counted.setdefault((place.code, TOTAL), None)
            codes = {place.code for place in places}
            for place in sorted(places, key=lambda one: one.level):
                inner = [code for code in self.children.get(place.code, []) if code in codes]
                if inner:
                    self._fit_places(place.code, inner, keys, counted)
        return counted

    @staticmethod
    def _fit(
        places: Sequence[Place], counted: Counted, whole: int | None, *, exclusive: bool, exhaustive: bool
    ) -> bool:
        """Cells beside what they are parts of: those that are missing follow from it, or are unknown.

        Whether they can be true together.
        """
        there = [counted[place] for place in places if place in counted]
        known = [value for value in there if value is not None]
        if whole == 0 and not any(known):
            counted.update(dict.fromkeys(places, 0))
            return True
        sure = len(known) == len(there)
        together = sum(known)
        fits, left = True, None
        if whole is not None:
            fits = (together if exclusive else max(known, default=0)) <= whole
            if exhaustive and sure and len(there) == len(places):
                fits &= together >= whole
            left = 0 if exclusive and sure and together == whole else None
        for place in places:
            if not fits:
                counted[place] = None
            else:
                counted.setdefault(place, left)
        return fits

    def _fit_places(self, outer: str, inner: Sequence[str], keys: Sequence[str], counted: Counted) -> None:
        """The cells of a table in areas beside those of the area that they make up; all of them are true, or none."""
        exclusive = not self.scope.shape.overlapping_places
        fits = True
        for key in keys:
            there = [(code, key) for code in inner]
            fits &= self._fit(there, counted, counted.get((outer, key)), exclusive=exclusive, exhaustive=True)
        if not fits:
            counted.update(dict.fromkeys(product(inner, keys)))

    def _fit_margins(self, table: Table, area: str, counted: Counted) -> None:
        """Cells by two dimensions beside those by one of them; all of them are true, or none."""
        tables = {frozenset(one.dimensions) for one in self.scope.shape.tables if one.part == table.part}
        if len(table.dimensions) < 2:
            return
        fits = True
        for slug in table.dimensions:
            (other,) = (self.dimensions[one] for one in table.dimensions if one != slug)
            if frozenset([slug]) not in tables:
                continue
            for code in self.dimensions[slug].codes:
                cells = [(area, breakdown_key({slug: code, other.slug: inner})) for inner in other.codes]
                margin = counted.get((area, breakdown_key({slug: code})))
                fits &= self._fit(cells, counted, margin, exclusive=other.exclusive, exhaustive=other.exhaustive)
        if not fits:
            counted.update(dict.fromkeys((area, key) for key, _ in self._keys(table)))

    def _fit_whole(self, code: str) -> None:
        """A part is unknown where its whole is. Where those outside it would be no people, only its total stands.

        The numerator of a denominator that was returned more often is unknown.
        """
        whole = self.known.get((None, code))
        ratio = self.scope.members[0].measure.kind is Kind.PROPORTION
        for part in dict.fromkeys(table.part for table in self.scope.shape.tables if table.part is not None):
            if whole is None or (ratio and self.times[part, code] < self.times[None, code]):
                every = {**(whole or {}), **self.known.get((part, code), {})}
                self.known[part, code] = dict.fromkeys(every)
                continue
            counted = self.known.get((part, code), {})
            counted.update({place: None for place in counted if whole.get(place, 0) is None})
            if not self._may_be_part(part, counted, whole):
                self._leave_total(counted, whole.get(self.top))

    def _may_be_part(self, part: str | None, counted: Counted, whole: Counted) -> bool:
        """Whether what is left of the whole could be counts of people too."""
        both = [place for place, value in counted.items() if value is not None and whole.get(place) is not None]
        left: Counted = {place: (whole[place] or 0) - (counted[place] or 0) for place in both}
        if any((value or 0) < 0 for value in left.values()):
            return False
        found = self._resolved(part, dict(left))
        return all(found[place] == value for place, value in left.items())

    def _leave_total(self, counted: Counted, most: int | None) -> None:
        total = counted.get(self.top)
        counted.update(dict.fromkeys(counted))
        if total is not None and (most is None or total <= most):
            counted[self.top] = total

    def _never_fall(self, known: Known) -> None:
        """Of a count to date of which a later one has less, only the total stands, if no later one is below it.

        One that was left out is unknown.
        """
        codes = list(self.scope.collected)
        for part in {part for part, _ in known}:
            first = next(code for code in codes if (part, code) in known)
            every = {place for (of, _), counted in known.items() if of == part for place in counted}
            later: Counted = {}
            least: dict[Place, int] = {}
            for code in reversed(codes[codes.index(first) :]):
                here = known.setdefault((part, code), dict.fromkeys(every))
                falls = any(value is not None and value > least.get(place, value) for place, value in here.items())
                if falls or not self._may_be_part(part, here, later):
                    self._leave_total(here, least.get(self.top))
                elif any(value is not None for value in here.values()):
                    later = here
                least |= {place: value for place, value in here.items() if value is not None}
