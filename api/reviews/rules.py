"""Who may decide what about a return, and what follows from it."""

from collections.abc import Sequence
from uuid import UUID

from api.http.refusals import Conflict, Invalid, NotAllowed, NotFound
from api.plan.catalogue import Catalogue
from api.reviews.acts import CallerRights, ReviewableReturn, RevisionEvent, RevisionState
from api.submissions.review_states import allowed_events, next_state
from schema.partners import Grant, Scope
from schema.problems import Finding
from schema.returns import EventKind, ReturnRevision
from schema.reviews import ReturnAction
from schema.submission_reports import SubmissionReport
from schema.submissions import ReturnKind, ReviewState


class NewerRevision(Conflict):
    """A newer revision has come meanwhile."""

    example = "You approve revision 1. Revision 2 came a minute ago."
    fix = "Read the newer one, and decide on it by its number."


class OwnReturn(NotAllowed):
    """Nobody decides on a return of the own organisation."""

    example = "The city council's reviewer approves a return of the city council."
    fix = "Ask a reviewer of another organisation; or the programme's owner sets `self_review` in the plan, with why."


class NothingToClear(Invalid):
    """The revision has no such item or entry."""

    example = '{"revision": 1, "entries": [3]}\n\nThe revision has two entries.'
    fix = "Items and entries are counted from 1, in the order in which the return lists them."


class AlreadyProposed(Conflict):
    """The redaction of this revision is proposed already."""

    example = "Two reviewers propose to redact the same revision."
    fix = "Another person confirms it; `GET …/redactions` lists what waits."


class NotProposed(Conflict):
    """Nobody has proposed to redact this revision."""

    example = "A redaction is confirmed, and the proposal named another revision."
    fix = "Propose it first. Then another person confirms it."


class TwoPeopleRequired(NotAllowed):
    """Who has proposed a redaction cannot confirm it."""

    example = "You propose a redaction, and confirm it with the same key."
    fix = "Ask another reviewer, with a key of their own, to confirm it."


# Decisions are on what is newest, but for these: they are on what counts as approved, which a correction may stand
# beside.
EVENTS_ON_APPROVED = frozenset({EventKind.REOPENED, EventKind.CLEARED})
DECISION_EVENTS = frozenset({EventKind.APPROVED, EventKind.QUERIED, EventKind.REOPENED, EventKind.CLEARED})


def derive_rights(grant: Grant, client: UUID, catalogue: Catalogue) -> CallerRights:
    return CallerRights(
        client=client,
        own_organisations=frozenset(catalogue.list_represented_organisations(grant.organisation)),
        scopes=frozenset(grant.scopes),
        self_review=catalogue.plan.self_review is not None,
    )


def is_allowed_to_decide(rights: CallerRights, organisation: str) -> bool:
    return Scope.REVIEW in rights.scopes and (rights.self_review or organisation not in rights.own_organisations)


def refuse_own_return(rights: CallerRights, organisation: str) -> None:
    """Raises OwnReturn."""
    if not is_allowed_to_decide(rights, organisation):
        raise OwnReturn(f"You act for {organisation} yourself, and the plan does not allow self-review.")


def find_revision(reviewed_return: ReviewableReturn, number: int) -> RevisionState:
    """Raises NotFound."""
    for found in reviewed_return.revisions:
        if found.number == number:
            return found
    raise NotFound(f"The return has no revision {number}; the newest is {reviewed_return.newest_number}.")


def derive_events(
    reviewed_return: ReviewableReturn,
    event: EventKind,
    number: int,
    *,
    text: str | None = None,
    entries: Sequence[int] | None = None,
) -> list[RevisionEvent]:
    """All that an act writes down, in order. Raises NewerRevision, NotNow, NotFound, NothingToClear.

    An approval supersedes what counted before. An approved revision that is reopened while a newer one stands is
    superseded at once: it no longer counts, and the newer one is what is left to decide on.
    """
    target = find_revision(reviewed_return, number)
    newer = number < reviewed_return.newest_number
    if (
        newer
        and event in DECISION_EVENTS
        and not (event in EVENTS_ON_APPROVED and target.state is ReviewState.APPROVED)
    ):
        raise NewerRevision(f"Revision {reviewed_return.newest_number} has come after revision {number}.")
    state = next_state(target.state, event)
    if event is EventKind.CLEARED:
        _check_entries(target, entries or ())
    told: list[RevisionEvent] = []
    if event is EventKind.APPROVED and reviewed_return.approved_number is not None:
        told.append(_supersede(reviewed_return.approved_number, ReviewState.APPROVED))
    told.append(
        RevisionEvent(
            event=event,
            number=number,
            state=None if state is target.state else state,
            text=text,
            entries=None if entries is None else sorted(set(entries)),
        )
    )
    if event is EventKind.REOPENED and newer:
        told.append(_supersede(number, state))
    return told


