"""What `submit` does, step by step, whichever client takes the steps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from ._core import Call, Content, Settings, Steps, new_idempotency_key, send
from ._generated.api.partners import get_me
from ._generated.api.plan import list_areas, list_dimensions, list_programmes
from ._generated.api.returns import get_template_schema
from ._generated.api.submissions import create_submission, create_submission_csv
from ._generated.models import NewReturn, NewSubmission
from .errors import ApiError, CheckFailed, ConnectionFailed, RequestRejected, WorkHealthError
from .mapping import ColumnMapping
from .reports import IncompleteSubmission, PartResult, PartsResult, SubmissionResult
from .submission_requests import new_submission
from .table_checks import Labels, ReturnForm, ReturnKey, check_cells, convert_returns_to_table, group_rows_by_return
from .tables import SUBMISSION_COLUMNS, Table, Tabular, build_finding, build_table, read_grid

if TYPE_CHECKING:
    from ._generated.models import Finding, SubmissionReport

FIRST_CSV_ROW = 2  # of a CSV file, whose first is the header
MAX_FORM_REQUESTS = 60
"""Beyond so many returns the schema of each measure is asked for once, not once for each period."""
MAX_CHECKED_FILE_BYTES = 64 * 1024 * 1024
MappingSource = ColumnMapping | str | Path | Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionOptions:
    """What is said of a submission as a whole."""

    measure: str | None = None
    period: str | None = None
    organisation: str | None = None
    confirm_withdrawals: bool = False
    justifications: Mapping[str, str] | None = None
    note: str | None = None


def choose_programme(settings: Settings, asked: str | None) -> Steps[str]:
    """The one that is meant: as asked, as set, else the only one that the key opens, else the only real one."""
    if chosen := asked or settings.programme:
        return chosen
    if "Authorization" in settings.headers:
        me = yield from send(get_me.call())
        slugs = list(dict.fromkeys(grant.programme for grant in me.grants))
    else:
        page = yield from send(list_programmes.call())
        slugs = [one.slug for one in page.items if not one.sandbox]
    if len(slugs) == 1:
        return slugs[0]
    raise WorkHealthError(
        f"Which programme? Say `programme=` or set WORK_HEALTH_PROGRAMME: {', '.join(slugs) or 'none'}"
    )


def to_mapping(given: MappingSource) -> ColumnMapping | None:
    if given is None or isinstance(given, ColumnMapping):
        return given
    return ColumnMapping.load(given) if isinstance(given, str | Path) else ColumnMapping.from_document(given)


def read_source(
    settings: Settings,
    source: Tabular,
    programme: str | None,
    given: MappingSource,
    sheet: str | None,
) -> Steps[tuple[str, Table, Labels]]:
    """The programme, the table, and what its codes are called."""
    mapping = to_mapping(given)
    cells = read_grid(source, sheet=sheet or (mapping.sheet if mapping else None))
    where = yield from choose_programme(settings, programme)
    dimensions = (yield from send(list_dimensions.call(where))).items
    named = [one.slug for one in dimensions]
    if mapping and (wrong := mapping.find_faults([*SUBMISSION_COLUMNS, *named])):
        raise WorkHealthError("The mapping cannot be used: " + " ".join(wrong))
    made = build_table(cells, named, mapping)
    areas = (yield from send(list_areas.call(where))).items
    return where, made, Labels.from_plan(dimensions, {one.code: one.name for one in areas})


def check_rows(
    programme: str,
    made: Table,
    labels: Labels,
    envelope: SubmissionOptions,
) -> Steps[dict[ReturnKey, list[int]]]:
    """Which rows are of which return. Raises `CheckFailed` with every finding."""
    said = {"measure": envelope.measure, "period": envelope.period}
    rows = group_rows_by_return(made, said)
    findings: list[Finding] = []
    forms: dict[ReturnKey, ReturnForm] = {}
    asked: dict[tuple[str, ...], ReturnForm | None] = {}
    for duty, concerned in rows.items():
        key = tuple(duty) if len(rows) <= MAX_FORM_REQUESTS else tuple(duty[:3])
        if key not in asked:
            try:
                asked[key] = yield from _fetch_form(programme, duty, envelope.organisation)
            except RequestRejected as refusal:
                asked[key] = None
                findings += [_locate_finding(one, [made.row_numbers[n] for n in concerned]) for one in refusal.findings]
        if form := asked[key]:
            forms[duty] = form
    findings += check_cells(made, forms, rows, labels)
    for one in findings:
        one.column = made.source_names.get(one.column, one.column) if one.column else one.column
    if findings:
        raise CheckFailed(f"{made.source}: not what is owed.", findings)
    return rows


def check_table(
    settings: Settings,
    source: Tabular,
    programme: str | None,
    mapping: MappingSource,
    sheet: str | None,
    envelope: SubmissionOptions,
) -> Steps[list[str]]:
    where, made, labels = yield from read_source(settings, source, programme, mapping, sheet)
    return [str(duty) for duty in (yield from check_rows(where, made, labels, envelope))]


def _fetch_form(programme: str, duty: ReturnKey, organisation: str | None) -> Steps[ReturnForm | None]:
    if not duty.measure or not duty.period:
        missing = "measure" if not duty.measure else "period"
        hint = f"Fill in the column {missing}, or say `{missing}=` or a constant in the mapping file."
        raise CheckFailed("", [_build_missing_finding(missing, hint)])
    schema = yield from send(
        get_template_schema.call(
            programme,
            measure=duty.measure,
            period=duty.period,
            organisation=organisation,
            series=duty.series or None,
            service=duty.service or None,
        )
    )
    return ReturnForm.from_schema(schema)


def _build_missing_finding(column: str, fix: str) -> Finding:
    return build_finding("empty-cell", f"The cell of `{column}` is empty.", column=column, fix=fix)


def _locate_finding(one: Finding, rows: list[int]) -> Finding:
    """A finding on a parameter, told of the rows that it came from."""
    one.column = one.column or one.path or None
    one.path = None
    one.rows = rows[:1000]
    if len(rows) > 1000:
        one.row_count = len(rows)
    return one


def submit_source(
    settings: Settings,
    source: Tabular | NewReturn | NewSubmission | Iterable[NewReturn],
    *,
    programme: str | None,
    mapping: MappingSource,
    sheet: str | None,
    envelope: SubmissionOptions,
    check: bool,
    dry_run: bool,
    dry_run_token: str | None,
    idempotency_key: str | None,
    raise_if_rejected: bool,
) -> Steps[SubmissionResult]:
    if isinstance(source, Iterator):
        source = cast("list[NewReturn]", list(source))
    push = to_submission(source, envelope)
    made: Table | None = None
    try:
        if push is not None:
            call = yield from _prepare_json_call(
                settings, push, programme, check, dry_run, dry_run_token, idempotency_key
            )
        else:
            tabular = cast(Tabular, source)
            call, made = yield from _prepare_csv_call(
                settings, tabular, programme, mapping, sheet, envelope, check, dry_run, dry_run_token, idempotency_key
            )
        report = yield from send(call)
    except RequestRejected as refusal:
        _renumber_findings(refusal.findings, made)
        if raise_if_rejected:
            raise
        return SubmissionResult(None, refusal, made.warnings if made else ())
    _renumber_findings(report.findings, made)
    return SubmissionResult(report, None, made.warnings if made else ())


def _prepare_csv_call(
    settings: Settings,
    source: Tabular,
    programme: str | None,
    mapping: MappingSource,
    sheet: str | None,
    envelope: SubmissionOptions,
    check: bool,
    dry_run: bool,
    dry_run_token: str | None,
    key: str | None,
) -> Steps[tuple[Call[SubmissionReport], Table | None]]:
    if mapping is None and (path := _find_large_csv(source)):
        where = yield from choose_programme(settings, programme)
        return build_csv_call(where, path, envelope, dry_run, dry_run_token, key), None
    where, made, labels = yield from read_source(settings, source, programme, mapping, sheet)
    if check:
        yield from check_rows(where, made, labels, envelope)
    content = (_read_unmodified(source) if made.is_unmodified else None) or made.to_csv()
    return build_csv_call(where, content, envelope, dry_run, dry_run_token, key), made


def _find_large_csv(source: Tabular) -> Path | None:
    """A CSV file that is streamed as it is: too large to be held here and looked at."""
    if not isinstance(source, str | Path) or Path(source).suffix.lower() != ".csv":
        return None
    path = Path(source)
    return path if path.is_file() and path.stat().st_size > MAX_CHECKED_FILE_BYTES else None


def _read_unmodified(source: Tabular) -> Content | None:
    """The bytes themselves, so that the receipt's hash is that of the file."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".csv":
        return Path(source).read_bytes()
    return None


