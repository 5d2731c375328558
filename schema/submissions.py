"""What partners send, what stands, and what they are told."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from schema.intervals import Confidence, IntervalMethod
from schema.periods import Period, PeriodCode
from schema.problems import CellName, Finding
from schema.words import AreaCode, Instant, Slug, Text

# PostgreSQL's bigint would hold more; a count of people beyond 2**53 is a slip, and JSON readers lose it.
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Note = Annotated[str, Meta(max_length=2000, pattern="^[^\\x00]*$")]
WebAddress = Annotated[
    str, Meta(pattern="^https?://[^\\s\\x00]+$", max_length=2000, examples=["https://www.nottinghaminsight.org.uk/"])
]


class Status(StrEnum):
    """Why there is no number (GSS shorthand)."""

    CONFIDENTIAL = "c"
    NOT_AVAILABLE = "x"
    NOT_APPLICABLE = "z"
    NONE_RECORDED = "w"


class ReturnKind(StrEnum):
    """`data` has figures; `nil` says that there was nothing to count; `withdrawn` takes back what was said."""

    DATA = "data"
    NIL = "nil"
    WITHDRAWN = "withdrawn"


class ReviewState(StrEnum):
    """Where a revision stands. A newer revision supersedes one that is not approved; its approval, one that is."""

    PENDING = "pending"
    QUERIED = "queried"
    APPROVED = "approved"
    SUPERSEDED = "superseded"
    REDACTED = "redacted"


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


class MilestoneItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is to be achieved, and the stage that it has reached."""

    item: Annotated[
        Slug, Meta(description="Your own code for it, the same in each return.", examples=["jsna-research-1"])
    ]
    title: Annotated[Text, Meta(examples=["Barriers to work for carers"])]
    stage: Annotated[Slug, Meta(description="One of the measure's `stages`.")]
    date: Annotated[date, Meta(description="The day on which it reached the stage.")]
    url: Annotated[WebAddress | None, Meta(description="The evidence.")] = None


class EvidenceEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One occasion of what the measure asks evidence of."""

    domain: Annotated[Slug, Meta(description="One of the measure's `domains`.")]
    title: Text
    date: date
    url: WebAddress | None = None
    people: Annotated[Count | None, Meta(description="How many people took part, where that is known.")] = None


# A text, so that it keeps its publisher's digits: `25.0` is not `25`.
DecimalText = Annotated[
    str,
    Meta(
        pattern="^-?[0-9]{1,15}(\\.[0-9]{1,17})?$",
        description="A decimal number as its publisher gives it, with its own number of digits.",
        examples=["25.0"],
    ),
]


class Marker(StrEnum):
    """What is to be known of a number (GSS shorthand). It annotates the number and never stands in its place."""

    PROVISIONAL = "p"
    REVISED = "r"
    ESTIMATED = "e"
    LOW_RELIABILITY = "u"
    BREAK = "b"
    LOW = "low"


class FigureLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of a figure, in its unit; never a half-width."""

    lower: DecimalText
    upper: DecimalText
    confidence: Confidence = Confidence.P95
    method: Annotated[
        IntervalMethod,
        Meta(description="`published` where the publisher gives the limits, else how they were worked out."),
    ] = IntervalMethod.PUBLISHED


class PublisherFigure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure of a published statistic: what its publisher says of an area and a breakdown, or why it says nothing.

    It is kept as it was published and never rolled up.
    """

    area: Annotated[AreaCode, Meta(description="Any area of the plan: the comparators as well.")]
    breakdown: Annotated[
        dict[Slug, Slug], Meta(description="Dimension to category; empty for the total.", max_length=2)
    ] = {}
    value: Annotated[DecimalText | None, Meta(description="In the measure's unit: 25.3 is 25.3 per cent.")] = None
    limits: Annotated[list[FigureLimits], Meta(max_length=2, description="At most one of each confidence.")] = []
    numerator: DecimalText | None = None
    denominator: DecimalText | None = None
    status: Status | None = None
    markers: Annotated[list[Marker], Meta(max_length=6)] = []
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
    items: Annotated[list[MilestoneItem], Meta(max_length=1000, description="Of a milestone measure.")] = []
    entries: Annotated[list[EvidenceEntry], Meta(max_length=1000, description="Of an evidence measure.")] = []
    figures: Annotated[
        list[PublisherFigure], Meta(max_length=10_000, description="Of a published series, by its publisher.")
    ] = []
    base_revision: Annotated[
        Annotated[int, Meta(ge=0, le=2**31 - 1)] | None,
        Meta(
            description=(
                "The number of the revision that this return was made from, 0 for none: the submission is refused with "
                "the difference if another stands by now."
            ),
        ),
    ] = None
    note: Annotated[Note | None, Meta(description="Seen by your organisation and reviewers alone.")] = None


class Justification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a figure is right although a check doubts it."""

    finding: Annotated[str, Meta(description="The finding's `id`.", examples=["3f9a1c20b7d4"])]
    text: Annotated[Text, Meta(examples=["Two providers joined in July; the caseload did double."])]


