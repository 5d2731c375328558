"""A return as it is reviewed, expected, and compared with others'; who looks at it; and what an act writes down."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from api.plan import calendar
from api.plan.calendar import Deadlines
from schema.partners import Scope
from schema.periods import Period
from schema.returns import EventKind
from schema.reviews import Extension, ReviewQuery
from schema.submissions import ReturnKind, ReviewState


class RevisionState(Struct, frozen=True, kw_only=True):
    """Where one revision stands. `entries` are the items or entries that it has."""

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
        return next((one.number for one in self.revisions if one.state is ReviewState.APPROVED), None)


class RevisionEvent(Struct, frozen=True, kw_only=True):
    """One event that an act writes down; `state` is null where it does not move the revision."""

    event: EventKind
    number: int
    state: ReviewState | None
    text: str | None = None
    entries: list[int] | None = None


class CallerRights(Struct, frozen=True, kw_only=True):
    """Who looks or acts. `own` are the organisation that it acts for and those that it succeeds."""

    client: UUID
    own_organisations: frozenset[str]
    scopes: frozenset[Scope]
    self_review: bool


class ObligationDetails(Struct, frozen=True, kw_only=True):
    """An expected return and all that is known of it. `revision_id` is the database's number of the newest revision."""

    holder: str
    organisation: str | None
    measure: str
    series: str
    service: str
    period: Period
    deadlines: Deadlines  # as the plan has them
    extended_due: datetime
    extension: Extension | None = None
    exemption_reason: str | None = None  # the reason, where it is exempt
    newest_revision: RevisionState | None = None
    revision_id: int | None = None
    approved_number: int | None = None
    query: ReviewQuery | None = None
    proposed_by: UUID | None = None

    @property
    def effective_revision(self) -> RevisionState | None:
        """The newest revision, where it says something still."""
        one = self.newest_revision
        if one is None or one.kind is ReturnKind.WITHDRAWN or one.state is ReviewState.REDACTED:
            return None
        return one

    @property
    def extended_deadlines(self) -> Deadlines:
        return calendar.apply_extension(self.deadlines, None if self.extension is None else self.extension.until)


class ReturnedTotal(Struct, frozen=True, kw_only=True):
    """What one return says of one whole area; of a nil return, `area` is null."""

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