def build_csv_call(
    programme: str,
    content: Content,
    envelope: SubmissionOptions,
    dry_run: bool,
    dry_run_token: str | None,
    key: str | None,
) -> Call[SubmissionReport]:
    return create_submission_csv.call(
        programme,
        content=content,
        dry_run=dry_run or None,
        dry_run_token=dry_run_token,
        measure=envelope.measure,
        period=envelope.period,
        organisation=envelope.organisation,
        confirm_withdrawals=envelope.confirm_withdrawals or None,
        justification=[f"{one}:{said}" for one, said in (envelope.justifications or {}).items()] or None,
        note=envelope.note,
        idempotency_key=key,
    )


def _prepare_json_call(
    settings: Settings,
    push: NewSubmission,
    programme: str | None,
    check: bool,
    dry_run: bool,
    dry_run_token: str | None,
    key: str | None,
) -> Steps[Call[SubmissionReport]]:
    where = yield from choose_programme(settings, programme)
    made = convert_returns_to_table(push.returns)
    if check and made.rows:
        dimensions = (yield from send(list_dimensions.call(where))).items
        areas = (yield from send(list_areas.call(where))).items
        labels = Labels.from_plan(dimensions, {one.code: one.name for one in areas})
        yield from check_rows(where, made, labels, SubmissionOptions(organisation=push.organisation or None))
    return create_submission.call(
        where, submission=push, dry_run=dry_run or None, dry_run_token=dry_run_token, idempotency_key=key
    )