class NewSubmission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One push of one or more returns: all of them are taken, or none."""

    returns: Annotated[list[NewReturn], Meta(min_length=1, max_length=1000)]
    organisation: Annotated[
        Slug | None, Meta(description="The organisation that submits. Optional: a key belongs to one organisation.")
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
    justifications: Annotated[list[Justification], Meta(max_length=1000)] = []
    note: Note | None = None


class Withdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Taking back what was said, and why."""

    reason: Text
    base_revision: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class SubmissionOutcome(StrEnum):
    """`unchanged`: all of it stood already, and no revision was made."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"


class Timeliness(StrEnum):
    """When the first return for a period came, by the server's clock."""

    ON_TIME = "on-time"
    GRACE_PERIOD = "grace-period"
    LATE = "late"


class CellCounts(Struct, frozen=True, kw_only=True):
    """Cells. `received` is always `added` + `changed` + `unchanged`."""

    received: int
    added: int
    changed: int
    unchanged: int
    withdrawn: Annotated[int, Meta(description="Cells that stood and were not sent again.")]


class Completeness(Struct, frozen=True, kw_only=True):
    """Of the cells that the duty asks for: the total of each area, and every category of each scheme."""

    required: int
    present: int
    missing: Annotated[list[CellName], Meta(description="At most 100 of those that are not there.")]


class ReturnReport(Struct, frozen=True, kw_only=True):
    """What became of one return of a submission."""

    measure: Slug
    series: Slug
    service: Slug
    period: Period
    outcome: SubmissionOutcome
    revision: Annotated[int, Meta(description="The number of the revision that stands now.")]
    counts: CellCounts
    timeliness: Annotated[
        Timeliness | None, Meta(description="Null for a published series: a publication has no due date here.")
    ]
    completeness: Completeness