def find_state_after(
    reviewed_return: ReviewableReturn, number: int, return_events: Sequence[RevisionEvent]
) -> ReviewState:
    """Where the revision stands once all of it is written down."""
    moved = [event.state for event in return_events if event.number == number and event.state is not None]
    return moved[-1] if moved else find_revision(reviewed_return, number).state


def _supersede(number: int, state: ReviewState) -> RevisionEvent:
    return RevisionEvent(event=EventKind.SUPERSEDED, number=number, state=next_state(state, EventKind.SUPERSEDED))


def _check_entries(target: RevisionState, entries: Sequence[int]) -> None:
    beyond = sorted(entry for entry in set(entries) if entry > target.entry_count)
    if beyond:
        raise NothingToClear(f"Revision {target.number} has {target.entry_count} items or entries, and no {beyond[0]}.")


def refuse_second_proposal(number: int, *, is_new: bool) -> None:
    """Raises AlreadyProposed."""
    if not is_new:
        raise AlreadyProposed(f"The redaction of revision {number} waits to be confirmed.")


def refuse_same_person(proposed_by: UUID | None, rights: CallerRights, number: int) -> None:
    """Raises NotProposed, TwoPeopleNeeded."""
    if proposed_by is None:
        raise NotProposed(f"No redaction of revision {number} waits to be confirmed.")
    if proposed_by == rights.client:
        raise TwoPeopleRequired("You have proposed it yourself.")


def list_actions(
    rights: CallerRights,
    organisation: str,
    target: RevisionState | None,
    *,
    is_newest: bool = True,
    is_open: bool,
    proposed_by: UUID | None = None,
) -> list[ReturnAction]:
    """What the caller may do next with a return, of which `target` is a revision. `open_`: a return would be taken."""
    mine = organisation in rights.own_organisations
    sends = mine and is_open and Scope.SUBMIT in rights.scopes
    if target is None:
        return [ReturnAction.SUBMIT] if sends else []
    events = allowed_events(target.state)
    decides = is_allowed_to_decide(rights, organisation)
    reviews = Scope.REVIEW in rights.scopes
    counts = is_newest or target.state is ReviewState.APPROVED
    stands = is_newest and target.kind is not ReturnKind.WITHDRAWN and target.state is not ReviewState.REDACTED
    allowed = {
        ReturnAction.SUBMIT: sends,
        ReturnAction.WITHDRAW: sends and stands,
        ReturnAction.APPROVE: decides and is_newest and EventKind.APPROVED in events,
        ReturnAction.QUERY: decides and is_newest and EventKind.QUERIED in events,
        ReturnAction.REOPEN: decides and EventKind.REOPENED in events,
        ReturnAction.COMMENT: _is_allowed_to_comment(rights, is_own=mine) and EventKind.COMMENTED in events,
        ReturnAction.CLEAR_FOR_RELEASE: decides and counts and target.entry_count > 0 and EventKind.CLEARED in events,
        ReturnAction.PROPOSE_REDACTION: reviews and proposed_by is None and EventKind.REDACTED in events,
        ReturnAction.CONFIRM_REDACTION: reviews
        and proposed_by not in (None, rights.client)
        and EventKind.REDACTED in events,
    }
    return [action for action, allows in allowed.items() if allows]


def _is_allowed_to_comment(rights: CallerRights, *, is_own: bool) -> bool:
    return Scope.REVIEW in rights.scopes or (is_own and bool(rights.scopes & {Scope.SUBMIT, Scope.READ}))


def select_findings(summary: ReturnRevision, report: SubmissionReport | None) -> list[Finding]:
    """What was found in this return when it was submitted, and what was found in no return in particular."""
    if report is None:
        return []
    key = (summary.measure, summary.series, summary.service, summary.period.code)
    keys = [(r.measure, r.series, r.service, r.period.code) for r in report.returns]
    told: list[Finding] = []
    for finding in report.findings:
        cell, path = finding.cell, finding.path or ""
        if cell is not None:
            mine = (cell.measure, cell.series, cell.service, cell.period) == key
        elif path.startswith("/returns/"):
            mine = keys[int(path.split("/")[2])] == key
        else:
            mine = True
        if mine:
            told.append(finding)
    return told
