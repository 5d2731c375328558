"""Figures as a JSON-stat 2.0 dataset: a cube of metric, period, area and the dimensions asked for."""

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
    """What was not asked, as a month of a measure that is returned by the quarter, is `z`. Raises TooMuch."""
    edges = {
        "measure": _list_unique(f"{f.measure}/{f.series}" for f in figures),
        "period": _list_unique(p.code for p in sorted((f.period for f in figures), key=lambda p: (p.end, p.start))),
        "area": _list_unique(f.area for f in figures),
        **categories,
    }
    size = prod(len(codes) for codes in edges.values())
    if size > MAX_CUBE_CELLS:
        raise ResultTooLarge(f"As a cube that is {size:,} cells; at most {MAX_CUBE_CELLS:,} are answered.")
    cells = _CubeCells(edges)
    for figure in figures:
        cells.add(figure)
    return JsonStatDataset(
        version="2.0",
        kind="dataset",
        label=catalogue.plan.title,
        id=list(edges),
        size=[len(codes) for codes in edges.values()],
        role=JsonStatRole(time=["period"], geo=["area"], metric=["measure"]),
        dimension=_build_dimensions(edges, figures, catalogue),
        value=cells.values,
        status=cells.index_statuses(),
        extension=JsonStatExtension(
            programme=catalogue.slug,
            plan_version=catalogue.version,
            protection="none" if release is None else "release",
            release=release,
            lower_bound=cells.index_values(lambda f: None if f.lower_bound == f.value else f.lower_bound),
            upper_bound=cells.index_values(lambda f: None if f.upper_bound == f.value else f.upper_bound),
            lower=cells.index_values(lambda f: f.lower),
            upper=cells.index_values(lambda f: f.upper),
            reason=cells.index_values(lambda f: f.reason),
            coverage=cells.index_values(lambda f: f.coverage),
            resolved=resolved,
        ),
    )


class _CubeCells:
    """The figure behind each cell. One that has no breakdown of the cube stands for all categories there."""

    def __init__(self, edges: dict[str, list[str]]) -> None:
        self.positions = {place: index for index, place in enumerate(product(*edges.values()))}
        self.dimensions = list(edges.items())[3:]
        self.figures: list[AnyFigure | None] = [None] * len(self.positions)

    def add(self, figure: AnyFigure) -> None:
        head = (f"{figure.measure}/{figure.series}", figure.period.code, figure.area)
        codes = [[figure.breakdown[d]] if d in figure.breakdown else every for d, every in self.dimensions]
        for tail in product(*codes):
            self.figures[self.positions[*head, *tail]] = figure

    @property
    def values(self) -> list[float | None]:
        return [None if figure is None else figure.value for figure in self.figures]

    def index_statuses(self) -> dict[str, str]:
        return {str(index): said for index, figure in enumerate(self.figures) if (said := _format_status(figure))}

    def index_values(self, choose: Callable[[AnyFigure], ValueT | None]) -> dict[str, ValueT]:
        return {
            str(index): found
            for index, figure in enumerate(self.figures)
            if figure is not None and (found := choose(figure)) is not None
        }


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
    series = {f"{m.slug}/{s.slug}": (m, s) for m in catalogue.plan.measures for s in m.series}
    called = {
        "measure": {code: m.label if s.headline else f"{m.label}: {s.title}" for code, (m, s) in series.items()},
        "period": {f.period.code: f.period.label for f in figures},
        "area": {code: area.name for code, area in catalogue.areas.items()},
        **{d.slug: {c.code: c.label for c in d.categories} for d in catalogue.plan.dimensions},
    }
    titles = {"measure": "Measure", "period": "Period", "area": "Area"}
    titles |= {dimension.slug: dimension.label for dimension in catalogue.plan.dimensions}
    return {
        name: JsonStatDimension(
            label=titles[name],
            category=JsonStatCategory(
                index={code: place for place, code in enumerate(codes)},
                label={code: called[name][code] for code in codes},
                unit={c: JsonStatUnit(label=series[c][0].unit) for c in codes} if name == "measure" else {},
            ),
        )
        for name, codes in edges.items()
    }
