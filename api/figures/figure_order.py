"""The order of figures: by the plan, then by time."""

from api.figures.period_resolution import period_sort_key
from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from schema.periods import Period


class FigureOrder:
    """Sort keys of figures: series in the order of the plan, then period, area and breakdown."""

    def __init__(self, catalogue: Catalogue) -> None:
        plan = catalogue.plan
        self.series_ranks = {
            (measure.slug, series.slug): (measure_rank, series_rank)
            for measure_rank, measure in enumerate(plan.measures)
            for series_rank, series in enumerate(measure.series)
        }
        self.area_ranks = {area.code: rank for rank, area in enumerate(plan.areas)}
        self.category_ranks = {
            (dimension.slug, category.code): rank
            for dimension in plan.dimensions
            for rank, category in enumerate(dimension.categories)
        }
        self.dimension_ranks = {dimension.slug: rank for rank, dimension in enumerate(plan.dimensions)}

    def sort_key(self, measure: str, series: str, period: Period | None, area: str, key: str) -> tuple[object, ...]:
        """Return the sort key of a figure. Raises KeyError if the plan does not have one of the codes."""
        return (
            *self.series_ranks[measure, series],
            period_sort_key(period) if period else (),
            self.area_ranks[area],
            self.breakdown_sort_key(key),
        )

    def breakdown_sort_key(self, key: str) -> list[tuple[int, int]]:
        return sorted((self.dimension_ranks[d], self.category_ranks[d, c]) for d, c in parse_breakdown_key(key).items())
