"""Returns as readers get them: revisions, their differences, cells, events, and the JSON Schema of a return."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import AreaCode, Instant, Slug
from schema.periods import Period, PeriodCode
from schema.submission_reports import CellCounts, ChangedCell
from schema.submissions import (
    EvidenceEntry,
    Justification,
    MilestoneItem,
    Observation,
    PublisherFigure,
    ReturnKind,
    ReviewState,
    RoundingBase,
    Status,
)


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
        int | None, Meta(description="The approved revision. A newer correction may be pending.")
    ]
    cells: Annotated[int, Meta(description="How many observations the revision has.")]
    submission: UUID
    recorded_at: Instant
    note: str | None
    rounded_to: RoundingBase | None = None


class ReturnPage(Struct, frozen=True, kw_only=True):
    """Current returns, sorted by measure, series, service, organisation and period."""

    items: list[ReturnRevision]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class ReturnDetail(Struct, frozen=True, kw_only=True):
    """One revision of a return with its content."""

    summary: ReturnRevision
    observations: list[Observation]
    items: list[MilestoneItem] = []
    entries: list[EvidenceEntry] = []
    figures: list[PublisherFigure] = []
    justifications: list[Justification] = []


class RevisionPage(Struct, frozen=True, kw_only=True):
    """All revisions of a return, newest first."""

    items: list[ReturnRevision]


class ItemChange(Struct, frozen=True, kw_only=True):
    """An item of a milestone return that differs between two revisions. Its code identifies it."""

    item: Slug
    before: Annotated[MilestoneItem | None, Meta(description="Null if it did not exist.")]
    after: Annotated[MilestoneItem | None, Meta(description="Null if it is withdrawn.")]


class EntryChange(Struct, frozen=True, kw_only=True):
    """An entry of an evidence return that only one of two revisions has. A changed entry counts as a new one."""

    before: Annotated[EvidenceEntry | None, Meta(description="Null if it did not exist.")]
    after: Annotated[EvidenceEntry | None, Meta(description="Null if it is withdrawn.")]


class FigureChange(Struct, frozen=True, kw_only=True):
    """A published figure that differs between two revisions. Area and breakdown identify it."""

    before: Annotated[PublisherFigure | None, Meta(description="Null if it did not exist.")]
    after: Annotated[PublisherFigure | None, Meta(description="Null if it is withdrawn.")]


class RevisionDiff(Struct, frozen=True, kw_only=True):
    """The differences between two revisions of a return: cells, items, entries or figures."""

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
    """How a cell has changed since the requested time."""

    ADDED = "added"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class ReturnCell(Struct, frozen=True, kw_only=True):
    """One cell of a return, as a tidy row."""

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
        Meta(description="With `updated_after`: what happened to the cell. A withdrawn cell has no figures."),
    ] = None


class ObservationPage(Struct, frozen=True, kw_only=True):
    """Cells, sorted by measure, series, service, organisation, period, area and breakdown."""

    items: list[ReturnCell]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` for the next page.")] = None


class EventKind(StrEnum):
    """A kind of event in the history of a revision."""

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
        ReviewState | None,
        Meta(description="The revision's state after the event. Null if it did not change."),
    ]
    by: Annotated[Slug, Meta(description="The organisation that caused the event.")]
    text: Annotated[str | None, Meta(description="The reason, or the comment.")]


class ReturnEventPage(Struct, frozen=True, kw_only=True):
    """Events in the order of their commits."""

    items: list[ReturnEvent]
    next_cursor: Annotated[
        str | None,
        Meta(description="Send it as `cursor`, now or later, for the events that follow. Null if there are no events."),
    ]
    has_more: Annotated[bool, Meta(description="True if more events exist already.")]


class ReturnSchema(
    Struct,
    frozen=True,
    kw_only=True,
    rename={"dialect": "$schema", "unevaluated_properties": "unevaluatedProperties", "all_of": "allOf"},
):
    """JSON Schema 2020-12 of one return, with exactly the areas and breakdowns that the partner owes."""

    dialect: Annotated[str, Meta(examples=["https://json-schema.org/draft/2020-12/schema"])]
    title: str
    description: str
    type: str
    required: list[str]
    properties: dict[str, Any]
    unevaluated_properties: bool
    all_of: list[dict[str, Any]]
