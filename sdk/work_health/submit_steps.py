"""What `submit` does, step by step, whichever client takes the steps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from ._core import Call, Content, Settings, Steps, ask, new_key
from ._generated.api.partners import get_me
from ._generated.api.plan import list_areas, list_dimensions, list_programmes
from ._generated.api.returns import get_template_schema
from ._generated.api.submissions import create_submission, create_submission_csv
from ._generated.models import NewReturn, NewSubmission
from .errors import ApiError, ConnectionFailed, NotSent, Rejected, WorkHealthError
from .mapping import ColumnMapping
from .reports import Part, PartlySubmitted, Parts, Submitted
from .submission_requests import new_submission
from .table_checks import Duty, Form, Labels, duties, faults, table_of_returns
from .tables import COLUMNS, Table, Tabular, finding, grid, table

if TYPE_CHECKING:
    from ._generated.models import Finding, Report

FIRST_ROW = 2  # of a CSV file, whose first is the header
ASKED_FORMS = 60
"""Beyond so many returns the schema of each measure is asked for once, not once for each period."""
LARGEST_TO_CHECK = 64 * 1024 * 1024
Mapped = ColumnMapping | str | Path | Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is said of a submission as a whole."""

    measure: str | None = None
    period: str | None = None
    organisation: str | None = None
    confirm_withdrawals: bool = False
    justifications: Mapping[str, str] | None = None
    note: str | None = None


def the_programme(settings: Settings, asked: str | None) -> Steps[str]:
    """The one that is meant: as asked, as set, else the only one that the key opens, else the only real one."""
    if chosen := asked or settings.programme:
        return chosen
    if "Authorization" in settings.headers:
        me = yield from ask(get_me.call())
        slugs = list(dict.fromkeys(grant.programme for grant in me.grants))
    else:
        page = yield from ask(list_programmes.call())
        slugs = [one.slug for one in page.items if not one.sandbox]
    if len(slugs) == 1:
        return slugs[0]
    raise WorkHealthError(
        f"Which programme? Say `programme=` or set WORK_HEALTH_PROGRAMME: {', '.join(slugs) or 'none'}"
    )


def as_mapping(given: Mapped) -> ColumnMapping | None:
    if given is None or isinstance(given, ColumnMapping):
        return given
    return ColumnMapping.load(given) if isinstance(given, str | Path) else ColumnMapping.of(given)


def read(
    settings: Settings,
    source: Tabular,
    programme: str | None,
    given: Mapped,
    sheet: str | None,
) -> Steps[tuple[str, Table, Labels]]:
    """The programme, the table, and what its codes are called."""
    mapping = as_mapping(given)
    cells = grid(source, sheet=sheet or (mapping.sheet if mapping else None))
    where = yield from the_programme(settings, programme)
    dimensions = (yield from ask(list_dimensions.call(where))).items
    named = [one.slug for one in dimensions]
    if mapping and (wrong := mapping.faults([*COLUMNS, *named])):
        raise WorkHealthError("The mapping cannot be used: " + " ".join(wrong))
    made = table(cells, named, mapping)
    areas = (yield from ask(list_areas.call(where))).items
    return where, made, Labels.of(dimensions, {one.code: one.name for one in areas})


def checking(
    programme: str,
    made: Table,
    labels: Labels,
    envelope: Envelope,
) -> Steps[dict[Duty, list[int]]]:
    """Which rows are of which return. Raises `NotSent` with every finding."""
    said = {"measure": envelope.measure, "period": envelope.period}
    rows = duties(made, said)
    findings: list[Finding] = []
    forms: dict[Duty, Form] = {}
    asked: dict[tuple[str, ...], Form | None] = {}
    for duty, concerned in rows.items():
        key = tuple(duty) if len(rows) <= ASKED_FORMS else tuple(duty[:3])
        if key not in asked:
            try:
                asked[key] = yield from _form(programme, duty, envelope.organisation)
            except Rejected as refusal:
                asked[key] = None
                findings += [_placed(one, [made.numbers[n] for n in concerned]) for one in refusal.findings]
        if form := asked[key]:
            forms[duty] = form
    findings += faults(made, forms, rows, labels)
    for one in findings:
        one.column = made.called.get(one.column, one.column) if one.column else one.column
    if findings:
        raise NotSent(f"{made.source}: not what is owed.", findings)
    return rows


def looking(
    settings: Settings,
    source: Tabular,
    programme: str | None,
    mapping: Mapped,
    sheet: str | None,
    envelope: Envelope,
) -> Steps[list[str]]:
    where, made, labels = yield from read(settings, source, programme, mapping, sheet)
    return [str(duty) for duty in (yield from checking(where, made, labels, envelope))]


