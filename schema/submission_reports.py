"""The report on a submission: its receipt, the result for each return, findings, changes and effects."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import AreaCode, Instant, Slug
from schema.periods import Period
from schema.problems import CellName, Finding
from schema.submissions import Status


class SubmissionOutcome(StrEnum):
    """`unchanged`: the content is the same as the current revision, so no new revision was made."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"


class Timeliness(StrEnum):
    """When the first return for a period was received, by the server's clock."""

    ON_TIME = "on-time"
    GRACE_PERIOD = "grace-period"
    LATE = "late"


class CellCounts(Struct, frozen=True, kw_only=True):
    """Counts of cells. `received` is always `added` + `changed` + `unchanged`."""

    received: int
    added: int
    changed: int
    unchanged: int
    withdrawn: Annotated[int, Meta(description="Earlier cells that the new return does not contain.")]


MAX_LISTED_ROWS = 100  # for each reason


class RowReason(StrEnum):
    """The reason why a row is no record: its place, that it adds up the rows above it, or that it has no content.

    A row is blank if it has neither number nor status nor note, such as an unfilled row of a template. Its cell is
    missing.
    """

    TITLE = "title"
    HEADER = "header"
    BLANK = "blank"
    TOTAL = "total"
    FOOTNOTE = "footnote"


class LeftOutRows(Struct, frozen=True, kw_only=True):
    """The rows that were left out for one reason."""

    reason: RowReason
    count: int
    rows: Annotated[list[int], Meta(description=f"The first {MAX_LISTED_ROWS} row numbers.")]


class RowCounts(Struct, frozen=True, kw_only=True):
    """The rows of the content: read, used and left out. `read` is always `used` plus the counts of `left_out`.

    Rows are records of a CSV file, lines of an NDJSON file, and observations of JSON.
    """

    read: int
    used: Annotated[int, Meta(description="Rows that are cells, or that describe a return without cells.")]
    left_out: list[LeftOutRows] = []


class Completeness(Struct, frozen=True, kw_only=True):
    """How many of the required cells a return has.

    A duty requires the total of each area, and every category of each scheme.
    """

    required: int
    present: int
    missing: Annotated[list[CellName], Meta(description="The missing cells, at most 100; totals of areas first.")]


class ReturnReport(Struct, frozen=True, kw_only=True):
    """The result for one return of a submission."""

    measure: Slug
    series: Slug
    service: Slug
    period: Period
    outcome: SubmissionOutcome
    revision: Annotated[int, Meta(description="The number of the current revision.")]
    counts: CellCounts
    timeliness: Annotated[Timeliness | None, Meta(description="Null for a published series, which has no due date.")]
    completeness: Completeness


class CellValue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a cell."""

    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    lower: int | None = None
    upper: int | None = None
    status: Status | None = None
    note: str | None = None


class ChangedCell(Struct, frozen=True, kw_only=True):
    """A cell that differs from the previous revision."""

    cell: CellName
    before: Annotated[CellValue | None, Meta(description="Null if the cell did not exist.")]
    after: Annotated[CellValue | None, Meta(description="Null if it is withdrawn.")]


class Amount(Struct, frozen=True, kw_only=True):
    """A rolled-up figure: exact, or between two bounds."""

    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    numerator: float | None = None
    denominator: float | None = None


class EffectScope(StrEnum):
    """The owner of the total: the organisation, or the programme (reported to reviewers only)."""

    OWN = "own"
    PROGRAMME = "programme"


class Effect(Struct, frozen=True, kw_only=True):
    """A total that the submission changes, rolled up by the measure's kind."""

    scope: EffectScope
    measure: Slug
    series: Slug
    area: AreaCode
    period: Period
    unit: Slug
    before: Annotated[Amount | None, Meta(description="Null if there was no total.")]
    after: Annotated[Amount | None, Meta(description="Null if there is no longer a total.")]


class Receipt(Struct, frozen=True, kw_only=True):
    """Proof of the content that was received, and the time."""

    submission: UUID
    content_sha256: Annotated[str, Meta(description="SHA-256 of the decompressed body.")]
    received_at: Instant


class SubmissionReport(Struct, frozen=True, kw_only=True):
    """The result of a submission. A dry run returns the same report."""

    programme: Slug
    organisation: Slug
    plan_version: int
    outcome: SubmissionOutcome
    dry_run: Annotated[bool, Meta(description="True: nothing was written.")]
    receipt: Annotated[Receipt | None, Meta(description="Null for a dry run.")]
    dry_run_token: Annotated[
        str | None,
        Meta(
            description=(
                "Set for a dry run. Send it with the same content: the submission is then rejected if your own current "
                "returns have changed since the dry run."
            )
        ),
    ]
    counts: CellCounts
    returns: list[ReturnReport]
    findings: Annotated[list[Finding], Meta(description="Warnings. A submission with errors is rejected.")]
    changes: Annotated[list[ChangedCell], Meta(description="At most 1,000 changes to earlier revisions.")]
    change_count: int
    effects: Annotated[list[Effect], Meta(description="The totals that the submission changes.")]
    rows: Annotated[RowCounts | None, Meta(description="Null in reports from before rows were counted.")] = None