class CellValue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a cell says."""

    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    lower: int | None = None
    upper: int | None = None
    status: Status | None = None
    note: str | None = None


class ChangedCell(Struct, frozen=True, kw_only=True):
    """A cell that differs from the revision before."""

    cell: CellName
    before: Annotated[CellValue | None, Meta(description="Null where the cell was not there.")]
    after: Annotated[CellValue | None, Meta(description="Null where it is withdrawn.")]


class Amount(Struct, frozen=True, kw_only=True):
    """A rolled-up figure: exact, or between two bounds."""

    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    numerator: float | None = None
    denominator: float | None = None


class EffectScope(StrEnum):
    """Whose figure moves: the organisation's own, or (told to reviewers alone) the programme's."""

    OWN = "own"
    PROGRAMME = "programme"


class Effect(Struct, frozen=True, kw_only=True):
    """A total that the submission moves, rolled up as the measure declares."""

    scope: EffectScope
    measure: Slug
    series: Slug
    area: AreaCode
    period: Period
    unit: Slug
    before: Annotated[Amount | None, Meta(description="Null where nothing stood.")]
    after: Annotated[Amount | None, Meta(description="Null where nothing stands any more.")]


class Receipt(Struct, frozen=True, kw_only=True):
    """Proof of what was received and when."""

    submission: UUID
    content_sha256: Annotated[str, Meta(description="SHA-256 of the body as it was sent, decompressed.")]
    received_at: Instant


class SubmissionReport(Struct, frozen=True, kw_only=True):
    """What becomes of a submission: the same words for a dry run and for the submission itself."""

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
                "Of a dry run: send it with the same content, and the submission is refused if your own standing "
                "returns have moved since."
            )
        ),
    ]
    counts: CellCounts
    returns: list[ReturnReport]
    findings: Annotated[list[Finding], Meta(description="Warnings; a submission with errors is not taken.")]
    changes: Annotated[list[ChangedCell], Meta(description="Of returns that stood already; at most 1,000 cells.")]
    change_count: int
    effects: Annotated[list[Effect], Meta(description="The totals that it moves.")]


class ReturnRevision(Struct, frozen=True, kw_only=True):
    """A revision of a return, without its cells."""

    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: Period
    kind: ReturnKind
    revision: int
    state: ReviewState
    approved_revision: Annotated[
        int | None, Meta(description="The revision that counts as approved; a correction is pending beside it.")
    ]
    cells: Annotated[int, Meta(description="How many observations the revision holds.")]
    submission: UUID
    recorded_at: Instant
    note: str | None


class ReturnPage(Struct, frozen=True, kw_only=True):
    """Returns as they stand, by measure, series, service, organisation and period."""

    items: list[ReturnRevision]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class ReturnDetail(Struct, frozen=True, kw_only=True):
    """One revision of a return with what it says."""

    summary: ReturnRevision
    observations: list[Observation]
    items: list[MilestoneItem] = []
    entries: list[EvidenceEntry] = []
    figures: list[PublisherFigure] = []
    justifications: list[Justification] = []


class RevisionPage(Struct, frozen=True, kw_only=True):
    """Every revision of a return, the newest first."""

    items: list[ReturnRevision]


class ItemChange(Struct, frozen=True, kw_only=True):
    """An item of a milestone return that differs between two revisions. Items are known by their code."""

    item: Slug
    before: Annotated[MilestoneItem | None, Meta(description="Null where it was not there.")]
    after: Annotated[MilestoneItem | None, Meta(description="Null where it is withdrawn.")]


class EntryChange(Struct, frozen=True, kw_only=True):
    """An entry of an evidence return that one revision has and the other has not. One that differs is another."""

    before: Annotated[EvidenceEntry | None, Meta(description="Null where it was not there.")]
    after: Annotated[EvidenceEntry | None, Meta(description="Null where it is withdrawn.")]


class FigureChange(Struct, frozen=True, kw_only=True):
    """A published figure that differs between two revisions. Figures are known by area and breakdown."""

    before: Annotated[PublisherFigure | None, Meta(description="Null where it was not there.")]
    after: Annotated[PublisherFigure | None, Meta(description="Null where it is withdrawn.")]


class RevisionDiff(Struct, frozen=True, kw_only=True):
    """What differs between two revisions of a return: cells of a count, items of a milestone, entries of evidence,
    figures of a published series."""

    older: ReturnRevision
    newer: ReturnRevision
    counts: CellCounts
    changes: Annotated[
        list[ChangedCell], Meta(description="Cells that changed, then withdrawn, then added ones; at most 10,000.")
    ]
    change_count: Annotated[int, Meta(description="How many cells, items, entries or figures differ.")]
    items: list[ItemChange] = []
    entries: list[EntryChange] = []
    figures: list[FigureChange] = []


class CellChange(StrEnum):
    """What happened to a cell since the instant that was asked for."""

    ADDED = "added"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class ReturnCell(Struct, frozen=True, kw_only=True):
    """One cell of a return as it stands, or stood: a tidy row."""

    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: PeriodCode
    revision: int
    recorded_at: Instant
    area: AreaCode
    breakdown: dict[str, str]
    value: int | None
    numerator: int | None
    denominator: int | None
    lower: int | None
    upper: int | None
    status: Status | None
    note: str | None
    change: Annotated[
        CellChange | None,
        Meta(description="With `updated_after`: what happened to it; a withdrawn cell has no figures."),
    ] = None


class ObservationPage(Struct, frozen=True, kw_only=True):
    """Cells, by measure, series, service, organisation, period, area and breakdown."""

    items: list[ReturnCell]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class EventKind(StrEnum):
    """What can happen to a revision."""

    RECORDED = "recorded"
    SUPERSEDED = "superseded"
    APPROVED = "approved"
    QUERIED = "queried"
    REOPENED = "reopened"
    COMMENTED = "commented"
    CLEARED = "cleared"
    REDACTION_PROPOSED = "redaction-proposed"
    REDACTED = "redacted"


class ReturnEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to a return."""

    id: UUID
    event: EventKind
    at: Instant
    organisation: Slug
    measure: Slug
    series: Slug
    service: Slug
    period: Period
    revision: int
    kind: ReturnKind
    state: Annotated[
        ReviewState | None, Meta(description="The revision's state after it; null where it has not moved.")
    ]
    by: Annotated[Slug, Meta(description="The organisation that did it.")]
    text: Annotated[str | None, Meta(description="The reason, or the comment.")]


class ReturnEventPage(Struct, frozen=True, kw_only=True):
    """Events in the order in which they were committed."""

    items: list[ReturnEvent]
    next_cursor: Annotated[
        str | None,
        Meta(
            description="Send it as `cursor`, now or next month, for what came after; null while there is nothing yet."
        ),
    ]
    has_more: Annotated[bool, Meta(description="Whether there is more already.")]


class ReturnSchema(
    Struct,
    frozen=True,
    kw_only=True,
    rename={"dialect": "$schema", "unevaluated_properties": "unevaluatedProperties", "all_of": "allOf"},
):
    """JSON Schema 2020-12 of one return: exactly the areas and breakdowns that the partner owes."""

    dialect: Annotated[str, Meta(examples=["https://json-schema.org/draft/2020-12/schema"])]
    title: str
    description: str
    type: str
    required: list[str]
    properties: dict[str, Any]
    unevaluated_properties: bool
    all_of: list[dict[str, Any]]