def _form(programme: str, duty: Duty, organisation: str | None) -> Steps[Form | None]:
    if not duty.measure or not duty.period:
        missing = "measure" if not duty.measure else "period"
        hint = f"Fill in the column {missing}, or say `{missing}=` or a constant in the mapping file."
        raise NotSent("", [_missing(missing, hint)])
    schema = yield from ask(
        get_template_schema.call(
            programme,
            measure=duty.measure,
            period=duty.period,
            organisation=organisation,
            series=duty.series or None,
            service=duty.service or None,
        )
    )
    return Form.of(schema)


def _missing(column: str, hint: str) -> Finding:
    return finding("cell-missing", f"The cell of `{column}` is empty.", column=column, hint=hint)


def _placed(one: Finding, rows: list[int]) -> Finding:
    """A finding on a parameter, told of the rows that it came from."""
    one.column = one.column or one.path or None
    one.path = None
    one.rows = rows[:1000]
    if len(rows) > 1000:
        one.row_count = len(rows)
    return one


def submitting(
    settings: Settings,
    source: Tabular | NewReturn | NewSubmission | Iterable[NewReturn],
    *,
    programme: str | None,
    mapping: Mapped,
    sheet: str | None,
    envelope: Envelope,
    check: bool,
    dry_run: bool,
    preview_token: str | None,
    idempotency_key: str | None,
    raise_if_rejected: bool,
) -> Steps[Submitted]:
    if isinstance(source, Iterator):
        source = cast("list[NewReturn]", list(source))
    push = as_submission(source, envelope)
    made: Table | None = None
    try:
        if push is not None:
            call = yield from _json_call(settings, push, programme, check, dry_run, preview_token, idempotency_key)
        else:
            tabular = cast(Tabular, source)
            call, made = yield from _csv_call(
                settings, tabular, programme, mapping, sheet, envelope, check, dry_run, preview_token, idempotency_key
            )
        report = yield from ask(call)
    except Rejected as refusal:
        _renumber(refusal.findings, made)
        if raise_if_rejected:
            raise
        return Submitted(None, refusal, made.warnings if made else ())
    _renumber(report.findings, made)
    return Submitted(report, None, made.warnings if made else ())


def _csv_call(
    settings: Settings,
    source: Tabular,
    programme: str | None,
    mapping: Mapped,
    sheet: str | None,
    envelope: Envelope,
    check: bool,
    dry_run: bool,
    preview_token: str | None,
    key: str | None,
) -> Steps[tuple[Call[Report], Table | None]]:
    if mapping is None and (path := _large(source)):
        where = yield from the_programme(settings, programme)
        return csv_call(where, path, envelope, dry_run, preview_token, key), None
    where, made, labels = yield from read(settings, source, programme, mapping, sheet)
    if check:
        yield from checking(where, made, labels, envelope)
    content = (_as_it_is(source) if made.as_it_is else None) or made.csv()
    return csv_call(where, content, envelope, dry_run, preview_token, key), made


def _large(source: Tabular) -> Path | None:
    """A CSV file that is streamed as it is: too large to be held here and looked at."""
    if not isinstance(source, str | Path) or Path(source).suffix.lower() != ".csv":
        return None
    path = Path(source)
    return path if path.is_file() and path.stat().st_size > LARGEST_TO_CHECK else None