def to_submission(source: object, envelope: SubmissionOptions) -> NewSubmission | None:
    """Returns as they are sent in JSON; None for what is a table."""
    if isinstance(source, NewSubmission):
        return source
    if isinstance(source, NewReturn):
        source = [source]
    if not isinstance(source, list | tuple) or not source:
        return None
    returns = cast("list[object] | tuple[object, ...]", source)
    if not isinstance(returns[0], NewReturn):
        return None
    return new_submission(
        *cast("list[NewReturn]", list(returns)),
        organisation=envelope.organisation,
        confirm_withdrawals=envelope.confirm_withdrawals,
        justifications=envelope.justifications,
        note=envelope.note,
    )


def _renumber_findings(findings: Iterable[Finding], made: Table | None) -> None:
    """The rows and columns of what was sent, told as those of the source."""
    if made is None or made.is_unmodified:
        return
    for one in findings:
        one.column = made.source_names.get(one.column, one.column) if one.column else one.column
        if one.rows:
            one.rows = [_source_row(row - FIRST_CSV_ROW, made, row) for row in one.rows]


def _source_row(place: int, made: Table, row: int) -> int:
    return made.row_numbers[place] if 0 <= place < len(made.row_numbers) else row


def submit_parts(
    settings: Settings,
    source: Tabular,
    *,
    programme: str | None,
    mapping: MappingSource,
    sheet: str | None,
    envelope: SubmissionOptions,
    rows_per_part: int,
    journal: Path | None,
    on_progress: Callable[[PartsResult], object] | None,
) -> Steps[PartsResult]:
    """Whole returns, `rows` rows or a little more in each submission, with a journal of what is done."""
    if rows_per_part < 1:
        raise ValueError("rows should be 1 or more")
    where, made, labels = yield from read_source(settings, source, programme, mapping, sheet)
    returns = yield from check_rows(where, made, labels, envelope)
    if journal is None and isinstance(source, str | Path):
        journal = Path(f"{source}.progress.json")
    pieces = _plan_parts(returns, rows_per_part)
    record = _Journal(journal, made, pieces, where, envelope)
    done: list[PartResult] = []
    for number, piece in enumerate(pieces):
        part = record.find_completed(number) or (
            yield from _submit_part(where, made, piece, envelope, record.idempotency_key(number), done, pieces)
        )
        done.append(part)
        record.record(number, part)
        if on_progress is not None:
            on_progress(PartsResult(tuple(done)))
    parts = PartsResult(tuple(done))
    if parts.remaining:
        raise IncompleteSubmission(parts)
    record.remove()
    return parts


