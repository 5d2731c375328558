"""Reading a source as a table and checking it against the duties of the caller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ._calls import send
from ._generated.api.plan import list_areas, list_dimensions
from ._generated.api.returns import get_template_schema
from .errors import CheckFailed, RequestRejected, WorkHealthError
from .mapping import ColumnMapping
from .mapping_decisions import refuse_open_decisions
from .name_resolution import resolve_names
from .programme_steps import choose_programme
from .repeated_cells import drop_repeated_cells
from .results import CheckResult
from .return_forms import Labels, ReturnForm, ReturnKey
from .sheet_reading import build_joint_table, read_sheets
from .table_checks import check_cells, group_rows_by_return
from .tables import MAX_LISTED_ROWS, SUBMISSION_COLUMNS, Table, Tabular, build_finding
from .unread_sheets import find_unread_sheets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._calls import Steps
    from ._generated.models import Dimension, Finding
    from ._settings import Settings
    from .submit_options import MappingSource, SourceOptions, SubmissionOptions

MAX_FORM_REQUESTS = 60
"""With more returns than this, read the schema of each measure once, not once for each period."""


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """A source as a table, with its programme and the labels of its codes."""

    programme: str
    table: Table
    labels: Labels


def load_source(
    settings: Settings, source: Tabular, options: SourceOptions, submission: SubmissionOptions
) -> Steps[LoadedSource]:
    """Read the source under the columns of the programme. The options come before the constants of the mapping."""
    mapping = to_mapping(options.mapping)
    if mapping is not None:
        refuse_open_decisions(mapping.undecided)
        mapping = _prefer_options(mapping, submission)
    sheets = read_sheets(source, mapping, options.sheet)
    programme = yield from choose_programme(settings, options.programme)
    dimensions = (yield from send(list_dimensions.call(programme))).items
    slugs = [dimension.slug for dimension in dimensions]
    if mapping and (faults := mapping.find_faults([*SUBMISSION_COLUMNS, *slugs])):
        raise WorkHealthError("The mapping is invalid: " + " ".join(faults))
    labels = yield from fetch_labels(programme, dimensions)
    table = build_joint_table(sheets, slugs, labels, submission.period)
    unread = find_unread_sheets(source, [grid.sheet for grid, _ in sheets])
    return LoadedSource(programme, replace(table, warnings=(*table.warnings, *unread), area_names=labels.areas), labels)


def _prefer_options(mapping: ColumnMapping, submission: SubmissionOptions) -> ColumnMapping:
    """Return the mapping without the constants that options replace. One option cannot replace several constants."""
    names = [name for name in ("measure", "period") if getattr(submission, name)]
    for name in names:
        stated = {sheet.constants[name] for sheet in mapping.sheets.values() if name in sheet.constants}
        if len(stated) > 1:
            values = ", ".join(sorted(stated))
            raise WorkHealthError(
                f"The sheets of the mapping have different constants of {name}: {values}. Omit {name}=."
            )
    return mapping.drop_constants(names)


def to_mapping(mapping: MappingSource) -> ColumnMapping | None:
    if mapping is None or isinstance(mapping, ColumnMapping):
        return mapping
    return ColumnMapping.load(mapping) if isinstance(mapping, str | Path) else ColumnMapping.from_document(mapping)


def fetch_labels(programme: str, dimensions: Sequence[Dimension]) -> Steps[Labels]:
    areas = (yield from send(list_areas.call(programme))).items
    return Labels.from_plan(dimensions, {area.code: area.name for area in areas})


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """A table without faults, with codes in place of names, and the rows of each return."""

    table: Table
    rows: dict[ReturnKey, list[int]]


def check_table(
    settings: Settings, source: Tabular, source_options: SourceOptions, options: SubmissionOptions
) -> Steps[CheckResult]:
    """Check the source. Raises `CheckFailed` with every finding."""
    loaded = yield from load_source(settings, source, source_options, options)
    checked = yield from check_rows(loaded, options)
    table = checked.table
    return CheckResult([str(key) for key in checked.rows], len(table.rows), table.account, table.warnings)


def check_rows(loaded: LoadedSource, options: SubmissionOptions, *, resolves: bool = True) -> Steps[CheckedSource]:
    """Check the rows of each return. Raises `CheckFailed` with every finding.

    With `resolves`, the table gets codes in place of the names of areas and the labels of categories.
    """
    table = loaded.table
    constants = {"measure": options.measure, "period": options.period}
    rows_by_return = group_rows_by_return(table, constants)
    findings: list[Finding] = []
    forms: dict[ReturnKey, ReturnForm] = {}
    fetched: dict[tuple[str, ...], ReturnForm | None] = {}
    for key, rows in rows_by_return.items():
        form_key = tuple(key) if len(rows_by_return) <= MAX_FORM_REQUESTS else tuple(key[:3])
        if form_key not in fetched:
            try:
                fetched[form_key] = yield from _fetch_form(loaded.programme, key, options.organisation)
            except RequestRejected as refusal:
                fetched[form_key] = None
                findings += [_locate_finding(finding, table, rows) for finding in refusal.findings]
        if form := fetched[form_key]:
            forms[key] = form
    if resolves:
        table = resolve_names(table, forms, rows_by_return, loaded.labels)
    table, differences = drop_repeated_cells(table, rows_by_return.values(), loaded.labels)
    rows_by_return = group_rows_by_return(table, constants)
    findings += [*differences, *check_cells(table, forms, rows_by_return, loaded.labels)]
    for finding in findings:
        finding.column = table.source_names.get(finding.column, finding.column) if finding.column else finding.column
    if findings:
        raise CheckFailed(f"{table.source} does not match your duties.", findings)
    return CheckedSource(table, rows_by_return)


def _fetch_form(programme: str, key: ReturnKey, organisation: str | None) -> Steps[ReturnForm | None]:
    if not key.measure or not key.period:
        column = "measure" if not key.measure else "period"
        message = f"The cell of `{column}` is empty."
        fix = f"Fill in the column {column}, pass `{column}=`, or add a constant to the mapping file."
        raise CheckFailed("", [build_finding("empty-cell", message, column=column, fix=fix)])
    schema = yield from send(
        get_template_schema.call(
            programme,
            measure=key.measure,
            period=key.period,
            organisation=organisation,
            series=key.series or None,
            service=key.service or None,
        )
    )
    return ReturnForm.from_schema(schema)


def _locate_finding(finding: Finding, table: Table, rows: list[int]) -> Finding:
    """Change a finding about a query parameter to one about the column and rows that the value came from."""
    row_numbers = list(dict.fromkeys(table.row_numbers[row] for row in rows))
    finding.message = f"{table.name_sheets(rows)}{finding.message}"
    finding.column = finding.column or finding.path or None
    finding.path = None
    finding.rows = row_numbers[:MAX_LISTED_ROWS]
    if len(row_numbers) > MAX_LISTED_ROWS:
        finding.row_count = len(row_numbers)
    return finding