def _as_it_is(source: Tabular) -> Content | None:
    """The bytes themselves, so that the receipt's hash is that of the file."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | Path) and Path(source).suffix.lower() == ".csv":
        return Path(source).read_bytes()
    return None


def csv_call(
    programme: str,
    content: Content,
    envelope: Envelope,
    dry_run: bool,
    preview_token: str | None,
    key: str | None,
) -> Call[Report]:
    return create_submission_csv.call(
        programme,
        content=content,
        dry_run=dry_run or None,
        preview_token=preview_token,
        measure=envelope.measure,
        period=envelope.period,
        organisation=envelope.organisation,
        confirm_withdrawals=envelope.confirm_withdrawals or None,
        justification=[f"{one}:{said}" for one, said in (envelope.justifications or {}).items()] or None,
        note=envelope.note,
        idempotency_key=key,
    )


def _json_call(
    settings: Settings,
    push: NewSubmission,
    programme: str | None,
    check: bool,
    dry_run: bool,
    preview_token: str | None,
    key: str | None,
) -> Steps[Call[Report]]:
    where = yield from the_programme(settings, programme)
    made = table_of_returns(push.returns)
    if check and made.rows:
        dimensions = (yield from ask(list_dimensions.call(where))).items
        areas = (yield from ask(list_areas.call(where))).items
        labels = Labels.of(dimensions, {one.code: one.name for one in areas})
        yield from checking(where, made, labels, Envelope(organisation=push.organisation or None))
    return create_submission.call(
        where, submission=push, dry_run=dry_run or None, preview_token=preview_token, idempotency_key=key
    )


def as_submission(source: object, envelope: Envelope) -> NewSubmission | None:
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


def _renumber(findings: Iterable[Finding], made: Table | None) -> None:
    """The rows and columns of what was sent, told as those of the source."""
    if made is None or made.as_it_is:
        return
    for one in findings:
        one.column = made.called.get(one.column, one.column) if one.column else one.column
        if one.rows:
            one.rows = [_of_source(row - FIRST_ROW, made, row) for row in one.rows]


def _of_source(place: int, made: Table, row: int) -> int:
    return made.numbers[place] if 0 <= place < len(made.numbers) else row


def in_parts(
    settings: Settings,
    source: Tabular,
    *,
    programme: str | None,
    mapping: Mapped,
    sheet: str | None,
    envelope: Envelope,
    rows: int,
    journal: Path | None,
    on_progress: Callable[[Parts], object] | None,
) -> Steps[Parts]:
    """Whole returns, `rows` rows or a little more in each submission, with a journal of what is done."""
    if rows < 1:
        raise ValueError("rows should be 1 or more")
    where, made, labels = yield from read(settings, source, programme, mapping, sheet)
    returns = yield from checking(where, made, labels, envelope)
    if journal is None and isinstance(source, str | Path):
        journal = Path(f"{source}.progress.json")
    pieces = _pieces(returns, rows)
    record = _Journal(journal, made, pieces, where, envelope)
    done: list[Part] = []
    for number, piece in enumerate(pieces):
        part = record.done(number) or (yield from _part(where, made, piece, envelope, record.key(number), done, pieces))
        done.append(part)
        record.write(number, part)
        if on_progress is not None:
            on_progress(Parts(tuple(done)))
    parts = Parts(tuple(done))
    if parts.left:
        raise PartlySubmitted(parts)
    record.close()
    return parts


Piece = tuple[tuple[str, ...], list[int]]


def _part(
    programme: str, made: Table, piece: Piece, envelope: Envelope, key: str, done: list[Part], pieces: list[Piece]
) -> Steps[Part]:
    names, rows = piece
    try:
        report = yield from ask(csv_call(programme, made.csv(rows), envelope, False, None, key))
    except Rejected as refusal:
        inner = replace(made, rows=[], numbers=[made.numbers[n] for n in rows], as_it_is=False)
        _renumber(refusal.findings, inner)
        return Part(names, len(rows), "rejected", refusal=refusal)
    except (ApiError, ConnectionFailed) as error:
        left = [Part(names, len(rows), "not-sent") for names, rows in pieces[len(done) :]]
        raise PartlySubmitted(Parts((*done, *left))) from error
    return Part(names, len(rows), str(report.outcome), report.receipt.submission if report.receipt else None)


def _pieces(returns: Mapping[Duty, list[int]], most: int) -> list[Piece]:
    pieces: list[Piece] = []
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

    def __init__(self, path: Path | None, made: Table, pieces: list[Piece], programme: str, envelope: Envelope) -> None:
        said = repr((programme, envelope, [rows for _, rows in pieces])).encode() + made.csv()
        self._path, self._pieces = path, pieces
        self._content = hashlib.sha256(said).hexdigest()
        found = _document(path)
        if found.get("content") == self._content:
            self._run = str(found["run"])
            self._done = cast("dict[str, dict[str, Any]]", found.get("done", {}))
        else:
            self._run, self._done = new_key(), {}
            self._save()

    def key(self, number: int) -> str:
        return f"{self._run}-{number}"

    def done(self, number: int) -> Part | None:
        found = self._done.get(str(number))
        if found is None:
            return None
        names, rows = self._pieces[number]
        return Part(names, len(rows), str(found["outcome"]), UUID(str(found["submission"])))

    def write(self, number: int, part: Part) -> None:
        if part.committed and part.submission:
            self._done[str(number)] = {
                "outcome": part.outcome,
                "submission": str(part.submission),
                "returns": part.returns,
            }
            self._save()

    def close(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _save(self) -> None:
        if self._path is None:
            return
        text = json.dumps({"content": self._content, "run": self._run, "done": self._done}, indent=1)
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text(text)
        beside.replace(self._path)


def _document(path: Path | None) -> dict[str, Any]:
    if path is None or not path.exists():
        return {}
    try:
        found: object = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
