"""Figures as a JSON-stat 2.0 dataset: a cube of metric, period, area and the dimensions of the query."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import prod
from typing import TypeVar

from api.figures.query import ResultTooLarge
from api.plan.catalogue import Catalogue
from schema.json_stat import (
    JsonStatCategory,
    JsonStatDataset,
    JsonStatDimension,
    JsonStatExtension,
    JsonStatRole,
    JsonStatUnit,
)
from schema.outcomes import ResolvedPeriod
from schema.released_figures import AnyFigure
from schema.submissions import Status

MAX_CUBE_CELLS = 500_000
ValueT = TypeVar("ValueT")


def build_dataset(
    figures: Sequence[AnyFigure],
    catalogue: Catalogue,
    *,
    categories: dict[str, list[str]],
    resolved: list[ResolvedPeriod],
    release: int | None = None,
) -> JsonStatDataset:
    """Return the cube. Cells without a figure, such as a month of a quarterly measure, are `z`.

    Raises ResultTooLarge.
    """
    edges = _build_edges(figures, categories)
    cells = _CubeCells(edges)
    for figure in figures:
        cells.add(figure)
    return JsonStatDataset(
        version="2.0",
        kind="dataset",
        label=f"{catalogue.plan.title} (sandbox: invented values)" if catalogue.sandbox else catalogue.plan.title,
        id=list(edges),
        size=[len(codes) for codes in edges.values()],
        role=JsonStatRole(time=["period"], geo=["area"], metric=["measure"]),
        dimension=_build_dimensions(edges, figures, catalogue),
        value=cells.values,
        status=cells.index_statuses(),
        extension=_build_extension(cells, catalogue, resolved, release),
    )


def _build_edges(figures: Sequence[AnyFigure], categories: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the codes of each dimension of the cube. Raises ResultTooLarge."""
    periods = sorted((figure.period for figure in figures), key=lambda period: (period.end, period.start))
    edges = {
        "measure": _list_unique(f"{figure.measure}/{figure.series}" for figure in figures),
        "period": _list_unique(period.code for period in periods),
        "area": _list_unique(figure.area for figure in figures),
        **categories,
    }
    size = prod(len(codes) for codes in edges.values())
    if size > MAX_CUBE_CELLS:
        raise ResultTooLarge(f"As a cube the result has {size:,} cells; at most {MAX_CUBE_CELLS:,} are returned.")
    return edges


class _CubeCells:
    """The figure of each cell. A figure without one of the cube's dimensions fills the cells of all its categories."""

    def __init__(self, edges: dict[str, list[str]]) -> None:
        self.positions = {key: position for position, key in enumerate(product(*edges.values()))}
        self.dimensions = list(edges.items())[3:]
        self.figures: list[AnyFigure | None] = [None] * len(self.positions)

    def add(self, figure: AnyFigure) -> None:
        head = (f"{figure.measure}/{figure.series}", figure.period.code, figure.area)
        codes = [
            [figure.breakdown[dimension]] if dimension in figure.breakdown else all_codes
            for dimension, all_codes in self.dimensions
        ]
        for tail in product(*codes):
            self.figures[self.positions[*head, *tail]] = figure

    @property
    def values(self) -> list[float | None]:
        return [None if figure is None else figure.value for figure in self.figures]

    def index_statuses(self) -> dict[str, str]:
        return {
            str(position): status for position, figure in enumerate(self.figures) if (status := _format_status(figure))
        }

    def index_values(self, read: Callable[[AnyFigure], ValueT | None]) -> dict[str, ValueT]:
        """Return the values that `read` finds in the figures, by position."""
        return {
            str(position): value
            for position, figure in enumerate(self.figures)
            if figure is not None and (value := read(figure)) is not None
        }


def _build_extension(
    cells: _CubeCells, catalogue: Catalogue, resolved: list[ResolvedPeriod], release: int | None
) -> JsonStatExtension:
    return JsonStatExtension(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none" if release is None else "release",
        release=release,
        lower_bound=cells.index_values(
            lambda figure: None if figure.lower_bound == figure.value else figure.lower_bound
        ),
        upper_bound=cells.index_values(
            lambda figure: None if figure.upper_bound == figure.value else figure.upper_bound
        ),
        lower=cells.index_values(lambda figure: figure.lower),
        upper=cells.index_values(lambda figure: figure.upper),
        reason=cells.index_values(lambda figure: figure.reason),
        coverage=cells.index_values(lambda figure: figure.coverage),
        resolved=resolved,
    )


def _format_status(figure: AnyFigure | None) -> str:
    if figure is None:
        return Status.NOT_APPLICABLE
    if figure.status is not None:
        return figure.status
    return " ".join(figure.markers)


def _list_unique(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))


def _build_dimensions(
    edges: dict[str, list[str]], figures: Sequence[AnyFigure], catalogue: Catalogue
) -> dict[str, JsonStatDimension]:
    plan = catalogue.plan
    series_by_metric = {
        f"{measure.slug}/{series.slug}": (measure, series) for measure in plan.measures for series in measure.series
    }
    labels = {
        "measure": {
            metric: measure.label if series.headline else f"{measure.label}: {series.title}"
            for metric, (measure, series) in series_by_metric.items()
        },
        "period": {figure.period.code: figure.period.label for figure in figures},
        "area": {code: area.name for code, area in catalogue.areas.items()},
        **{
            dimension.slug: {category.code: category.label for category in dimension.categories}
            for dimension in plan.dimensions
        },
    }
    unit_by_metric = {f"{figure.measure}/{figure.series}": figure.unit for figure in figures}
    titles = {"measure": "Measure", "period": "Period", "area": "Area"}
    titles |= {dimension.slug: dimension.label for dimension in plan.dimensions}
    return {
        name: JsonStatDimension(
            label=titles[name],
            category=JsonStatCategory(
                index={code: position for position, code in enumerate(codes)},
                label={code: labels[name][code] for code in codes},
                unit={code: JsonStatUnit(label=unit_by_metric[code]) for code in codes} if name == "measure" else {},
            ),
        )
        for name, codes in edges.items()
    }
