"""States of obligations, and decisions about them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from api.http import pagination
from api.http.refusals import InvalidParameter, NotFound
from api.plan import calendar
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.reviews import concessions, obligations
from api.reviews.parameters import to_utc
from api.reviews.structs import CallerRights, ObligationDetails, RevisionState
from api.statistics import periods
from api.submissions.required_cells import required_cells
from schema.partners import Scope
from schema.reviews import Extension, NewExemption, NewExtension, ObligationState
from schema.submissions import ReturnKind, ReviewState
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN, TOWN, make_catalogue, make_cells

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
PERSON, DECISION_ID = "Ann", UUID(int=1)


def make_rights(organisation: str = "harbour-council", *scopes: Scope, self_review: bool = False) -> CallerRights:
    return CallerRights(
        person=PERSON,
        own_organisations=frozenset({organisation}),
        scopes=frozenset(scopes or {Scope.REVIEW}),
        self_review=self_review,
    )


FEBRUARY = periods.parse("2026-02")
DEADLINES = calendar.compute_deadlines(
    FEBRUARY, HARBOUR_PLAN.calendar
)  # due 11 March, timely to 16 March, closed on 10 April


def make_details(state: str | None = None, kind: str = "data", **details: object) -> ObligationDetails:
    fields = {
        "holder": "quay-college",
        "organisation": "quay-college",
        "measure": "learners",
        "series": "headline",
        "service": "main",
        "period": FEBRUARY,
        "deadlines": DEADLINES,
        "extended_due": DEADLINES.due,
    }
    if state is not None:
        fields["newest_revision"] = RevisionState(number=1, kind=ReturnKind(kind), state=ReviewState(state))
        fields["revision_id"] = 70
    return ObligationDetails(**(fields | details))


def make_extension(until: datetime) -> Extension:
    return Extension(
        id=DECISION_ID,
        organisation="quay-college",
        measure="learners",
        series="headline",
        service="main",
        period="2026-02",
        until=until,
        reason="So.",
        granted_at=NOW,
    )


DUE, CLOSES = DEADLINES.due, DEADLINES.closes_at
assert CLOSES is not None
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("details", "now", "state"),
    [
        (make_details(), datetime(2026, 2, 28, 23, 59, tzinfo=UTC), "not-due"),
        (make_details(), datetime(2026, 3, 1, tzinfo=UTC), "open"),
        (make_details(), DUE - TICK, "open"),
        (make_details(), DUE, "overdue"),
        (make_details(), CLOSES - TICK, "overdue"),
        (make_details(), CLOSES, "closed"),
        (make_details(extension=make_extension(DUE + timedelta(days=3))), DUE + timedelta(days=3) - TICK, "open"),
        (make_details(extension=make_extension(DUE + timedelta(days=3))), DUE + timedelta(days=3), "overdue"),
        (make_details(extension=make_extension(CLOSES + timedelta(days=3))), CLOSES, "open"),
        (make_details(extension=make_extension(CLOSES + timedelta(days=3))), CLOSES + timedelta(days=3), "closed"),
        (make_details(extension=make_extension(DUE - timedelta(days=3))), DUE - TICK, "open"),
        (make_details("pending"), CLOSES, "pending"),
        (make_details("pending", "nil"), NOW, "pending"),
        (make_details("queried"), NOW, "queried"),
        (make_details("approved"), NOW, "approved"),
        (make_details("pending", "withdrawn"), NOW, "open"),
        (make_details("approved", "withdrawn"), DUE, "overdue"),
        (make_details("queried", "withdrawn"), NOW, "queried"),
        (make_details("redacted"), NOW, "open"),
        (make_details(exemption_reason="So."), CLOSES, "exempt"),
        (make_details("pending", exemption_reason="So."), NOW, "pending"),
        (make_details("redacted", exemption_reason="So."), NOW, "exempt"),
    ],
)
def test_obligation_state_follows_return_deadlines_and_exemption(details, now, state):
    assert obligations.find_obligation_state(details, now=now) == ObligationState(state)


@pytest.mark.parametrize(
    ("details", "present", "missing"),
    [
        (make_details(), {}, None),
        (make_details("pending", "withdrawn"), {}, None),
        (make_details("redacted"), {}, None),
        (make_details("pending", "nil"), {}, 0),
        (make_details("pending"), {70: 5}, "all but 5"),
        (make_details("pending"), {}, "all"),
    ],
)
def test_missing_cells_are_counted_for_returns_of_cells(details, present, missing):
    duty_areas = obligations.find_duty_areas([details], HARBOUR_CATALOGUE)
    missing_cells = obligations.build_obligation(
        details, make_rights(), HARBOUR_CATALOGUE, present, now=NOW
    ).missing_cells
    if isinstance(missing, str):
        assert duty_areas == {70: ("learners", TOWN)}
        assert missing_cells == len(required_cells(HARBOUR_CATALOGUE, "learners", TOWN)) - present.get(70, 0)
    else:
        assert (missing_cells, duty_areas) == (missing, {})


def test_owed_cells_are_counted_for_each_revision():
    cells = make_cells("town 4", "town sex=male 4", "town sex=female 0", "town 9", items=[70, 70, 70, 71])
    duty_areas = {70: ("learners", TOWN), 71: ("learners", TOWN), 72: ("learners", TOWN)}
    assert obligations.count_present_cells(cells, duty_areas, HARBOUR_CATALOGUE) == {70: 3, 71: 1, 72: 0}


def test_milestone_has_no_missing_cells():
    measures = [replace(m, stages=["done"]) for m in HARBOUR_PLAN.measures]
    obligation = obligations.build_obligation(
        make_details("pending"), make_rights(), make_catalogue(replace(HARBOUR_PLAN, measures=measures)), {}, now=NOW
    )
    assert obligation.missing_cells == 0


def test_obligation_of_an_unassigned_role_is_overdue_without_actions():
    obligation = obligations.build_obligation(
        make_details(holder="job-club", organisation=None), make_rights(), HARBOUR_CATALOGUE, {}, now=DUE
    )
    assert (obligation.holder, obligation.organisation, obligation.state, obligation.actions) == (
        "job-club",
        None,
        "overdue",
        [],
    )


def test_obligation_without_a_duty_has_the_area_of_the_programme():
    assert obligations.find_duty_area(make_details(), HARBOUR_CATALOGUE) == TOWN
    assert (
        obligations.find_duty_area(make_details(holder="pier-college", measure="pass-rate"), HARBOUR_CATALOGUE) == TOWN
    )
    assert (
        obligations.find_duty_area(make_details(), make_catalogue(replace(HARBOUR_PLAN, duties=[])))
        == HARBOUR_PLAN.area
    )


DECISION = {"organisation": "quay-college", "measure": "learners", "period": "2026-02", "reason": "So."}


def test_decision_is_about_an_owed_or_admitted_return():
    exempted = msgspec.convert(DECISION | {"exempt": True}, NewExemption)
    assert obligations.resolve_obligation_key(exempted, HARBOUR_CATALOGUE) == (
        "quay-college",
        "learners",
        "headline",
        "main",
        "2026-02",
    )
    admitted = DECISION | {"organisation": "pier-college", "measure": "members", "exempt": True}
    key = obligations.resolve_obligation_key(msgspec.convert(admitted, NewExemption), HARBOUR_CATALOGUE)
    assert obligations.build_exemption(DECISION_ID, key, exempted, now=NOW).measure == "members"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"organisation": "nobody"}, UnknownCode),
        ({"measure": "nothing"}, NotFound),
        ({"series": "other"}, UnknownCode),
        ({"service": "other"}, obligations.NotExpected),
        ({"organisation": "harbour-council"}, obligations.NotExpected),
        ({"period": "2025-Q1"}, UnclearPeriod),
        ({"period": "CY2026-Q1"}, obligations.NotExpected),
        ({"period": "2025-12"}, obligations.NotExpected),
        ({"period": "2027-01"}, obligations.NotExpected),
        ({"measure": "members", "service": "other"}, obligations.NotExpected),
    ],
)
def test_decision_about_a_return_that_is_not_owed_is_refused(changed, refusal):
    with pytest.raises(refusal):
        obligations.resolve_obligation_key(
            msgspec.convert(DECISION | {"exempt": True} | changed, NewExemption), HARBOUR_CATALOGUE
        )


def test_decision_after_the_end_of_a_duty_is_refused():
    duties = [replace(duty, valid_to=FEBRUARY.start) for duty in HARBOUR_PLAN.duties]
    with pytest.raises(obligations.NotExpected, match="^2026-02 .*learners"):
        obligations.resolve_obligation_key(
            msgspec.convert(DECISION | {"exempt": True}, NewExemption),
            make_catalogue(replace(HARBOUR_PLAN, duties=duties)),
        )


def test_decision_about_a_cadence_without_months_is_refused():
    cadence = {"period_type": "months-ending", "basis": "stated"}
    measures = [replace(m, cadence=msgspec.convert(cadence, type(m.cadence))) for m in HARBOUR_PLAN.measures]
    with pytest.raises(obligations.NotExpected):
        obligations.resolve_obligation_key(
            msgspec.convert(DECISION | {"exempt": True}, NewExemption),
            make_catalogue(replace(HARBOUR_PLAN, measures=measures)),
        )


def test_extension_ends_in_the_future_and_within_two_years():
    for until in (NOW, NOW - TICK, NOW + obligations.MAX_EXTENSION + TICK):
        with pytest.raises(obligations.InvalidExtensionDate):
            obligations.check_extension_date(until, now=NOW)
    obligations.check_extension_date(NOW + TICK, now=NOW)
    new_extension = msgspec.convert(DECISION | {"until": NOW + TICK}, NewExtension)
    assert (
        obligations.build_extension(
            DECISION_ID, obligations.resolve_obligation_key(new_extension, HARBOUR_CATALOGUE), new_extension, now=NOW
        ).granted_at
        == NOW
    )


def test_instants_need_an_offset_and_a_date_within_the_calendar():
    assert to_utc("to", None) is None
    assert to_utc("to", NOW) == NOW
    for text in ("2026-01-01T00:00:00", "0001-01-01T00:00:00+12:00"):
        with pytest.raises(InvalidParameter):
            to_utc("to", datetime.fromisoformat(text))


def test_extension_moves_only_the_deadlines_of_its_own_return():
    key = ("quay-college", "learners", "headline", "main", "2026-02")
    extended = concessions.Concessions(extended_until={key: CLOSES + TICK})
    assert extended.extended_deadlines(key, FEBRUARY, HARBOUR_PLAN.calendar).closes_at == CLOSES + TICK
    assert extended.extended_deadlines((*key[:4], "2026-03"), FEBRUARY, HARBOUR_PLAN.calendar) == DEADLINES
    assert concessions.NO_CONCESSIONS.extended_deadlines(key, FEBRUARY, HARBOUR_PLAN.calendar) == DEADLINES


def test_instant_cursor_counts_the_entries_of_its_instant():
    first = pagination.make_instant_cursor([NOW + TICK, NOW, NOW], None)
    assert first == pagination.InstantCursor(NOW, 2)
    assert pagination.make_instant_cursor([NOW, NOW], first) == pagination.InstantCursor(NOW, 4)
    assert pagination.make_instant_cursor([NOW, NOW - TICK], first) == pagination.InstantCursor(NOW - TICK, 1)
    assert pagination.decode_cursor(pagination.encode_cursor(first), pagination.InstantCursor) == first
