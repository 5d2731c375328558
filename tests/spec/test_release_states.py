"""Which release of a programme is current at an instant."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.outcomes.release_states import ReleaseState, select_release

EMBARGO_ENDS = datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
BEFORE, AFTER = EMBARGO_ENDS.replace(second=0, minute=29), EMBARGO_ENDS.replace(hour=10)
STATES = {
    "harbour": [  # release 2 is withdrawn
        ReleaseState(programme=1, number=number, publication=UUID(int=number), published_at=published_at)
        for number, published_at in ((4, EMBARGO_ENDS), (3, BEFORE), (1, BEFORE))
    ]
}

CASES = [
    # programme, number, now, selected number
    ("harbour", None, BEFORE, 3),
    ("harbour", None, EMBARGO_ENDS, 4),
    ("harbour", None, AFTER, 4),
    ("harbour", 4, BEFORE, None),
    ("harbour", 4, EMBARGO_ENDS, 4),
    ("harbour", 1, AFTER, 1),
    ("harbour", 2, AFTER, None),
    ("harbour", 5, AFTER, None),
    ("harbour", None, BEFORE.replace(hour=8), None),
    ("quay", None, AFTER, None),
]


@pytest.mark.parametrize(("programme", "number", "now", "expected"), CASES)
def test_release_is_selected_by_number_and_embargo(programme, number, now, expected):
    selected = select_release(STATES, (programme, number), now=now)
    assert (selected and selected.number) == expected
