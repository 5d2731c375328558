"""The review states of a revision and the transitions between them. The docs draw their diagram from this table."""

from api.http.refusals import Conflict
from schema.returns import EventKind
from schema.submissions import ReviewState


class InvalidTransition(Conflict):
    """The state of the revision does not allow this."""

    example = "You approve a revision that is already approved."
    fix = "Read the return: `state` is its review state, and `actions` lists what you can do with it."


# A revision begins as pending. Recording a newer revision supersedes one that is not approved. An approved revision
# counts until a newer one is approved, which supersedes it.
TRANSITIONS: dict[tuple[ReviewState, EventKind], ReviewState] = {
    (ReviewState.PENDING, EventKind.APPROVED): ReviewState.APPROVED,
    (ReviewState.PENDING, EventKind.QUERIED): ReviewState.QUERIED,
    (ReviewState.PENDING, EventKind.SUPERSEDED): ReviewState.SUPERSEDED,
    (ReviewState.QUERIED, EventKind.APPROVED): ReviewState.APPROVED,
    (ReviewState.QUERIED, EventKind.SUPERSEDED): ReviewState.SUPERSEDED,
    (ReviewState.APPROVED, EventKind.REOPENED): ReviewState.PENDING,
    (ReviewState.APPROVED, EventKind.SUPERSEDED): ReviewState.SUPERSEDED,
    **{(state, EventKind.REDACTED): ReviewState.REDACTED for state in ReviewState if state is not ReviewState.REDACTED},
}
NON_TRANSITIONING = frozenset({EventKind.COMMENTED, EventKind.CLEARED, EventKind.REDACTION_PROPOSED})


def next_state(state: ReviewState, event: EventKind) -> ReviewState:
    """Return the state after the event. Raises InvalidTransition if the state does not allow the event."""
    if event in NON_TRANSITIONING and state is not ReviewState.REDACTED:
        return state
    if (state, event) not in TRANSITIONS:
        raise InvalidTransition(f"A revision that is {state} cannot be {event.replace('-', ' ')}.")
    return TRANSITIONS[state, event]


def allowed_events(state: ReviewState) -> frozenset[EventKind]:
    """Return the events that a revision in this state allows."""
    transitions = {event for (start, event) in TRANSITIONS if start is state}
    return frozenset(transitions | (NON_TRANSITIONING if state is not ReviewState.REDACTED else set()))
