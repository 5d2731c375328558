"""The one shape of every refusal (RFC 9457), and of every finding in it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.periods import PeriodCode
from schema.words import AreaCode, Slug


class Severity(StrEnum):
    """Whether a finding stops the submission. An error that can be justified becomes a warning once it is."""

    ERROR = "error"
    WARNING = "warning"


class CellName(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which figure of which return; without `area`, the return as a whole."""

    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    area: AreaCode | None = None
    breakdown: dict[str, str] = {}


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check found, where, and how to mend it."""

    id: Annotated[
        str | None,
        Meta(
            description="The same for the same fault of the same figures: what a justification names.",
            examples=["3f9a1c20b7d4"],
        ),
    ] = None
    code: Annotated[str, Meta(description="Stable; `/errors/{code}` explains it.", examples=["unknown-area"])]
    severity: Severity
    message: Annotated[str, Meta(examples=["E06000019 is not an area of this programme."])]
    path: Annotated[
        str | None,
        Meta(description="A JSON pointer to the first place it was found.", examples=["/returns/0/period"]),
    ] = None
    rows: Annotated[
        list[int],
        Meta(
            description=(
                "The observations concerned, at most 1,000 of them: in JSON counted from 1 over the whole submission, "
                "in CSV and NDJSON the line that a spreadsheet or editor shows, the first line being 1."
            )
        ),
    ] = []
    row_count: Annotated[int | None, Meta(description="How many rows there are, where more than listed.")] = None
    column: Annotated[str | None, Meta(description="The CSV column or the field.", examples=["area"])] = None
    cell: Annotated[CellName | None, Meta(description="The figure concerned, where it is one.")] = None
    expected: Annotated[str | None, Meta(description="What would have been right.")] = None
    actual: Annotated[str | None, Meta(description="What was sent.")] = None
    fix: Annotated[str | None, Meta(description="How to fix it.")] = None
    justifiable: Annotated[
        bool, Meta(description="A `justification` that names this finding lets the submission pass.")
    ] = False
    justification: Annotated[str | None, Meta(description="The justification that was given.")] = None


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457). Nothing was written."""

    type: Annotated[str, Meta(description="A page that explains it.", examples=["/errors/rejected"])]
    title: Annotated[str, Meta(examples=["The submission has errors."])]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(examples=["1 error. Nothing was written."])]
    request_id: Annotated[str | None, Meta(description="Quote it when you ask for help.")] = None
    errors: list[Finding] = []
