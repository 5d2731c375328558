"""What partners send, what stands, and what they are told."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.periods import Period, PeriodCode
from schema.problems import Finding
from schema.words import AreaCode, Instant, Slug

ANSWER = {"frozen": True, "kw_only": True}

# PostgreSQL's bigint would hold more; a count of people beyond 2**53 is a slip, and JSON readers lose it.
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Note = Annotated[str, Meta(max_length=2000)]


class Status(StrEnum):
    """Why there is no number (GSS shorthand)."""

    CONFIDENTIAL = "c"
    NOT_AVAILABLE = "x"
    NOT_APPLICABLE = "z"
    NONE_RECORDED = "w"


class ReturnKind(StrEnum):
    """`data` has figures; `nil` says that there was nothing to count."""

    DATA = "data"
    NIL = "nil"


class Observation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cell: an area and a breakdown, with a count, a numerator and denominator, or the reason for neither."""

    area: AreaCode
    breakdown: Annotated[
        dict[Slug, Slug],
        Meta(
            description="Dimension to category; empty for the total.",
            max_length=2,
            examples=[{"sex": "female", "age-band": "25-34"}],
        ),
    ] = {}
    value: Count | None = None
    numerator: Count | None = None
    denominator: Count | None = None
    lower: Annotated[Count | None, Meta(description="With status `c`: it is at least this.")] = None
    upper: Annotated[Count | None, Meta(description="With status `c`: it is at most this.")] = None
    status: Status | None = None
    note: Note | None = None


class NewReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one organisation says of one measure in one period. It replaces what stood, whole."""

    measure: Slug
    period: PeriodCode
    series: Annotated[
        Slug | None, Meta(description="Which definition; may be left out where partners return only one.")
    ] = None
    service: Slug = "main"
    kind: ReturnKind = ReturnKind.DATA
    observations: list[Observation] = []
    note: Note | None = None


class NewSubmission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One push of one or more returns: all of them are taken, or none."""

    returns: Annotated[list[NewReturn], Meta(min_length=1, max_length=1000)]
    organisation: Annotated[
        Slug | None, Meta(description="For whom; may be left out, as a key belongs to one organisation.")
    ] = None
    confirm_withdrawals: Annotated[
        bool,
        Meta(
            description=(
                "Cells that stand and are not sent again are withdrawn. More than a tenth of a return's cells "
                "are withdrawn only if this is true."
            )
        ),
    ] = False
    note: Note | None = None


class SubmissionOutcome(StrEnum):
    """`unchanged`: all of it stood already, and no revision was made."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"


class Timeliness(StrEnum):
    """When the first return for a period came, by the server's clock."""

    ON_TIME = "on-time"
    TIMELY = "timely"
    LATE = "late"


class Counts(Struct, frozen=True, kw_only=True):
    """Cells. `received` is always `added` + `changed` + `unchanged`."""

    received: int
    added: int
    changed: int
    unchanged: int
    withdrawn: Annotated[int, Meta(description="Cells that stood and were not sent again.")]


class ReturnReport(Struct, frozen=True, kw_only=True):
    """What became of one return of a submission."""

    measure: Slug
    series: Slug
    service: Slug
    period: Period
    outcome: SubmissionOutcome
    revision: Annotated[int, Meta(description="The number of the revision that stands now.")]
    counts: Counts
    timeliness: Timeliness


class Receipt(Struct, frozen=True, kw_only=True):
    """Proof of what was received and when."""

    submission: UUID
    content_sha256: Annotated[str, Meta(description="SHA-256 of the body as it was sent, decompressed.")]
    received_at: Instant


class Report(Struct, frozen=True, kw_only=True):
    """What became of a submission."""

    programme: Slug
    organisation: Slug
    plan_version: int
    outcome: SubmissionOutcome
    receipt: Receipt
    counts: Counts
    returns: list[ReturnReport]
    findings: Annotated[list[Finding], Meta(description="Warnings; a submission with errors is not taken.")]


class StandingReturn(Struct, frozen=True, kw_only=True):
    """A return as it stands, without its cells."""

    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: Period
    kind: ReturnKind
    revision: int
    cells: Annotated[int, Meta(description="How many observations the revision holds.")]
    submission: UUID
    recorded_at: Instant
    note: str | None


class ReturnPage(Struct, frozen=True, kw_only=True):
    """Returns as they stand, by measure, series, service, organisation and period."""

    items: list[StandingReturn]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class ReturnDetail(Struct, frozen=True, kw_only=True):
    """One revision of a return with its cells."""

    standing: StandingReturn
    observations: list[Observation]
