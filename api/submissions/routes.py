"""Submit and withdraw returns."""

import hashlib
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.access.authentication import key_security, require_key, require_scope
from api.access.programme_access import ProgrammeAccess
from api.http.bodies import (
    CSV_MEDIA_TYPE,
    MAX_FILE_BYTES,
    MAX_JSON_BYTES,
    NDJSON_MEDIA_TYPE,
    StreamedFile,
    TypedRequest,
    decode_json,
)
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs, response_specs
from api.http.refusals import NotFound
from api.http.threads import run_in_thread_if_large
from api.submissions.envelope import build_envelope
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.queries_record import fetch_report
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.json_parts import LARGE_BODY_BYTES, JsonPartsReader
from api.submissions.reading.json_reader import parse_fast
from api.submissions.reading.ndjson_reader import NdjsonReader
from api.submissions.routes_pipeline import SubmissionRequest, submission_request
from schema.partners import Scope
from schema.submission_reports import SubmissionReport
from schema.submissions import MAX_NOTE_CHARACTERS, NewReturn, NewSubmission, ReturnKind, Withdrawal

PreviewToken = Annotated[str | None, QueryParameter(pattern="^[0-9a-f]{64}$")]
BYTES_PER_CELL = 50  # about, in a file
JSON_MEMORY_FACTOR = 5  # of the memory that a JSON body needs, decoded and checked, to its size
ROW_MEMORY_BYTES = 100  # of a row of a file, with the arrays of its checks
READ_CHUNK_BYTES = 512 * 1024  # read at once, so that not every network packet starts a thread
SUBMISSION_REFUSALS = refusal_specs(401, 403, 404, 409, 410, 413, 415, 422)


