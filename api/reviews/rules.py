"""Who may decide what about a return, and what follows from a decision."""

from collections.abc import Sequence

from api.http.refusals import Conflict, Invalid, NotAllowed, NotFound
from api.plan.catalogue import Catalogue
from api.reviews.structs import CallerRights, ReviewableReturn, RevisionEvent, RevisionState
from api.submissions.review_states import allowed_events, next_state
from schema.partners import Grant, Scope
from schema.problems import Finding
from schema.returns import EventKind, ReturnRevision
from schema.reviews import ReturnAction
from schema.submission_reports import SubmissionReport
from schema.submissions import ReturnKind, ReviewState


class NewerRevision(Conflict):
    """The return has a newer revision."""

    example = "You approve revision 1. Revision 2 was submitted a minute ago."
    fix = "Read the newest revision, and send its number with your decision."


class OwnReturn(NotAllowed):
    """You cannot decide on a return of your own organisation."""

    example = "The city council's reviewer approves a return of the city council."
    fix = "Ask a reviewer of another organisation, or ask the programme's owner to set `self_review` in the plan."


class NothingToClear(Invalid):
    """The revision has no such item or entry."""

    example = '{"revision": 1, "entries": [3]}\n\nThe revision has two entries.'
    fix = "Count items and entries from 1, in the order of the return."


class AlreadyProposed(Conflict):
    """A redaction of this revision is already proposed."""

    example = "Two reviewers propose to redact the same revision."
    fix = "Ask another person to confirm it; `GET …/redactions` lists the proposals."


class NotProposed(Conflict):
    """No redaction of this revision is proposed."""

    example = "You confirm the redaction of revision 2, but the proposal names revision 1."
    fix = "Propose the redaction first. Then another person confirms it."


class TwoPeopleRequired(NotAllowed):
    """The person who proposed a redaction cannot confirm it."""

    example = "You propose a redaction, and confirm it with another key that was issued to you."
    fix = "Ask another person, of any organisation but the return's, to confirm it with their own key."


# Reviewers decide on the newest revision. These two decisions also apply to an older one while it is the approved
# revision, because a correction can be pending at the same time.
EVENTS_ON_APPROVED = frozenset({EventKind.REOPENED, EventKind.CLEARED})
DECISION_EVENTS = frozenset({EventKind.APPROVED, EventKind.QUERIED, EventKind.REOPENED, EventKind.CLEARED})


def derive_rights(grant: Grant, person: str, catalogue: Catalogue) -> CallerRights:
    return CallerRights(
        person=person,
        own_organisations=frozenset(catalogue.list_represented_organisations(grant.organisation)),
        scopes=frozenset(grant.scopes),
        self_review=catalogue.plan.self_review is not None,
    )


def is_allowed_to_decide(rights: CallerRights, organisation: str) -> bool:
    return Scope.REVIEW in rights.scopes and (rights.self_review or organisation not in rights.own_organisations)


def refuse_own_return(rights: CallerRights, organisation: str) -> None:
    """Raise OwnReturn unless the caller may decide on returns of the organisation."""
    if not is_allowed_to_decide(rights, organisation):
        raise OwnReturn(f"You act for {organisation} yourself, and the plan does not allow self-review.")


def find_revision(reviewed_return: ReviewableReturn, number: int) -> RevisionState:
    """Return the revision with this number. Raises NotFound."""
    for revision in reviewed_return.revisions:
        if revision.number == number:
            return revision
    raise NotFound(f"The return has no revision {number}; the newest is {reviewed_return.newest_number}.")


def derive_events(
    reviewed_return: ReviewableReturn,
    event: EventKind,
    number: int,
    *,
    text: str | None = None,
    entries: Sequence[int] | None = None,
) -> list[RevisionEvent]:
    """Return every event that the action records, in order.

    An approval supersedes the revision approved before. An approved revision that is reopened while a newer one
    exists is superseded at once: it no longer counts, and reviewers decide on the newer one.
    Raises NewerRevision, InvalidTransition, NotFound, NothingToClear.
    """
    target = find_revision(reviewed_return, number)
    is_older = number < reviewed_return.newest_number
    applies_to_older = event in EVENTS_ON_APPROVED and target.state is ReviewState.APPROVED
    if is_older and event in DECISION_EVENTS and not applies_to_older:
        raise NewerRevision(f"Revision {reviewed_return.newest_number} has replaced revision {number}.")
    state = next_state(target.state, event)
    if event is EventKind.CLEARED:
        _check_entries(target, entries or ())
    events: list[RevisionEvent] = []
    if event is EventKind.APPROVED and reviewed_return.approved_number is not None:
        events.append(_supersede(reviewed_return.approved_number, ReviewState.APPROVED))
    events.append(
        RevisionEvent(
            event=event,
            number=number,
            state=None if state is target.state else state,
            text=text,
            entries=None if entries is None else sorted(set(entries)),
        )
    )
    if event is EventKind.REOPENED and is_older:
        events.append(_supersede(number, state))
    return events


