"""Figures as a JSON-stat 2.0 dataset: a cube of metric, period, area and the dimensions asked for."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import prod
from typing import TypeVar

from api.figures.query import TooMuch
from api.plan.catalogue import Catalogue
from schema.outcomes import Resolved
from schema.reading import (
    JsonStatCategory,
    JsonStatDataset,
    JsonStatDimension,
    JsonStatExtension,
    JsonStatRole,
    JsonStatUnit,
)
from schema.releases import AnyFigure
from schema.submissions import Status

MOST = 500_000
ToldT = TypeVar("ToldT")


def dataset(
    figures: Sequence[AnyFigure],
    catalogue: Catalogue,
    *,
    categories: dict[str, list[str]],
    resolved: list[Resolved],
    release: int | None = None,
) -> JsonStatDataset:
    """What was not asked, as a month of a measure that is returned by the quarter, is `z`. Raises TooMuch."""
    edges = {
        "measure": _each(f"{f.measure}/{f.series}" for f in figures),
        "period": _each(p.code for p in sorted((f.period for f in figures), key=lambda p: (p.end, p.start))),
        "area": _each(f.area for f in figures),
        **categories,
    }
    size = prod(len(codes) for codes in edges.values())
    if size > MOST:
        raise TooMuch(f"As a cube that is {size:,} cells; at most {MOST:,} are answered.")
    cells = _Cells(edges)
    for figure in figures:
        cells.put(figure)
    return JsonStatDataset(
        version="2.0",
        kind="dataset",
        label=catalogue.plan.title,
        id=list(edges),
        size=[len(codes) for codes in edges.values()],
        role=JsonStatRole(time=["period"], geo=["area"], metric=["measure"]),
        dimension=_dimensions(edges, figures, catalogue),
        value=cells.value,
        status=cells.status(),
        extension=JsonStatExtension(
            programme=catalogue.slug,
            plan_version=catalogue.version,
            protection="none" if release is None else "release",
            release=release,
            lower_bound=cells.told(lambda f: None if f.lower_bound == f.value else f.lower_bound),
            upper_bound=cells.told(lambda f: None if f.upper_bound == f.value else f.upper_bound),
            lower=cells.told(lambda f: f.lower),
            upper=cells.told(lambda f: f.upper),
            reason=cells.told(lambda f: f.reason),
            coverage=cells.told(lambda f: f.coverage),
            resolved=resolved,
        ),
    )


class _Cells:
    """The figure behind each cell. One that has no breakdown of the cube stands for all categories there."""

    def __init__(self, edges: dict[str, list[str]]) -> None:
        self.places = {place: index for index, place in enumerate(product(*edges.values()))}
        self.dimensions = list(edges.items())[3:]
        self.behind: list[AnyFigure | None] = [None] * len(self.places)

    def put(self, figure: AnyFigure) -> None:
        head = (f"{figure.measure}/{figure.series}", figure.period.code, figure.area)
        codes = [[figure.breakdown[d]] if d in figure.breakdown else every for d, every in self.dimensions]
        for tail in product(*codes):
            self.behind[self.places[*head, *tail]] = figure

    @property
    def value(self) -> list[float | None]:
        return [None if figure is None else figure.value for figure in self.behind]

    def status(self) -> dict[str, str]:
        return {str(index): said for index, figure in enumerate(self.behind) if (said := _status(figure))}

    def told(self, of: Callable[[AnyFigure], ToldT | None]) -> dict[str, ToldT]:
        return {
            str(index): found
            for index, figure in enumerate(self.behind)
            if figure is not None and (found := of(figure)) is not None
        }


def _status(figure: AnyFigure | None) -> str:
    if figure is None:
        return Status.NOT_APPLICABLE
    if figure.status is not None:
        return figure.status
    return " ".join(figure.markers)


def _each(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))


def _dimensions(
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
