"""Check cells against the schema of their duty, before anything is sent.

The server checks the rest: periods, parts against totals, and earlier returns. A dry run reports those findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ._generated.models import Finding, NewReturn
from ._spelling.counts import CountFault, read_count, read_value
from ._spelling.marks import Mark, read_mark
from .return_forms import Labels, ReturnForm, ReturnKey
from .tables import NUMBER_COLUMNS, Table, build_finding

if TYPE_CHECKING:
    from ._generated.models import ReturnDetail

KINDS_WITHOUT_CELLS = frozenset({"nil", "withdrawn"})
VALUE_COLUMNS = frozenset({"value", "numerator", "denominator"})
BOUND_COLUMNS = frozenset({"lower", "upper"})


def group_rows_by_return(table: Table, constants: Mapping[str, str | None]) -> dict[ReturnKey, list[int]]:
    """Return the rows of each return, from 0. A constant replaces an empty cell or a missing column."""
    groups: dict[ReturnKey, list[int]] = {}
    columns = [
        [cell or (constants.get(name) or "") for cell in table.iter_column(name)]
        for name in ("measure", "series", "service", "period")
    ]
    for row, values in enumerate(zip(*columns, strict=True)):
        groups.setdefault(ReturnKey(*values), []).append(row)
    return groups


class FindingCollector:
    """Findings of many rows. Equal findings become one that lists all their rows."""

    def __init__(self, row_numbers: list[int], sheets: Sequence[str] = ()) -> None:
        self._row_numbers, self._sheets = row_numbers, sheets
        self._rows: dict[tuple[str, str, str, str, str], dict[int, None]] = {}

    def add(self, row: int, code: str, column: str, actual: str, message: str, fix: str = "") -> None:
        message = f"Sheet {self._sheets[row]}: {message}" if self._sheets else message
        rows = self._rows.setdefault((code, column, actual, message, fix), {})
        rows[self._row_numbers[row]] = None

    def to_findings(self) -> Iterator[Finding]:
        for (code, column, actual, message, fix), rows in self._rows.items():
            yield build_finding(code, message, rows=rows, column=column, actual=actual or None, fix=fix or None)


class _Row(NamedTuple):
    """A row with what its cells are checked against."""

    number: int
    cells: Mapping[str, str]
    form: ReturnForm


def check_cells(
    table: Table, forms: Mapping[ReturnKey, ReturnForm], rows: Mapping[ReturnKey, list[int]], labels: Labels
) -> list[Finding]:
    """Return the findings of all rows whose return has a form."""
    findings = FindingCollector(table.row_numbers, table.sheets)
    dimensions = [name for name in table.columns if name in labels.dimensions]
    for key, form in forms.items():
        for number in rows[key]:
            cells = dict(zip(table.columns, table.rows[number], strict=True))
            if cells.get("kind", "").casefold() in KINDS_WITHOUT_CELLS and not cells.get("area"):
                continue
            row = _Row(number, cells, form)
            _check_area_and_breakdown(findings, row, dimensions, labels)
            _check_numbers(findings, row)
        _check_duplicates(findings, table, rows[key], dimensions)
    return list(findings.to_findings())


def _check_area_and_breakdown(findings: FindingCollector, row: _Row, dimensions: list[str], labels: Labels) -> None:
    area = row.cells.get("area", "")
    breakdown = {name: row.cells[name] for name in dimensions if row.cells[name]}
    if not area:
        message, fix = "The cell of `area` is empty.", "Fill it in, or delete the row."
        findings.add(row.number, "empty-cell", "area", "", message, fix)
        return
    has_known_area = _check_area(findings, row, area, labels)
    has_known_categories = _check_categories(findings, row, breakdown, labels)
    if has_known_area and has_known_categories:
        _check_place(findings, row, area, breakdown)


def _check_area(findings: FindingCollector, row: _Row, area: str, labels: Labels) -> bool:
    if area in row.form.areas:
        return True
    same_name = labels.resolve_area(area, row.form.areas)
    if len(same_name) > 1:
        names = ", ".join(f"{code} ({labels.areas[code]})" for code in same_name)
        message, fix = f"{area} is the name of {len(same_name)} areas.", f"Send the code of one: {names}."
        findings.add(row.number, "ambiguous-area", "area", area, message, fix)
        return False
    nearest = labels.find_nearest_code(area, row.form.areas, labels.areas)
    fix = "The template of the measure lists the areas of your duty."
    if nearest:
        fix = f"Did you mean {nearest} ({labels.areas.get(nearest, nearest)})?"
    findings.add(row.number, "unknown-area", "area", area, f"{area} is not an area of this duty.", fix)
    return False


def _check_categories(findings: FindingCollector, row: _Row, breakdown: Mapping[str, str], labels: Labels) -> bool:
    unknown = {name: category for name, category in breakdown.items() if category not in labels.dimensions[name]}
    for name, category in unknown.items():
        known = labels.dimensions[name]
        nearest = labels.find_nearest_code(category, known, known)
        fix = f"Did you mean {nearest}?" if nearest else f"The categories are {', '.join(known)}."
        message = f"{category} is not a category of {name}."
        findings.add(row.number, "unknown-category", name, category, message, fix)
    return not unknown


def _check_place(findings: FindingCollector, row: _Row, area: str, breakdown: Mapping[str, str]) -> None:
    """Check that the duty collects this breakdown for this area."""
    items = frozenset(breakdown.items())
    if (area, items) in row.form.cells:
        return
    text = " and ".join(f"{name}={category}" for name, category in sorted(items)) or "the total"
    fix = "The template of the measure lists the cells of your duty."
    if items in row.form.breakdowns:
        message = f"{text} is not collected for {area}."
        findings.add(row.number, "area-too-fine", "area", area, message, fix)
    else:
        message = f"{text} is not collected for this measure."
        findings.add(row.number, "breakdown-not-collected", min(breakdown, default="area"), area, message, fix)


def _check_duplicates(findings: FindingCollector, table: Table, rows: list[int], dimensions: list[str]) -> None:
    """Check that a return has each cell once. The finding lists the rows of the cell."""
    names = [name for name in ("area", *dimensions) if name in table.columns]
    indexes = [table.columns.index(name) for name in names]
    places: dict[tuple[str, ...], list[int]] = {}
    for number in rows:
        places.setdefault(tuple(table.rows[number][index] for index in indexes), []).append(number)
    for place, numbers in places.items():
        if len(numbers) > 1 and place[0]:
            cell = ", ".join(text for text in place if text)
            message, fix = f"The cell {cell} occurs {len(numbers)} times.", "Leave one row for each cell."
            for number in numbers:
                findings.add(number, "duplicate-cell", "area", place[0], message, fix)


def _check_numbers(findings: FindingCollector, row: _Row) -> None:
    status = row.cells.get("status", "")
    mark = read_mark(status)
    if status and (mark is None or mark != (mark.status, None, None)):
        message, fix = f"{status} is not a status.", "Use c, x, z or w, or leave the cell empty."
        findings.add(row.number, "unknown-status", "status", status, message, fix)
        return
    filled: set[str] = set()
    for name in NUMBER_COLUMNS:
        text = row.cells.get(name, "")
        if not text:
            continue
        value = read_value(text) if name == "value" else read_count(text)
        if isinstance(value, CountFault):
            fix = value.fix or f"Send {value.expected}."
            findings.add(row.number, value.code, name, text, value.message, fix)
            return
        if isinstance(value, Mark):
            mark = mark or value
        else:
            filled.add(name)
    _check_filled_columns(findings, row, filled, mark.status if mark else "")


def _check_filled_columns(findings: FindingCollector, row: _Row, filled: set[str], status: str) -> None:
    """Check that the row has either its numbers or a status, and bounds only with status c."""
    required = set(row.form.number_columns)
    names = " and ".join(row.form.number_columns)
    if wrong := filled & VALUE_COLUMNS - required:
        column = min(wrong)
        message, fix = f"Returns of this measure have {names}.", f"Leave {column} empty."
        findings.add(row.number, "wrong-value-fields", column, "", message, fix)
    elif status and filled & required:
        message, fix = "A row has either a number or a status.", "Clear one of them."
        findings.add(row.number, "value-and-status", "status", status, message, fix)
    elif not status and not required <= filled:
        message, fix = f"There is no {names}.", "Fill it in, give the reason in `status`, or delete the row."
        findings.add(row.number, "value-missing", min(required - filled), "", message, fix)
    elif status != "c" and (bounds := filled & BOUND_COLUMNS):
        message, fix = "Only a row with status c has bounds.", "Clear the bounds."
        findings.add(row.number, "bounds-without-c", min(bounds), "", message, fix)


def convert_returns_to_table(returns: Iterable[NewReturn]) -> Table:
    """Return the observations as rows, numbered from 1 over the submission, as the server numbers them."""
    observations = [
        (new_return, observation, observation.breakdown.to_dict() if observation.breakdown else {})
        for new_return in returns
        for observation in new_return.observations or []
    ]
    dimensions = list(dict.fromkeys(name for _, _, breakdown in observations for name in breakdown))
    columns = ["measure", "series", "service", "period", "area", *dimensions, *NUMBER_COLUMNS, "status", "note"]
    rows = [
        [
            *(new_return.measure, new_return.series or "", new_return.service or "", new_return.period),
            observation.area,
            *(breakdown.get(name, "") for name in dimensions),
            *(_format_number(getattr(observation, name)) for name in NUMBER_COLUMNS),
            str(observation.status.value) if observation.status else "",
            observation.note or "",
        ]
        for new_return, observation, breakdown in observations
    ]
    return Table("The submission", columns, rows, list(range(1, len(rows) + 1)))


def convert_return_to_csv(detail: ReturnDetail) -> bytes:
    """Return the counts of a return as a CSV file that can be submitted again."""
    summary = detail.summary
    stored = NewReturn(
        measure=summary.measure,
        series=summary.series,
        service=summary.service,
        period=summary.period.code,
        observations=detail.observations,
    )
    table = convert_returns_to_table([stored])
    return (table.add_constant("rounded_to", str(summary.rounded_to)) if summary.rounded_to else table).to_csv()


def _format_number(number: object) -> str:
    return str(number) if isinstance(number, int) else ""
