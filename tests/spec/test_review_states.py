"""The transitions of a revision's review state, compared with one table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.submissions import review_states
from schema.returns import EventKind
from schema.submissions import ReviewState

# The next state for each event. Comments, clearances and proposed redactions do not change the state.
TABLE = {
    "pending": {"approved": "approved", "queried": "queried", "superseded": "superseded", "redacted": "redacted"},
    "queried": {"approved": "approved", "superseded": "superseded", "redacted": "redacted"},
    "approved": {"reopened": "pending", "superseded": "superseded", "redacted": "redacted"},
    "superseded": {"redacted": "redacted"},
    "redacted": {},
}
UNCHANGING_EVENTS = {"commented", "cleared", "redaction-proposed"}


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("event", EventKind)
def test_each_event_leads_to_its_next_state(state, event):
    expected = TABLE[state].get(event) or (state if event in UNCHANGING_EVENTS and state != "redacted" else None)
    if expected is None:
        with pytest.raises(
            review_states.InvalidTransition, match=f"that is {state} cannot be {event.replace('-', ' ')}"
        ):
            review_states.next_state(state, event)
    else:
        assert review_states.next_state(state, event) == expected
    assert (event in review_states.allowed_events(state)) == (expected is not None)


@given(st.lists(st.sampled_from(EventKind)))
def test_redacted_revision_allows_no_further_event(events):
    state = ReviewState.PENDING
    for event in events:
        allowed = review_states.allowed_events(state)
        try:
            state = review_states.next_state(state, event)
            assert event in allowed
        except review_states.InvalidTransition:
            assert event not in allowed
        assert state in ReviewState
        if state is ReviewState.REDACTED:
            assert not review_states.allowed_events(state)


def test_every_state_is_reachable():
    reached = {ReviewState.PENDING}
    for _ in ReviewState:
        reached |= {
            review_states.next_state(state, event) for state in reached for event in review_states.allowed_events(state)
        }
    assert reached == set(ReviewState)
