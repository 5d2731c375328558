"""Find the tables of a return that cannot all be true of the same people.

Tables can agree in pairs and have no people behind them: ward by sex, ward by age, and city by age and sex.
"""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.lattice import Lattice, NodeGrid, Table
from api.statistics.disclosure.linear_programs import RepeatedProgram, stack_rows
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray


class PeriodTable(Struct, frozen=True, kw_only=True, eq=False):
    """The nodes of a table in one period."""

    table: Table
    """With the period, if the table has several."""
    nodes: IntArray


def list_tables(lattice: Lattice) -> list[PeriodTable]:
    """Return the tables of each period, the coarsest first: by number of dimensions, wholes before their parts."""
    order = sorted(lattice.grids, key=lambda grid: (len(grid.codes), grid.table.part is not None))
    return [table for grid in order for table in _split_by_period(grid)]


def find_contradicting_tables(lattice: Lattice, counts: IntArray, present: BoolArray) -> list[Table]:
    """Return the tables to leave out so that people exist who have all other counts.

    Tables are added from the coarsest to the finest; each that contradicts those before it is left out. A table of
    several periods is judged in each of them. Counts that are not present may have any value.
    """
    return [one.table for one in find_contradictions(lattice, counts, present)]


def find_contradictions(lattice: Lattice, counts: IntArray, present: BoolArray) -> list[PeriodTable]:
    """Return the tables of `find_contradicting_tables` with their nodes."""
    people = _People(lattice)
    if people.can_have(counts, present):
        return []
    left_out, kept = list[PeriodTable](), np.zeros_like(present)
    for table in list_tables(lattice):
        tried = kept.copy()
        tried[table.nodes] = present[table.nodes]
        if (tried == kept).all():
            continue
        if people.can_have(counts, tried):
            kept = tried
        else:
            left_out.append(table)
    return left_out


class _People:
    """The program that searches people with given counts. Fractions of people are allowed."""

    def __init__(self, lattice: Lattice) -> None:
        self.atoms, self.nodes = lattice.atoms, lattice.whole.size
        columns = self.atoms + self.nodes
        self.program = RepeatedProgram(stack_rows(lattice.equations, lattice.identities), columns)
        self.nothing = np.zeros(columns)

    def can_have(self, counts: IntArray, present: BoolArray) -> bool:
        least, most = np.zeros(self.nothing.size), np.full(self.nothing.size, np.inf)
        nodes = np.flatnonzero(present)
        least[self.atoms + nodes] = most[self.atoms + nodes] = counts[nodes]
        self.program.set_bounds(least, most)
        return self.program.solve(self.nothing) is not None


def _split_by_period(grid: NodeGrid) -> Iterator[PeriodTable]:
    ids = np.moveaxis(grid.ids, -2, 0)
    for index, period in enumerate(grid.periods):
        table = replace(grid.table, periods=(period,)) if len(grid.periods) > 1 else grid.table
        yield PeriodTable(table=table, nodes=ids[index].ravel())