def find_state_after(reviewed_return: ReviewableReturn, number: int, events: Sequence[RevisionEvent]) -> ReviewState:
    """Return the state of the revision after these events."""
    states = [event.state for event in events if event.number == number and event.state is not None]
    return states[-1] if states else find_revision(reviewed_return, number).state


def _supersede(number: int, state: ReviewState) -> RevisionEvent:
    return RevisionEvent(event=EventKind.SUPERSEDED, number=number, state=next_state(state, EventKind.SUPERSEDED))


def _check_entries(target: RevisionState, entries: Sequence[int]) -> None:
    missing = sorted(entry for entry in set(entries) if entry > target.entry_count)
    if missing:
        raise NothingToClear(f"Revision {target.number} has {target.entry_count} items or entries, not {missing[0]}.")


def refuse_second_proposal(number: int, *, is_new: bool) -> None:
    """Raise AlreadyProposed unless the proposal is new."""
    if not is_new:
        raise AlreadyProposed(f"The redaction of revision {number} awaits confirmation.")


def is_same_person(person: str, other: str) -> bool:
    """Compare without case, because people write their addresses either way. The database does the same."""
    return person.lower() == other.lower()


def refuse_same_person(proposed_by: str | None, rights: CallerRights, number: int) -> None:
    """Raise NotProposed without a proposal, and TwoPeopleRequired if the caller made it."""
    if proposed_by is None:
        raise NotProposed(f"No redaction of revision {number} awaits confirmation.")
    if is_same_person(proposed_by, rights.person):
        raise TwoPeopleRequired("The person that your key was issued to proposed this redaction.")


def list_actions(
    rights: CallerRights,
    organisation: str,
    target: RevisionState | None,
    *,
    is_newest: bool = True,
    is_open: bool,
    proposed_by: str | None = None,
) -> list[ReturnAction]:
    """Return what the caller may do next with a return whose revision is `target`.

    `is_open` means that the server would accept a submission of the return now.
    """
    is_own = organisation in rights.own_organisations
    may_submit = is_own and is_open and Scope.SUBMIT in rights.scopes
    if target is None:
        return [ReturnAction.SUBMIT] if may_submit else []
    events = allowed_events(target.state)
    may_decide = is_allowed_to_decide(rights, organisation)
    is_decidable = is_newest or target.state is ReviewState.APPROVED
    has_content = target.kind is not ReturnKind.WITHDRAWN and target.state is not ReviewState.REDACTED
    may_clear = may_decide and is_decidable and target.entry_count > 0
    may_redact = may_decide and EventKind.REDACTED in events
    is_proposed_by_other = proposed_by is not None and not is_same_person(proposed_by, rights.person)
    permissions = {
        ReturnAction.SUBMIT: may_submit,
        ReturnAction.WITHDRAW: may_submit and is_newest and has_content,
        ReturnAction.APPROVE: may_decide and is_newest and EventKind.APPROVED in events,
        ReturnAction.QUERY: may_decide and is_newest and EventKind.QUERIED in events,
        ReturnAction.REOPEN: may_decide and EventKind.REOPENED in events,
        ReturnAction.COMMENT: _is_allowed_to_comment(rights, is_own=is_own) and EventKind.COMMENTED in events,
        ReturnAction.CLEAR_FOR_RELEASE: may_clear and EventKind.CLEARED in events,
        ReturnAction.PROPOSE_REDACTION: may_redact and proposed_by is None,
        ReturnAction.CONFIRM_REDACTION: may_redact and is_proposed_by_other,
    }
    return [action for action, is_allowed in permissions.items() if is_allowed]


def _is_allowed_to_comment(rights: CallerRights, *, is_own: bool) -> bool:
    return Scope.REVIEW in rights.scopes or (is_own and Scope.SUBMIT in rights.scopes)


def select_findings(summary: ReturnRevision, report: SubmissionReport | None) -> list[Finding]:
    """Return the findings of the report about this return, and those about no return in particular."""
    if report is None:
        return []
    key = (summary.measure, summary.series, summary.service, summary.period.code)
    keys = [(r.measure, r.series, r.service, r.period.code) for r in report.returns]
    findings: list[Finding] = []
    for finding in report.findings:
        cell, path = finding.cell, finding.path or ""
        if cell is not None:
            is_relevant = (cell.measure, cell.series, cell.service, cell.period) == key
        elif path.startswith("/returns/"):
            is_relevant = keys[int(path.split("/")[2])] == key
        else:
            is_relevant = True
        if is_relevant:
            findings.append(finding)
    return findings
