"""Map the header of a CSV file to columns."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from api.plan.suggestions import suggest_codes
from api.spelling.names import is_well_formed_code
from api.submissions.reading.faults import Fault, Faults
from api.submissions.reading.limits import MAX_EXPLAINED_COLUMNS

RETURN_COLUMNS = ("measure", "series", "service", "period", "kind", "base_revision", "return_note", "rounded_to")
KNOWN_COLUMNS = (
    "measure",
    "series",
    "service",
    "period",
    "area",
    "value",
    "numerator",
    "denominator",
    "lower",
    "upper",
    "status",
    "note",
    "kind",
    "base_revision",
    "return_note",
    "rounded_to",
)
LABEL_SUFFIX = "-label"  # of a normalised name; such columns explain a code and are ignored


class Header(Struct, frozen=True, kw_only=True):
    """The columns of a file, by position."""

    names: Sequence[str]  # as written in the file
    positions: Mapping[str, int]  # by the column's own name
    unnamed_positions: Sequence[int]

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def min_width(self) -> int:
        """How many cells a row needs to have every known column."""
        return max([*self.positions.values(), -1]) + 1

    def name_in_file(self, column: str) -> str:
        return self.names[self.positions[column]]


def map_header(
    names: Sequence[str],
    row: int,
    dimensions: Sequence[str],
    parameters: Mapping[str, str | None],
    faults: Faults,
) -> Header:
    """Return the header. `parameters` has the measure and the period of the request, or None."""
    columns = [match_column(name, dimensions) for name in names]
    positions: dict[str, int] = {}
    unnamed_positions: list[int] = []
    if not any(columns):
        fault = Fault(code="header-missing", message="The first row does not name any column.")
        faults.add(fault, rows=[row], actual=", ".join(names))
        return Header(names=names, positions=positions, unnamed_positions=unnamed_positions)
    unknown_count = 0
    for index, (name, column) in enumerate(zip(names, columns, strict=True)):
        if not name.strip():
            unnamed_positions.append(index)
        elif column in positions:
            fault = Fault(code="repeated-column", message=f"There are two columns for {column}.")
            faults.add(fault, rows=[row], column=name)
        elif column is not None:
            positions[column] = index
        elif not _is_label_column(name):
            unknown_count += 1
            is_explained = unknown_count <= MAX_EXPLAINED_COLUMNS
            faults.add(_unknown_column_fault(name, dimensions, is_explained=is_explained), rows=[row], column=name)
    for name in _required_columns(positions, parameters):
        if name not in positions:
            faults.add(Fault(code="column-missing", message=f"There is no column {name}."), rows=[row], column=name)
    return Header(names=names, positions=positions, unnamed_positions=unnamed_positions)


def _required_columns(positions: Mapping[str, int], parameters: Mapping[str, str | None]) -> list[str]:
    required = [name for name in ("measure", "period") if parameters[name] is None]
    if "kind" not in positions:
        required.append("area")
        if not {"value", "numerator", "status"} & set(positions):
            required.append("value")
    return required


def get_column_matcher(dimensions: Sequence[str]) -> Callable[[str], str | None]:
    """Return a function from a name in a file to the column that it means, or None."""
    columns = _column_by_name(tuple(dimensions))
    return lambda name: columns.get(_normalise(name))


def match_column(name: str, dimensions: Sequence[str]) -> str | None:
    """Return the column that a name in the file means. Upper case, spaces and underscores do not matter."""
    return _column_by_name(tuple(dimensions)).get(_normalise(name))


@lru_cache(maxsize=64)
def _column_by_name(dimensions: tuple[str, ...]) -> dict[str, str]:
    return {_normalise(column): column for column in (*dimensions, *KNOWN_COLUMNS)}


def has_cells_in_header(names: Sequence[str], dimensions: Sequence[str]) -> bool:
    """Return True if a header has codes or numbers among its columns, as that of a file without line breaks has."""
    columns = [match_column(name, dimensions) for name in names]
    return any(columns) and any(
        name.strip() and is_well_formed_code(name) and not column for name, column in zip(names, columns, strict=True)
    )


def _is_label_column(name: str) -> bool:
    return _normalise(name).endswith(LABEL_SUFFIX)


def _unknown_column_fault(name: str, dimensions: Sequence[str], *, is_explained: bool) -> Fault:
    columns = [*KNOWN_COLUMNS, *dimensions]
    suggestion = suggest_codes(_normalise(name), columns) if is_explained else None
    return Fault(
        code="unknown-column",
        message="The column is not known.",
        fix=suggestion or f"The columns are {', '.join(columns)}.",
    )


def _normalise(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().casefold())
