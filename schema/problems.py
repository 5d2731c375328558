"""The one shape of every refusal (RFC 9457), and of every finding in it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class Severity(StrEnum):
    """Whether a finding stops the submission."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check found, where, and how to mend it."""

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
            description=("The observations concerned, counted from 1 over the whole submission; at most 1,000 of them.")
        ),
    ] = []
    row_count: Annotated[int | None, Meta(description="How many rows there are, where more than listed.")] = None
    expected: Annotated[str | None, Meta(description="What would have been right.")] = None
    actual: Annotated[str | None, Meta(description="What was sent.")] = None
    hint: Annotated[str | None, Meta(description="How to mend it.")] = None


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457). Nothing was written."""

    type: Annotated[str, Meta(description="A page that explains it.", examples=["/errors/rejected"])]
    title: Annotated[str, Meta(examples=["The submission has errors."])]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(examples=["1 error. Nothing was written."])]
    request_id: Annotated[str | None, Meta(description="Quote it when you ask for help.")] = None
    errors: list[Finding] = []
