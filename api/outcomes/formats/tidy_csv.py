"""Figures as a table. The columns are the fields of the figure, the same for every query."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from api.http.csv_text import TableValue
from api.plan.catalogue import Catalogue
from schema.outcomes import PreviewFigure
from schema.released_figures import AnyFigure

LABEL_COLUMNS = ("measure_label", "area_label", "breakdown_label")


def list_columns(catalogue: Catalogue, kind: type[AnyFigure] = PreviewFigure) -> list[str]:
    """Return the column names of `pandas.json_normalize(items, sep="_")`, with a column for each dimension of the plan.

    Lists of structs are one column of JSON. The labels are the last of these columns.
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
    """Return the struct type of a field, optional or not; None for other types and for lists."""
    if isinstance(type_, type) and issubclass(type_, Struct):
        return type_
    if get_origin(type_) is list:
        return None
    return next((struct for inner in get_args(type_) if (struct := _find_struct(inner)) is not None), None)


def build_row(figure: AnyFigure, catalogue: Catalogue, *, labels: bool) -> dict[str, TableValue]:
    """Return the values of one figure by column. Columns without a value may be absent."""
    row = dict(flatten(msgspec.to_builtins(figure), ""))
    if labels:
        categories = {
            (dimension.slug, category.code): category.label
            for dimension in catalogue.plan.dimensions
            for category in dimension.categories
        }
        row["measure_label"] = catalogue.measures[figure.measure].label
        row["area_label"] = catalogue.areas[figure.area].name
        row["breakdown_label"] = ", ".join(categories[item] for item in figure.breakdown.items())
    return row


def flatten(fields: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, TableValue]]:
    """Yield the columns and values of a struct as builtins. Lists of words are one word list, other lists are JSON."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from flatten(cast("dict[str, Any]", value), f"{prefix}{name}_")
        elif isinstance(value, list):
            yield prefix + name, _format_list(cast("list[Any]", value))
        else:
            yield prefix + name, value


def _format_list(items: Sequence[Any]) -> str:
    if all(isinstance(item, str) for item in items):
        return " ".join(items)
    return msgspec.json.encode(items).decode()
