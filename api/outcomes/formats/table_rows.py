"""Comparators as rows of a table, and the compact columns."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from api.http import csv_text
from api.http.csv_text import TableValue
from api.outcomes.formats.tidy_csv import build_row, flatten, list_columns
from api.plan.catalogue import Catalogue
from schema.outcomes import Comparator
from schema.released_figures import AnyFigure, PublishedFigure
from schema.table_rows import CompactRow, RowRole

ROLE_COLUMNS = ("role", "comparator_of", "verdict", "verdict_confidence", "verdict_method")
_FIGURE_COLUMNS = ("measure", "series", "kind", "unit", "release", "policy_version", "measure_label", "breakdown_label")
"""The fields that a comparator shares with its figure, in the full columns, next to the period and the breakdown."""


def list_full_columns(catalogue: Catalogue, kind: type[AnyFigure]) -> list[str]:
    """Return the columns of the tidy CSV. Those of the role are last, so that earlier columns keep their place."""
    return [*list_columns(catalogue, kind), *ROLE_COLUMNS]


def write_full_table(
    figures: Iterable[AnyFigure],
    catalogue: Catalogue,
    *,
    kind: type[AnyFigure],
    labels: bool = False,
    with_comparators: bool = False,
) -> bytes:
    """Return all columns as CSV. `kind` is the type of the figures, which determines the columns."""
    names = list_full_columns(catalogue, kind)
    rows = (
        row
        for figure in figures
        for row in _list_full_rows(figure, catalogue, labels=labels, with_comparators=with_comparators)
    )
    return csv_text.to_csv(names, ([row.get(name) for name in names] for row in rows))


def _list_full_rows(
    figure: AnyFigure, catalogue: Catalogue, *, labels: bool, with_comparators: bool
) -> Iterator[dict[str, TableValue]]:
    row = build_row(figure, catalogue, labels=labels)
    yield row | {"role": RowRole.FIGURE}
    shared = {
        name: value
        for name, value in row.items()
        if name in _FIGURE_COLUMNS or name.startswith(("period_", "breakdown_"))
    }
    for comparator in figure.comparators if with_comparators else ():
        yield shared | _describe_comparator(figure, comparator) | ({"area_label": comparator.name} if labels else {})


def _describe_comparator(figure: AnyFigure, comparator: Comparator) -> dict[str, TableValue]:
    return {
        "role": RowRole.COMPARATOR,
        "comparator_of": figure.area,
        "area": comparator.area,
        "value": comparator.value,
        "reason": comparator.reason,
        "verdict": comparator.verdict,
        "verdict_confidence": comparator.confidence,
        "verdict_method": comparator.method,
    }


def build_compact_rows(
    figures: Iterable[AnyFigure], catalogue: Catalogue, *, with_comparators: bool
) -> list[CompactRow]:
    """Return a row for each figure, followed by those of its comparators if the reader wants them."""
    labels = {
        (dimension.slug, category.code): category.label
        for dimension in catalogue.plan.dimensions
        for category in dimension.categories
    }
    rows: list[CompactRow] = []
    for figure in figures:
        row = CompactRow(
            role=RowRole.FIGURE,
            comparator_of=None,
            measure=figure.measure,
            measure_label=catalogue.measures[figure.measure].label,
            series=figure.series,
            period=figure.period.code,
            period_label=figure.period.label,
            area=figure.area,
            area_label=catalogue.areas[figure.area].name,
            breakdown=" ".join(":".join(item) for item in figure.breakdown.items()),
            breakdown_label=", ".join(labels[item] for item in figure.breakdown.items()),
            value=figure.value,
            lower_bound=figure.lower_bound,
            upper_bound=figure.upper_bound,
            lower=figure.lower,
            upper=figure.upper,
            error_95=figure.error_95 if isinstance(figure, PublishedFigure) else None,
            unit=figure.unit,
            status=figure.status,
            markers=figure.markers,
            reason=figure.reason,
            complete=figure.complete,
        )
        rows.append(row)
        if with_comparators:
            rows += [_build_comparator_row(row, comparator) for comparator in figure.comparators]
    return rows


def _build_comparator_row(row: CompactRow, comparator: Comparator) -> CompactRow:
    return msgspec.structs.replace(
        row,
        role=RowRole.COMPARATOR,
        comparator_of=row.area,
        area=comparator.area,
        area_label=comparator.name,
        value=comparator.value,
        lower_bound=None,
        upper_bound=None,
        lower=None,
        upper=None,
        error_95=None,
        status=None,
        markers=[],
        reason=comparator.reason,
        complete=None,
        verdict=comparator.verdict,
        verdict_confidence=comparator.confidence,
        verdict_method=comparator.method,
    )


def write_compact_table(rows: Sequence[CompactRow]) -> bytes:
    """Return the rows as CSV, with the fields of the struct as columns."""
    names = CompactRow.__struct_fields__
    flat = (dict(flatten(msgspec.to_builtins(row), "")) for row in rows)
    return csv_text.to_csv(names, ([row.get(name) for name in names] for row in flat))
