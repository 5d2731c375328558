"""Problem details (RFC 9457) and findings: the one form of every error response."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.periods import PeriodCode


class Severity(StrEnum):
    """An error rejects the submission, a warning does not. A justification turns a justifiable error into a warning."""

    ERROR = "error"
    WARNING = "warning"


class CellName(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The name of a cell of a return. Without `area` it names the return as a whole."""

    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    area: AreaCode | None = None
    breakdown: dict[str, str] = {}


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of a check: the fault, its location and the fix."""

    id: Annotated[
        str | None,
        Meta(
            description="The id that a justification names. It stays the same for the same fault in the same figures.",
            examples=["3f9a1c20b7d4"],
        ),
    ] = None
    code: Annotated[str, Meta(description="Stable; `/errors/{code}` explains it.", examples=["unknown-area"])]
    severity: Severity
    message: Annotated[str, Meta(examples=["E06000019 is not an area of this programme."])]
    path: Annotated[
        str | None,
        Meta(description="A JSON pointer to the first occurrence.", examples=["/returns/0/period"]),
    ] = None
    rows: Annotated[
        list[int],
        Meta(
            description=(
                "The rows concerned, at most 1,000. In JSON, observations are counted from 1 over the submission. "
                "In CSV and NDJSON, it is the number of the line; the first line is 1."
            )
        ),
    ] = []
    row_count: Annotated[int | None, Meta(description="How many rows there are, if more than are listed.")] = None
    column: Annotated[str | None, Meta(description="The CSV column or the JSON field.", examples=["area"])] = None
    cell: Annotated[CellName | None, Meta(description="The cell, if the finding is about a single one.")] = None
    expected: Annotated[str | None, Meta(description="The expected value.")] = None
    actual: Annotated[str | None, Meta(description="The value that was sent.")] = None
    fix: Annotated[str | None, Meta(description="How to fix it.")] = None
    justifiable: Annotated[
        bool, Meta(description="True if a justification that names this finding lets the submission pass.")
    ] = False
    justification: Annotated[str | None, Meta(description="The justification that the submission gives.")] = None


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457). Nothing was written."""

    type: Annotated[str, Meta(description="A page that explains the error.", examples=["/errors/rejected"])]
    title: Annotated[str, Meta(examples=["The submission has errors."])]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(examples=["1 error. Nothing was written."])]
    request_id: Annotated[str | None, Meta(description="Quote it when you ask for help.")] = None
    errors: list[Finding] = []
