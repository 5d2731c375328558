"""The returns that both parts of a gap have, so that it compares the same sources."""

from collections.abc import Sequence

from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import ReturnsData
from api.figures.roll_up_cells import ReturnName, name_return, roll_up_cells
from api.plan.catalogue import Catalogue
from schema.measures import RATIO_KINDS, Operation


class CommonReturns(Struct, frozen=True, kw_only=True):
    """The returns that the parts of a gap have in common in one cell, to which their figures are limited."""

    names: frozenset[ReturnName]
    sources_left_out: int
    """The sources with a return of one part only."""


def find_common_returns(query: ResolvedQuery, data: ReturnsData, catalogue: Catalogue) -> list[CommonReturns] | None:
    """Return the common returns of each cell of a difference of two ratios; None for any other formula."""
    formula, parts = query.series.formula, query.formula_inputs
    if formula is None or formula.operation is not Operation.DIFFERENCE:
        return None
    if any(part.reason or part.measure.kind not in RATIO_KINDS for part in parts):
        return None
    results = [roll_up_cells(part, data.cells, catalogue) for part in parts]
    names_by_cell = zip(
        *([frozenset(map(name_return, result.revisions)) for result in of_part] for of_part in results), strict=True
    )
    [cadence, *others] = [(part.measure.cadence.period_type, part.measure.cadence.months) for part in parts]
    has_same_periods = all(other == cadence for other in others)
    return [_intersect(names, has_same_periods=has_same_periods) for names in names_by_cell]


def _intersect(names_by_part: Sequence[frozenset[ReturnName]], *, has_same_periods: bool) -> CommonReturns:
    """Return the returns that all parts have. If they have different periods, compare sources only.

    A part without any return has no value, which needs no limit.
    """
    length = 3 if has_same_periods else 2
    every = frozenset[ReturnName]().union(*names_by_part)
    if not all(names_by_part):
        return CommonReturns(names=every, sources_left_out=0)
    keys = [frozenset(name[:length] for name in names) for names in names_by_part]
    common = keys[0].intersection(*keys[1:])
    names = frozenset(name for name in every if name[:length] in common)
    return CommonReturns(names=names, sources_left_out=len({name[:2] for name in every - names}))
