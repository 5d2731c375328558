"""Who may decide what about a return, and what follows from it."""

from collections.abc import Sequence
from uuid import UUID

from api.http.refusals import Conflict, Invalid, NotAllowed, NotFound
from api.plan.catalogue import Catalogue
from api.reviews.acts import Reviewable, RevisionState, Told, Viewer
from api.submissions.review_states import after, possible
from schema.partners import Grant, Scope
from schema.problems import Finding
from schema.reviews import Action
from schema.submissions import EventKind, Report, ReturnKind, ReviewState, StandingReturn


class NewerRevision(Conflict):
    """A newer revision has come meanwhile."""

    example = "You approve revision 1. Revision 2 came a minute ago."
    mend = "Read the newer one, and decide on it by its number."


class OwnReturn(NotAllowed):
    """Nobody decides on a return of the own organisation."""

    example = "The city council's reviewer approves a return of the city council."
    mend = "Ask a reviewer of another organisation; or the programme's owner sets `self_review` in the plan, with why."


class NothingToClear(Invalid):
    """The revision has no such item or entry."""

    example = '{"revision": 1, "entries": [3]}\n\nThe revision has two entries.'
    mend = "Items and entries are counted from 1, in the order in which the return lists them."


class AlreadyProposed(Conflict):
    """The redaction of this revision is proposed already."""

    example = "Two reviewers propose to redact the same revision."
    mend = "Another person confirms it; `GET …/redactions` lists what waits."


class NotProposed(Conflict):
    """Nobody has proposed to redact this revision."""

    example = "A redaction is confirmed, and the proposal named another revision."
    mend = "Propose it first. Then another person confirms it."


class TwoPeopleNeeded(NotAllowed):
    """Who has proposed a redaction cannot confirm it."""

    example = "You propose a redaction, and confirm it with the same key."
    mend = "Ask another reviewer, with a key of their own, to confirm it."


# Decisions are on what is newest, but for these: they are on what counts as approved, which a correction may stand
# beside.
ON_THE_APPROVED = frozenset({EventKind.REOPENED, EventKind.CLEARED})
DECISIONS = frozenset({EventKind.APPROVED, EventKind.QUERIED, EventKind.REOPENED, EventKind.CLEARED})


def viewer(grant: Grant, client: UUID, catalogue: Catalogue) -> Viewer:
    return Viewer(
        client=client,
        own=frozenset(catalogue.acts_for(grant.organisation)),
        scopes=frozenset(grant.scopes),
        self_review=catalogue.plan.self_review is not None,
    )


def may_decide(by: Viewer, organisation: str) -> bool:
    return Scope.REVIEW in by.scopes and (by.self_review or organisation not in by.own)


def refuse_own(by: Viewer, organisation: str) -> None:
    """Raises OwnReturn."""
    if not may_decide(by, organisation):
        raise OwnReturn(f"You act for {organisation} yourself, and the plan does not allow self-review.")


def revision(one: Reviewable, number: int) -> RevisionState:
    """Raises NotFound."""
    for found in one.revisions:
        if found.number == number:
            return found
    raise NotFound(f"The return has no revision {number}; the newest is {one.newest}.")


def consequences(
    one: Reviewable,
    event: EventKind,
    number: int,
    *,
    text: str | None = None,
    entries: Sequence[int] | None = None,
) -> list[Told]:
    """All that an act writes down, in order. Raises NewerRevision, NotNow, NotFound, NothingToClear.

    An approval supersedes what counted before. An approved revision that is reopened while a newer one stands is
    superseded at once: it no longer counts, and the newer one is what is left to decide on.
    """
    target = revision(one, number)
    newer = number < one.newest
    if newer and event in DECISIONS and not (event in ON_THE_APPROVED and target.state is ReviewState.APPROVED):
        raise NewerRevision(f"Revision {one.newest} has come after revision {number}.")
    state = after(target.state, event)
    if event is EventKind.CLEARED:
        _check_entries(target, entries or ())
    told: list[Told] = []
    if event is EventKind.APPROVED and one.approved is not None:
        told.append(_superseded(one.approved, ReviewState.APPROVED))
    told.append(
        Told(
            event=event,
            number=number,
            state=None if state is target.state else state,
            text=text,
            entries=None if entries is None else sorted(set(entries)),
        )
    )
    if event is EventKind.REOPENED and newer:
        told.append(_superseded(number, state))
    return told


def state_after(one: Reviewable, number: int, told: Sequence[Told]) -> ReviewState:
    """Where the revision stands once all of it is written down."""
    moved = [event.state for event in told if event.number == number and event.state is not None]
    return moved[-1] if moved else revision(one, number).state


def _superseded(number: int, state: ReviewState) -> Told:
    return Told(event=EventKind.SUPERSEDED, number=number, state=after(state, EventKind.SUPERSEDED))


def _check_entries(target: RevisionState, entries: Sequence[int]) -> None:
    beyond = sorted(entry for entry in set(entries) if entry > target.entries)
    if beyond:
        raise NothingToClear(f"Revision {target.number} has {target.entries} items or entries, and no {beyond[0]}.")


def refuse_second_proposal(number: int, *, proposed: bool) -> None:
    """Raises AlreadyProposed."""
    if not proposed:
        raise AlreadyProposed(f"The redaction of revision {number} waits to be confirmed.")


def refuse_same_person(proposed_by: UUID | None, by: Viewer, number: int) -> None:
    """Raises NotProposed, TwoPeopleNeeded."""
    if proposed_by is None:
        raise NotProposed(f"No redaction of revision {number} waits to be confirmed.")
    if proposed_by == by.client:
        raise TwoPeopleNeeded("You have proposed it yourself.")


def actions(
    by: Viewer,
    organisation: str,
    target: RevisionState | None,
    *,
    newest: bool = True,
    open_: bool,
    proposed_by: UUID | None = None,
) -> list[Action]:
    """What the caller may do next with a return, of which `target` is a revision. `open_`: a return would be taken."""
    mine = organisation in by.own
    sends = mine and open_ and Scope.SUBMIT in by.scopes
    if target is None:
        return [Action.SUBMIT] if sends else []
    events = possible(target.state)
    decides = may_decide(by, organisation)
    reviews = Scope.REVIEW in by.scopes
    counts = newest or target.state is ReviewState.APPROVED
    stands = newest and target.kind is not ReturnKind.WITHDRAWN and target.state is not ReviewState.REDACTED
    allowed = {
        Action.SUBMIT: sends,
        Action.WITHDRAW: sends and stands,
        Action.APPROVE: decides and newest and EventKind.APPROVED in events,
        Action.QUERY: decides and newest and EventKind.QUERIED in events,
        Action.REOPEN: decides and EventKind.REOPENED in events,
        Action.COMMENT: _may_comment(by, mine=mine) and EventKind.COMMENTED in events,
        Action.CLEAR: decides and counts and target.entries > 0 and EventKind.CLEARED in events,
        Action.PROPOSE_REDACTION: reviews and proposed_by is None and EventKind.REDACTED in events,
        Action.CONFIRM_REDACTION: reviews and proposed_by not in (None, by.client) and EventKind.REDACTED in events,
    }
    return [action for action, allows in allowed.items() if allows]


def _may_comment(by: Viewer, *, mine: bool) -> bool:
    return Scope.REVIEW in by.scopes or (mine and bool(by.scopes & {Scope.SUBMIT, Scope.READ}))


def findings_of(one: StandingReturn, report: Report | None) -> list[Finding]:
    """What was found in this return when it was submitted, and what was found in no return in particular."""
    if report is None:
        return []
    key = (one.measure, one.series, one.service, one.period.code)
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
