"""The structs of reviews: a return under review, an obligation with what has come, and the caller's rights."""

from datetime import datetime

from msgspec import Struct

from api.plan import calendar
from api.plan.calendar import Deadlines
from schema.partners import Scope
from schema.periods import Period
from schema.returns import EventKind
from schema.reviews import Extension, ReviewQuery
from schema.submissions import ReturnKind, ReviewState


class RevisionState(Struct, frozen=True, kw_only=True):
    """The review state of one revision. `entry_count` is the number of its items or entries."""

    number: int
    kind: ReturnKind
    state: ReviewState
    entry_count: int = 0


class ReviewableReturn(Struct, frozen=True, kw_only=True):
    """A return with its revisions, by number. `id` is the database's."""

    id: int
    organisation: str
    revisions: list[RevisionState]

    @property
    def newest_number(self) -> int:
        return self.revisions[-1].number

    @property
    def approved_number(self) -> int | None:
        return next((revision.number for revision in self.revisions if revision.state is ReviewState.APPROVED), None)


class RevisionEvent(Struct, frozen=True, kw_only=True):
    """One event that an action records. `state` is None if the event does not change the revision's state."""

    event: EventKind
    number: int
    state: ReviewState | None
    text: str | None = None
    entries: list[int] | None = None


class CallerRights(Struct, frozen=True, kw_only=True):
    """The rights of a caller. `own_organisations` are the one that it acts for and those that this one succeeds."""

    person: str
    own_organisations: frozenset[str]
    scopes: frozenset[Scope]
    self_review: bool


class ObligationDetails(Struct, frozen=True, kw_only=True):
    """An obligation, what reviewers decided about it, and what has come.

    `revision_id` is the database's id of the newest revision.
    """

    holder: str
    organisation: str | None
    measure: str
    series: str
    service: str
    period: Period
    deadlines: Deadlines  # as in the plan
    extended_due: datetime
    extension: Extension | None = None
    exemption_reason: str | None = None  # None if it is not exempt
    newest_revision: RevisionState | None = None
    revision_id: int | None = None
    approved_number: int | None = None
    query: ReviewQuery | None = None
    proposed_by: str | None = None  # the person

    @property
    def effective_revision(self) -> RevisionState | None:
        """The newest revision, or None if it is withdrawn or redacted."""
        revision = self.newest_revision
        if revision is None or revision.kind is ReturnKind.WITHDRAWN or revision.state is ReviewState.REDACTED:
            return None
        return revision

    @property
    def extended_deadlines(self) -> Deadlines:
        return calendar.apply_extension(self.deadlines, None if self.extension is None else self.extension.until)


class ReturnedTotal(Struct, frozen=True, kw_only=True):
    """The total of one whole area in one return. `area` is None for a nil return."""

    organisation: str
    service: str
    kind: ReturnKind
    area: str | None
    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    lower: int | None = None
    upper: int | None = None
    status: str | None = None
