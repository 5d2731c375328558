"""The states of a revision, and what moves it from one to another: one table, from which the docs draw the picture."""

from api.http.refusals import Conflict
from schema.returns import EventKind
from schema.submissions import ReviewState


class InvalidTransition(Conflict):
    """The revision is not in a state for that."""

    example = "A revision that was approved is to be approved once more."
    fix = "Read the return: `state` is where it stands, `actions` what can be done with it."


# A revision begins as pending. `superseded` happens to one that is not approved when a newer one is recorded, and to
# an approved one when a newer one is approved: until then it counts, and the correction is pending beside it.
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
    """The state that the event leads to. Raises NotNow where it cannot happen."""
    if event in NON_TRANSITIONING and state is not ReviewState.REDACTED:
        return state
    if (state, event) not in TRANSITIONS:
        raise InvalidTransition(f"A revision that is {state} cannot be {event.replace('-', ' ')}.")
    return TRANSITIONS[state, event]


def allowed_events(state: ReviewState) -> frozenset[EventKind]:
    """What can happen to a revision in this state."""
    moving = {event for (where, event) in TRANSITIONS if where is state}
    return frozenset(moving | (NON_TRANSITIONING if state is not ReviewState.REDACTED else set()))
