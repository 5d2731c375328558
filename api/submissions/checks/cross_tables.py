"""Tier 4: the tables of a return must be possible together: some group of people must have all its counts.

Ward by sex, ward by age, and city by age and sex can agree in pairs and still have no people behind them. Tables that
form no such cycle need no check, because agreement in pairs is then enough (Beeri and others, On the desirability of
acyclic database schemes, 1983).
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.scope_members import PROTECTED_KINDS, list_members
from api.plan.scope_shapes import list_scope_areas, make_shape
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contradictions import find_contradicting_tables
from api.statistics.disclosure.lattice import Lattice, Node, Table
from api.submissions.cell_columns import MISSING, Cells, Column, Mask, look_up_numbers
from api.submissions.checks.findings import Findings
from api.submissions.revisions import IdentifiedReturn
from schema.measures import RATIO_KINDS, Measure, Series

SUM_CODES = frozenset({"sum-exceeds-total", "sum-below-total", "categories-missing", "part-exceeds-total"})
"""A return with such a finding already states that its tables do not agree."""
_AREA = "area"
_PERIOD = "return"


class MeasureTables(Struct, frozen=True, kw_only=True, eq=False):
    """The tables of a measure that form a cycle, and the node of each cell."""

    lattice: Lattice
    node_by_cell: dict[int, int]
    """By area and breakdown, as one number, the node of each cell; for a ratio, of its numerator."""


def check_cross_tables(
    cells: Cells, slices: Sequence[slice], returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Check each return whose tables form a cycle. `slices` has the rows of each return's cells.

    Rounded counts need not agree, so their tables are not checked.
    """
    known_faults = findings.list_returns(SUM_CODES)
    for item, (submitted, rows) in enumerate(zip(returns, slices, strict=True)):
        tables = _build_tables(catalogue, submitted.measure.slug, submitted.series.slug)
        if tables is None or item in known_faults or rows.start == rows.stop or submitted.submitted.rounded_to:
            continue
        own = cells.slice_rows(rows)
        nodes = look_up_numbers(own.area << 32 | own.breakdown, tables.node_by_cell)
        counts, present = _read_counts(tables, own, nodes, submitted.measure)
        for table in find_contradicting_tables(tables.lattice, counts, present):
            involved = np.isin(nodes, _list_nodes(tables.lattice, table))
            findings.add(
                "impossible-tables",
                f"No group of people has all these counts: the table by {' and '.join(table.dimensions)} contradicts "
                "the other tables of the return.",
                rows=np.flatnonzero(involved) + rows.start,
                cell=submitted.cell_name(catalogue.plan.area, {}),
                id_detail=" ".join((table.part or "", *table.dimensions)),
            )


@lru_cache(maxsize=128)
def _build_tables(catalogue: Catalogue, measure_slug: str, series_slug: str) -> MeasureTables | None:
    """Return the tables of a series; None if they form no cycle."""
    measure = catalogue.measures[measure_slug]
    series = next(one for one in measure.series if one.slug == series_slug)
    if measure.kind not in PROTECTED_KINDS or not list_scope_areas(measure, catalogue):
        return None
    return _index_tables(measure, series, catalogue)


def _index_tables(measure: Measure, series: Series, catalogue: Catalogue) -> MeasureTables | None:
    shape = make_shape(list_members(measure, series, [], catalogue), catalogue, {_PERIOD: (_PERIOD,)})
    if is_acyclic([{*table.dimensions, *([_AREA] if table.level else [])} for table in shape.tables]):
        return None
    lattice = build_lattice(shape)
    own_part = measure.slug if measure.kind in RATIO_KINDS else None
    node_by_cell = {
        key: node
        for node, one in enumerate(lattice.nodes)
        if one.part == own_part and (key := _number_node(one, catalogue)) is not None
    }
    return MeasureTables(lattice=lattice, node_by_cell=node_by_cell)


def is_acyclic(tables: Sequence[set[str]]) -> bool:
    """Return True if tables that agree in pairs agree together (the reduction of Graham, Yu and Özsoyoğlu)."""
    edges = [set(table) for table in tables]
    while True:
        before = [set(edge) for edge in edges]
        for edge in edges:
            edge -= {name for name in edge if sum(name in other for other in edges) == 1}
        edges = [
            edge
            for at, edge in enumerate(edges)
            if edge and not any(edge < other or (edge == other and at < i) for i, other in enumerate(edges))
        ]
        if edges == before:
            return not edges


def _number_node(node: Node, catalogue: Catalogue) -> int | None:
    breakdown = catalogue.ids.breakdowns.get(format_breakdown_key(dict(node.breakdown)))
    return None if breakdown is None else catalogue.ids.areas[node.place] << 32 | breakdown


def _read_counts(tables: MeasureTables, cells: Cells, nodes: Column, measure: Measure) -> tuple[Column, Mask]:
    """Return the count of each node, and which nodes have one. A confidential cell has none."""
    size = tables.lattice.size
    counts, present = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    columns = [(nodes, cells.value)]
    if measure.kind in RATIO_KINDS:
        columns = [(nodes, cells.numerator), (tables.lattice.whole[nodes], cells.denominator)]
    for ids, numbers in columns:
        is_known = (nodes != MISSING) & (numbers != MISSING)
        counts[ids[is_known]], present[ids[is_known]] = numbers[is_known], True
    return counts, present


def _list_nodes(lattice: Lattice, table: Table) -> Column:
    """Return the nodes of a table, or for a table of denominators those of its numerators."""
    return np.concatenate([grid.ids.ravel() for grid in lattice.grids if grid.table.dimensions == table.dimensions])
