"""Where a revision may go: one table, walked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.submissions import review_states
from schema.returns import EventKind
from schema.submissions import ReviewState

# What happens to a revision in each state. Unmoving: a comment, texts cleared of persons, redaction proposed.
TABLE = {
    "pending": {"approved": "approved", "queried": "queried", "superseded": "superseded", "redacted": "redacted"},
    "queried": {"approved": "approved", "superseded": "superseded", "redacted": "redacted"},
    "approved": {"reopened": "pending", "superseded": "superseded", "redacted": "redacted"},
    "superseded": {"redacted": "redacted"},
    "redacted": {},
}
UNMOVING = {"commented", "cleared", "redaction-proposed"}


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("event", EventKind)
def test_each_event_in_each_state(state, event):
    leads_to = TABLE[state].get(event) or (state if event in UNMOVING and state != "redacted" else None)
    if leads_to is None:
        with pytest.raises(
            review_states.InvalidTransition, match=f"that is {state} cannot be {event.replace('-', ' ')}"
        ):
            review_states.next_state(state, event)
    else:
        assert review_states.next_state(state, event) == leads_to
    assert (event in review_states.allowed_events(state)) == (leads_to is not None)


@given(st.lists(st.sampled_from(EventKind)))
def test_whatever_happens_a_revision_is_in_one_of_its_states_and_what_is_redacted_stays_so(events):
    state = ReviewState.PENDING
    for event in events:
        possible = review_states.allowed_events(state)
        try:
            state = review_states.next_state(state, event)
            assert event in possible
        except review_states.InvalidTransition:
            assert event not in possible
        assert state in ReviewState
        if state is ReviewState.REDACTED:
            assert not review_states.allowed_events(state)


def test_every_state_can_be_reached():
    reached = {ReviewState.PENDING}
    for _ in ReviewState:
        reached |= {
            review_states.next_state(state, event) for state in reached for event in review_states.allowed_events(state)
        }
    assert reached == set(ReviewState)