@post(
    "/programmes/{programme:str}/submissions",
    operation_id="create_submission",
    summary="Submit returns as JSON",
    guards=[require_key],
    security=key_security(Scope.SUBMIT),
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
    request_max_body_size=MAX_JSON_BYTES,
)
async def create_submission(
    request: TypedRequest,
    submission_request: NamedDependency[SubmissionRequest],
    dry_run_token: PreviewToken = None,
) -> Response[bytes]:
    """All returns are accepted, with status 201 and a receipt, or all are rejected, with status 422 and every finding.

    A return replaces its current revision as a whole. A return with the same content makes no new revision. A dry run
    has the same report, but writes nothing.
    """
    with submission_request.open_upload() as upload:
        request.on_received = lambda received_bytes: upload.grow_to(received_bytes * JSON_MEMORY_FACTOR)
        body = await request.json_body()
        upload.grow_to(len(body) * JSON_MEMORY_FACTOR)
        content, sha256 = await run_in_thread_if_large(len(body) // BYTES_PER_CELL, lambda: _parse_body(body))
        return await submission_request.process("create_submission", content, sha256, dry_run_token=dry_run_token)


def _parse_body(body: bytes) -> tuple[ParsedSubmission, bytes]:
    """Return the submission and the hash of the body."""
    if len(body) > LARGE_BODY_BYTES:
        content = JsonPartsReader().read(body)
    else:
        content = parse_fast(body) or to_columns(decode_json(NewSubmission, body))
    return content, hashlib.sha256(body).digest()


@post(
    "/programmes/{programme:str}/submissions/csv",
    operation_id="create_submission_csv",
    summary="Submit a CSV file",
    guards=[require_key],
    security=key_security(Scope.SUBMIT),
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
    request_max_body_size=MAX_FILE_BYTES,
)
async def create_submission_csv(
    request: Request[Any, Any, Any],
    submission_request: NamedDependency[SubmissionRequest],
    dry_run_token: PreviewToken = None,
    measure: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    confirm_withdrawals: FromQuery[bool] = False,
    justification: FromQuery[list[str] | None] = None,
    note: Annotated[str | None, QueryParameter(max_length=MAX_NOTE_CHARACTERS)] = None,
) -> Response[bytes]:
    """Submit a tidy file of up to 1 GB, plain or gzip, with one row for each cell. The checks are those of JSON.

    Columns, in any order: `measure`, `series`, `service`, `period`, `area`, one for each dimension, `value` or
    `numerator` and `denominator`, `lower`, `upper`, `status` and `note`. The columns `kind`, `base_revision` and
    `return_note` describe the whole return of the row. An empty dimension means the total. `[c]` in `value` is a
    status. Columns whose name ends in `_label` are ignored. The template of a measure has the rows that you owe.
    """
    envelope = build_envelope(
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=justification or [],
        note=note,
    )
    file = StreamedFile(request, CSV_MEDIA_TYPE)
    catalogue = submission_request.access.catalogue
    reader = CsvReader(
        list(catalogue.dimensions),
        envelope,
        measure=measure,
        period=period,
        cadences={slug: each.cadence for slug, each in catalogue.measures.items()},
        charset=file.charset,
    )
    return await _process_file(file, request, submission_request, reader, CSV_MEDIA_TYPE, dry_run_token)


@post(
    "/programmes/{programme:str}/submissions/ndjson",
    operation_id="create_submission_ndjson",
    summary="Submit an NDJSON file",
    guards=[require_key],
    security=key_security(Scope.SUBMIT),
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
    request_max_body_size=MAX_FILE_BYTES,
)
async def create_submission_ndjson(
    request: Request[Any, Any, Any],
    submission_request: NamedDependency[SubmissionRequest],
    dry_run_token: PreviewToken = None,
) -> Response[bytes]:
    """Submit a file of up to 1 GB with one JSON object in each line. The checks are those of JSON.

    The first line is the submission without its observations. Each further line is an observation. Its `return` is the
    position of its return in the first line, counted from 0.
    """
    file = StreamedFile(request, NDJSON_MEDIA_TYPE)
    return await _process_file(file, request, submission_request, NdjsonReader(), NDJSON_MEDIA_TYPE, dry_run_token)


async def _process_file(
    file: StreamedFile,
    request: Request[Any, Any, Any],
    submission_request: SubmissionRequest,
    reader: CsvReader | NdjsonReader,
    media_type: str,
    dry_run_token: str | None,
) -> Response[bytes]:
    chunk = bytearray()
    with submission_request.open_upload() as upload:
        async for piece in file:
            chunk += piece
            if len(chunk) >= READ_CHUNK_BYTES:
                await run_in_thread_if_large(file.byte_count // BYTES_PER_CELL, partial(reader.feed, bytes(chunk)))
                # All bytes can belong to notes, which stay in memory as texts.
                upload.grow_to(file.byte_count + reader.row_count * ROW_MEMORY_BYTES)
                chunk.clear()
        reader.feed(bytes(chunk))
        content = await run_in_thread_if_large(file.byte_count // BYTES_PER_CELL, reader.finish)
        # The query of a CSV request is its envelope, so it belongs to the content of the request.
        request_sha256 = hashlib.sha256(file.sha256 + request.url.query.encode()).digest()
        return await submission_request.process(
            f"create_submission {media_type}",
            content,
            file.sha256,
            request_sha256=request_sha256,
            dry_run_token=dry_run_token,
        )


@get(
    "/programmes/{programme:str}/submissions/{submission:uuid}",
    operation_id="get_submission",
    summary="Get a submission report",
    guards=[require_key],
    security=key_security(Scope.SUBMIT, Scope.READ, Scope.REVIEW),
    responses=refusal_specs(401, 403, 404),
)
async def get_submission(access: NamedDependency[ProgrammeAccess], submission: FromPath[UUID]) -> SubmissionReport:
    """Return the report and receipt as they were sent. Redacting the content removes findings and changes."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    report = await fetch_report(
        access.transaction, access.catalogue, submission, organisations=access.readable_organisations
    )
    if report is None:
        raise NotFound("There is no such submission, or you cannot read it. Its receipt has the id.")
    await access.record_read({"submission": str(submission), "organisation": report.organisation})
    return report


@post(
    f"{RETURN_PATH}/withdrawal",
    operation_id="withdraw_return",
    summary="Withdraw a return",
    guards=[require_scope(Scope.SUBMIT)],
    security=key_security(Scope.SUBMIT),
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
)
async def withdraw_return(
    request: Request[Any, Any, Any],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    data: JSONBody[Withdrawal],
    submission_request: NamedDependency[SubmissionRequest],
) -> Response[bytes]:
    """The return then counts as not received. Its earlier revisions remain readable."""
    withdrawal = NewReturn(
        measure=measure,
        period=period,
        series=series,
        service=service,
        kind=ReturnKind.WITHDRAWN,
        base_revision=data.base_revision,
        note=data.reason,
    )
    content = to_columns(NewSubmission(returns=[withdrawal], organisation=organisation, confirm_withdrawals=True))
    operation = f"withdraw_return {organisation} {measure} {series} {service} {period}"
    return await submission_request.process(operation, content, hashlib.sha256(await request.body()).digest())


router = Router(
    "/v1",
    route_handlers=[
        create_submission,
        create_submission_csv,
        create_submission_ndjson,
        get_submission,
        withdraw_return,
    ],
    dependencies={"submission_request": Provide(submission_request)},
    tags=["Submissions"],
)
