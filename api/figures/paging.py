"""Pages of live figures: which resolved queries a page needs, and which of their figures are on it."""

from collections.abc import Sequence
from itertools import product

from msgspec import Struct

from api.figures.figure_order import FigureOrder
from api.figures.resolution import ResolvedQuery
from api.http.pagination import InvalidCursor
from api.plan.catalogue import Catalogue
from api.statistics import periods
from schema.codes import AreaCode, Slug


class FigureCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The codes of the last figure of a page. `breakdown` is its key, empty for the total."""

    measure: Slug
    series: Slug
    period: str
    area: AreaCode
    breakdown: str


class FigurePage(Struct, frozen=True, kw_only=True):
    """The queries to calculate for a page, and the slice of their figures that is on it."""

    queries: list[ResolvedQuery]
    skipped_figures: int
    figure_count: int
    next_cursor: FigureCursor | None


def select_page(
    queries: Sequence[ResolvedQuery], after: FigureCursor | None, limit: int, catalogue: Catalogue
) -> FigurePage:
    """Return the next `limit` figures after the cursor, even if its figure is gone. Raises InvalidCursor."""
    order = FigureOrder(catalogue)
    start = None if after is None else _cursor_sort_key(after, order)
    positions = [
        (index, _sort_key(query, area, key, order), _make_cursor(query, area, key))
        for index, query in enumerate(queries)
        for area, key in product(query.areas, query.breakdowns)
    ]
    rest = [position for position in positions if start is None or position[1] > start]
    selected = rest[:limit]
    if not selected:
        return FigurePage(queries=[], skipped_figures=0, figure_count=0, next_cursor=None)
    first, last = selected[0][0], selected[-1][0]
    return FigurePage(
        queries=list(queries[first : last + 1]),
        skipped_figures=sum(index == first and key < selected[0][1] for index, key, _ in positions),
        figure_count=len(selected),
        next_cursor=selected[-1][2] if len(rest) > limit else None,
    )


def _sort_key(query: ResolvedQuery, area: str, key: str, order: FigureOrder) -> tuple[object, ...]:
    return order.sort_key(query.measure.slug, query.series.slug, query.period, area, key)


def _make_cursor(query: ResolvedQuery, area: str, key: str) -> FigureCursor:
    code = "" if query.period is None else query.period.code
    return FigureCursor(query.measure.slug, query.series.slug, code, area, key)


def _cursor_sort_key(cursor: FigureCursor, order: FigureOrder) -> tuple[object, ...]:
    try:
        period = periods.parse(cursor.period) if cursor.period else None
        return order.sort_key(cursor.measure, cursor.series, period, cursor.area, cursor.breakdown)
    except (KeyError, ValueError, periods.InvalidPeriodCode) as error:
        raise InvalidCursor("The cursor names a figure that this programme does not have.") from error
