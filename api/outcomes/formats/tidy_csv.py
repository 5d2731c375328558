"""Figures as a table: the columns are the figure's own fields, whatever was asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from api.http import csv_text
from api.http.csv_text import TableValue
from api.plan.catalogue import Catalogue
from schema.outcomes import PreviewFigure
from schema.released_figures import AnyFigure

LABEL_COLUMNS = ("measure_label", "area_label", "breakdown_label")


def list_columns(catalogue: Catalogue, kind: type[AnyFigure] = PreviewFigure) -> list[str]:
    """As `pandas.json_normalize(items, sep="_")` names them, with a column for each dimension of the plan.

    Lists of things that have fields of their own are one column of JSON. The labels come last.
    """
    return [*_list_struct_columns(kind, "", catalogue), *LABEL_COLUMNS]


def _list_struct_columns(kind: type[Struct], prefix: str, catalogue: Catalogue) -> Iterator[str]:
    for field in msgspec.structs.fields(kind):
        inner = _find_struct(field.type)
        if field.name == "breakdown":
            yield from (f"{prefix}breakdown_{dimension.slug}" for dimension in catalogue.plan.dimensions)
        elif inner is not None:
            yield from _list_struct_columns(inner, f"{prefix}{field.name}_", catalogue)
        else:
            yield prefix + field.name


def _find_struct(type_: Any) -> type[Struct] | None:
    """The struct that a field holds, perhaps; None for a list of them."""
    if isinstance(type_, type) and issubclass(type_, Struct):
        return type_
    if get_origin(type_) is list:
        return None
    return next((found for inner in get_args(type_) if (found := _find_struct(inner)) is not None), None)


def build_row(figure: AnyFigure, catalogue: Catalogue, *, labels: bool) -> dict[str, TableValue]:
    """The columns of one figure; those that it has nothing for are not there."""
    found = dict(_flatten(msgspec.to_builtins(figure), ""))
    if labels:
        categories = {(d.slug, c.code): c.label for d in catalogue.plan.dimensions for c in d.categories}
        found["measure_label"] = catalogue.measures[figure.measure].label
        found["area_label"] = catalogue.areas[figure.area].name
        found["breakdown_label"] = ", ".join(categories[item] for item in figure.breakdown.items())
    return found


def _flatten(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, TableValue]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flatten(cast("dict[str, Any]", value), f"{prefix}{name}_")
        elif isinstance(value, list):
            yield prefix + name, _format_list(cast("list[Any]", value))
        else:
            yield prefix + name, value


def _format_list(items: Sequence[Any]) -> str:
    if all(isinstance(item, str) for item in items):
        return " ".join(items)
    return msgspec.json.encode(items).decode()


def write_csv(
    figures: Iterable[AnyFigure], catalogue: Catalogue, *, labels: bool, kind: type[AnyFigure] = PreviewFigure
) -> bytes:
    """`kind` is of the figures, so that the columns stand even where there are none."""
    names = list_columns(catalogue, kind)
    rows = (build_row(figure, catalogue, labels=labels) for figure in figures)
    return csv_text.to_csv(names, ([found.get(name) for name in names] for found in rows))