PlannedPart = tuple[tuple[str, ...], list[int]]


def _submit_part(
    programme: str,
    made: Table,
    piece: PlannedPart,
    envelope: SubmissionOptions,
    key: str,
    done: list[PartResult],
    pieces: list[PlannedPart],
) -> Steps[PartResult]:
    names, rows = piece
    try:
        report = yield from send(build_csv_call(programme, made.to_csv(rows), envelope, False, None, key))
    except RequestRejected as refusal:
        inner = replace(made, rows=[], row_numbers=[made.row_numbers[n] for n in rows], is_unmodified=False)
        _renumber_findings(refusal.findings, inner)
        return PartResult(names, len(rows), "rejected", refusal=refusal)
    except (ApiError, ConnectionFailed) as error:
        left = [PartResult(names, len(rows), "not-sent") for names, rows in pieces[len(done) :]]
        raise IncompleteSubmission(PartsResult((*done, *left))) from error
    return PartResult(names, len(rows), str(report.outcome), report.receipt.submission if report.receipt else None)


def _plan_parts(returns: Mapping[ReturnKey, list[int]], most: int) -> list[PlannedPart]:
    pieces: list[PlannedPart] = []
    for duty, rows in returns.items():
        if pieces and len(pieces[-1][1]) + len(rows) <= most:
            names, together = pieces[-1]
            pieces[-1] = ((*names, str(duty)), [*together, *rows])
        else:
            pieces.append(((str(duty),), list(rows)))
    return pieces


class _Journal:
    """Which parts of which content are done, and under which name they were sent.

    A part that was on its way when all broke off is sent again under the same Idempotency-Key: it is done once. A name
    is made anew for each run, so that content that was sent once and changed since can be sent again.
    """

    def __init__(
        self, path: Path | None, made: Table, pieces: list[PlannedPart], programme: str, envelope: SubmissionOptions
    ) -> None:
        said = repr((programme, envelope, [rows for _, rows in pieces])).encode() + made.to_csv()
        self._path, self._parts = path, pieces
        self._content_sha256 = hashlib.sha256(said).hexdigest()
        found = _read_journal(path)
        if found.get("content") == self._content_sha256:
            self._run_id = str(found["run"])
            self._completed = cast("dict[str, dict[str, Any]]", found.get("done", {}))
        else:
            self._run_id, self._completed = new_idempotency_key(), {}
            self._write_file()

    def idempotency_key(self, number: int) -> str:
        return f"{self._run_id}-{number}"

    def find_completed(self, number: int) -> PartResult | None:
        found = self._completed.get(str(number))
        if found is None:
            return None
        names, rows = self._parts[number]
        return PartResult(names, len(rows), str(found["outcome"]), UUID(str(found["submission"])))

    def record(self, number: int, part: PartResult) -> None:
        if part.is_committed and part.submission:
            self._completed[str(number)] = {
                "outcome": part.outcome,
                "submission": str(part.submission),
                "returns": part.returns,
            }
            self._write_file()

    def remove(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write_file(self) -> None:
        if self._path is None:
            return
        text = json.dumps({"content": self._content_sha256, "run": self._run_id, "done": self._completed}, indent=1)
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text(text)
        beside.replace(self._path)


def _read_journal(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    try:
        found: object = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
