"""Who may decide what, what follows, and where each expected return is. Pure: no database, the clock stands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http import pagination
from api.http.refusals import InvalidParameter, NotFound
from api.plan import calendar, queries_loading
from api.plan.breakdowns import list_breakdown_keys
from api.plan.catalogue import Catalogue, DatabaseIds
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.reviews import concessions, expectations, overlaps, rules
from api.reviews.acts import (
    CallerRights,
    ObligationDetails,
    ReturnedTotal,
    ReviewableReturn,
    RevisionEvent,
    RevisionState,
)
from api.statistics import periods
from api.submissions.review_states import NON_TRANSITIONING, TRANSITIONS, InvalidTransition, allowed_events, next_state
from schema.partners import Grant, Scope
from schema.problems import CellName, Finding, Severity
from schema.returns import EventKind, ReturnRevision
from schema.reviews import Extension, NewExemption, NewExtension, ObligationState, ReturnAction
from schema.submission_reports import SubmissionReport
from schema.submissions import ReturnKind, ReviewState

HARBOUR = Path(__file__).parent.parent / "plans" / "harbour.yaml"
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TOWN = "E06999999"
PLAN = queries_loading.read_plan(HARBOUR)
ME, YOU = UUID(int=1), UUID(int=2)


def catalogue(**changes: object) -> Catalogue:
    plan = msgspec.structs.replace(PLAN, **changes)
    return Catalogue(
        id=1,
        slug=plan.slug,
        sandbox=False,
        version=1,
        plan=plan,
        ids=DatabaseIds(
            organisations={o.slug: n for n, o in enumerate(plan.organisations, 1)},
            series={
                (m.slug, s.slug): n for n, (m, s) in enumerate(((m, s) for m in plan.measures for s in m.series), 1)
            },
            areas={a.code: n for n, a in enumerate(plan.areas, 1)},
            breakdowns={key: n for n, key in enumerate(list_breakdown_keys(plan), 1)},
        ),
    )


HERE = catalogue()


def viewer(organisation: str = "harbour-council", *scopes: Scope, self_review: bool = False) -> CallerRights:
    return CallerRights(
        client=ME,
        own_organisations=frozenset({organisation}),
        scopes=frozenset(scopes or {Scope.REVIEW}),
        self_review=self_review,
    )


def a_return(*states: str, entries: int = 0) -> ReviewableReturn:
    revisions = [
        RevisionState(number=number, kind=ReturnKind.DATA, state=ReviewState(state), entry_count=entries)
        for number, state in enumerate(states, 1)
    ]
    return ReviewableReturn(id=7, organisation="quay-college", revisions=revisions)


def told(one: ReviewableReturn, event: str, number: int, **more: object) -> list[tuple[str, int, str | None]]:
    return [(t.event, t.number, t.state) for t in rules.derive_events(one, EventKind(event), number, **more)]


@pytest.mark.parametrize(
    ("states", "event", "number", "follows"),
    [
        (["pending"], "approved", 1, [("approved", 1, "approved")]),
        (["queried"], "approved", 1, [("approved", 1, "approved")]),
        (["pending"], "queried", 1, [("queried", 1, "queried")]),
        (["pending"], "commented", 1, [("commented", 1, None)]),
        (["superseded", "pending"], "commented", 1, [("commented", 1, None)]),
        (["approved"], "reopened", 1, [("reopened", 1, "pending")]),
        (["approved", "pending"], "approved", 2, [("superseded", 1, "superseded"), ("approved", 2, "approved")]),
        (["approved", "pending"], "queried", 2, [("queried", 2, "queried")]),
        (["approved", "pending"], "reopened", 1, [("reopened", 1, "pending"), ("superseded", 1, "superseded")]),
        (["approved", "redacted"], "reopened", 1, [("reopened", 1, "pending"), ("superseded", 1, "superseded")]),
        (["superseded", "pending"], "redaction-proposed", 1, [("redaction-proposed", 1, None)]),
        (["superseded", "pending"], "redacted", 1, [("redacted", 1, "redacted")]),
        (["approved"], "redacted", 1, [("redacted", 1, "redacted")]),
    ],
)
def test_what_follows_from_an_act(states, event, number, follows):
    one = a_return(*states)
    assert told(one, event, number) == follows
    acts = rules.derive_events(one, EventKind(event), number)
    moved = [state for _, at, state in follows if at == number and state]
    assert rules.find_state_after(one, number, acts) == (moved[-1] if moved else states[number - 1])


@pytest.mark.parametrize(
    ("states", "event", "number", "refusal"),
    [
        (["superseded", "pending"], "approved", 1, rules.NewerRevision),
        (["superseded", "pending"], "queried", 1, rules.NewerRevision),
        (["superseded", "pending"], "reopened", 1, rules.NewerRevision),
        (["superseded", "pending"], "cleared", 1, rules.NewerRevision),
        (["approved", "pending"], "approved", 1, rules.NewerRevision),
        (["approved"], "approved", 1, InvalidTransition),
        (["approved"], "queried", 1, InvalidTransition),
        (["pending"], "reopened", 1, InvalidTransition),
        (["queried"], "queried", 1, InvalidTransition),
        (["redacted"], "commented", 1, InvalidTransition),
        (["redacted"], "cleared", 1, InvalidTransition),
        (["redacted"], "redaction-proposed", 1, InvalidTransition),
        (["redacted"], "redacted", 1, InvalidTransition),
        (["pending"], "approved", 2, NotFound),
    ],
)
def test_what_cannot_be_done(states, event, number, refusal):
    with pytest.raises(refusal):
        told(a_return(*states), event, number)


def test_entries_are_cleared_once_each_and_only_those_that_there_are():
    one = a_return("approved", "pending", entries=3)
    assert rules.derive_events(one, EventKind.CLEARED, 2, entries=[3, 1, 3]) == [
        RevisionEvent(event=EventKind.CLEARED, number=2, state=None, entries=[1, 3])
    ]
    assert told(one, "cleared", 1, entries=[1]) == [("cleared", 1, None)]
    with pytest.raises(rules.NothingToClear, match=r"\b3\b.*\b4\b"):
        told(one, "cleared", 2, entries=[4, 5])
    with pytest.raises(rules.NothingToClear, match=r"\b0\b.*\b1\b"):
        told(a_return("pending"), "cleared", 1, entries=[1])


EVENTS = st.sampled_from([EventKind.RECORDED, *(event for event in EventKind if event is not EventKind.RECORDED)])


@given(walk=st.lists(st.tuples(EVENTS, st.integers(1, 6)), max_size=40))
def test_whatever_happens_the_states_fit_together(walk):
    """Any sequence of submissions and acts: only what the table allows, and at most one revision that counts."""
    states: list[ReviewState] = [ReviewState.PENDING]

    def move(event: EventKind, number: int, state: ReviewState | None) -> None:
        before = states[number - 1]
        assert event in allowed_events(before)
        assert next_state(before, event) == (state or before)
        assert (event in NON_TRANSITIONING) == (state is None)
        states[number - 1] = state or before

    for event, number in walk:
        if event is EventKind.RECORDED:  # as a submission does
            if states[-1] in (ReviewState.PENDING, ReviewState.QUERIED):
                move(EventKind.SUPERSEDED, len(states), ReviewState.SUPERSEDED)
            states.append(ReviewState.PENDING)
        elif event is not EventKind.SUPERSEDED:  # nobody does that by itself
            try:
                acts = rules.derive_events(a_return(*states, entries=9), event, number, entries=[1])
            except (NotFound, InvalidTransition, rules.NewerRevision):
                continue
            for act in acts:
                move(act.event, act.number, act.state)
        assert states.count(ReviewState.APPROVED) <= 1
        waiting = [n for n, state in enumerate(states, 1) if state in (ReviewState.PENDING, ReviewState.QUERIED)]
        assert waiting in ([], [len(states)])
        assert states[-1] is not ReviewState.SUPERSEDED


def test_every_state_can_be_reached_and_every_transition_is_walked():
    assert {ReviewState.PENDING, *TRANSITIONS.values()} == set(ReviewState)
    for (state, event), then in TRANSITIONS.items():
        assert next_state(state, event) is then


@pytest.mark.parametrize(
    ("by", "organisation", "may"),
    [
        (viewer(), "quay-college", True),
        (viewer("quay-college"), "quay-college", False),
        (viewer("quay-college", self_review=True), "quay-college", True),
        (viewer("harbour-council", Scope.SUBMIT), "quay-college", False),
    ],
)
def test_who_may_decide(by, organisation, may):
    assert rules.is_allowed_to_decide(by, organisation) is may
    if may:
        rules.refuse_own_return(by, organisation)
    else:
        with pytest.raises(rules.OwnReturn):
            rules.refuse_own_return(by, organisation)


def test_a_successor_may_not_decide_on_its_predecessors_returns():
    organisations = [
        msgspec.structs.replace(o, successors=["pier-college"]) if o.slug == "quay-college" else o
        for o in PLAN.organisations
    ]
    grant = Grant(programme=PLAN.slug, organisation="pier-college", scopes=[Scope.REVIEW])
    by = rules.derive_rights(grant, ME, catalogue(organisations=organisations))
    assert not rules.is_allowed_to_decide(by, "quay-college")
    assert by.self_review is False


def test_redaction_takes_two():
    with pytest.raises(rules.NotProposed):
        rules.refuse_same_person(None, viewer(), 1)
    with pytest.raises(rules.TwoPeopleRequired):
        rules.refuse_same_person(ME, viewer(), 1)
    rules.refuse_same_person(YOU, viewer(), 1)
    rules.refuse_second_proposal(1, is_new=True)
    with pytest.raises(rules.AlreadyProposed):
        rules.refuse_second_proposal(1, is_new=False)


OWN = viewer("quay-college", Scope.SUBMIT)


@pytest.mark.parametrize(
    ("by", "state", "more", "allowed"),
    [
        (OWN, None, {}, "submit"),
        (OWN, None, {"is_open": False}, ""),
        (viewer(), None, {}, ""),
        (OWN, "pending", {}, "submit withdraw comment"),
        (OWN, "pending", {"is_open": False}, "comment"),
        (OWN, "pending", {"is_newest": False}, "submit comment"),
        (OWN, "pending", {"kind": "withdrawn"}, "submit comment"),
        (OWN, "redacted", {}, "submit"),
        (viewer("quay-college", Scope.READ), "pending", {}, "comment"),
        (viewer("quay-college", Scope.ADMIN), "pending", {}, ""),
        (viewer("harbour-council", Scope.SUBMIT), "pending", {}, ""),
        (viewer(), "pending", {}, "approve query comment propose-redaction"),
        (viewer(), "pending", {"entries": 2}, "approve query comment clear-for-release propose-redaction"),
        (viewer(), "queried", {}, "approve comment propose-redaction"),
        (viewer(), "approved", {}, "reopen comment propose-redaction"),
        (
            viewer(),
            "approved",
            {"is_newest": False, "entries": 1},
            "reopen comment clear-for-release propose-redaction",
        ),
        (viewer(), "superseded", {"is_newest": False, "entries": 1}, "comment propose-redaction"),
        (viewer(), "superseded", {"is_newest": False, "proposed_by": YOU}, "comment confirm-redaction"),
        (viewer(), "superseded", {"is_newest": False, "proposed_by": ME}, "comment"),
        (viewer(), "redacted", {"proposed_by": YOU, "entries": 1}, ""),
        (viewer("quay-college"), "pending", {}, "comment propose-redaction"),
        (viewer("quay-college", self_review=True), "pending", {}, "approve query comment propose-redaction"),
    ],
)
def test_actions_are_what_the_routes_would_take(by, state, more, allowed):
    more = dict(more)
    entries, kind = more.pop("entries", 0), ReturnKind(more.pop("kind", "data"))
    target = (
        None if state is None else RevisionState(number=1, kind=kind, state=ReviewState(state), entry_count=entries)
    )
    assert rules.list_actions(by, "quay-college", target, **({"is_open": True} | more)) == [
        ReturnAction(a) for a in allowed.split()
    ]


def standing(measure: str = "learners", organisation: str = "quay-college", period: str = "2026-02") -> ReturnRevision:
    return ReturnRevision(
        organisation=organisation,
        measure=measure,
        series="headline",
        service="main",
        period=periods.parse(period),
        kind=ReturnKind.DATA,
        revision=1,
        state=ReviewState.PENDING,
        approved_revision=None,
        cells=1,
        submission=ME,
        recorded_at=NOW,
        note=None,
    )


def test_findings_are_those_of_the_return_and_of_none_in_particular():
    def finding(code: str, **more: object) -> dict:
        return msgspec.to_builtins(Finding(code=code, severity=Severity.WARNING, message="So.", **more))

    cell = {"measure": "learners", "series": "headline", "service": "main"}
    numbers = {"received": 0, "added": 0, "changed": 0, "unchanged": 0, "withdrawn": 0}
    report = msgspec.convert(
        {
            "programme": "p",
            "organisation": "quay-college",
            "plan_version": 1,
            "outcome": "accepted",
            "dry_run": False,
            "receipt": None,
            "dry_run_token": None,
            "counts": numbers,
            "returns": [
                {
                    **cell,
                    "period": msgspec.to_builtins(periods.parse(period)),
                    "outcome": "accepted",
                    "revision": 1,
                    "counts": numbers,
                    "timeliness": "late",
                    "completeness": {"required": 0, "present": 0, "missing": []},
                }
                for period in ("2026-01", "2026-02")
            ],
            "findings": [
                finding("a", cell=CellName(**cell, period="2026-02")),
                finding("b", cell=CellName(**cell, period="2026-01")),
                finding("c", path="/returns/1/note"),
                finding("d", path="/returns/0/note"),
                finding("e", path="/note"),
                finding("f", rows=[3], column="note"),
            ],
            "changes": [],
            "change_count": 0,
            "effects": [],
        },
        SubmissionReport,
    )
    assert [found.code for found in rules.select_findings(standing(), report)] == ["a", "c", "e", "f"]
    assert rules.select_findings(standing(), None) == []


def total(organisation: str, value: int | None = None, **more: object) -> ReturnedTotal:
    given = {"kind": ReturnKind.DATA, "area": TOWN, "service": "main"} | more
    return ReturnedTotal(organisation=organisation, value=value, **given)


@pytest.mark.parametrize(
    ("measure", "others", "told"),
    [
        ("learners", [total("pier-college", 9)], "pier-college 9, quay-college 5"),
        ("learners", [], None),
        ("learners", [total("quay-college", 3, service="evening")], None),
        ("learners", [total("pier-college", kind=ReturnKind.NIL, area=None)], "pier-college 0, quay-college 5"),
        ("learners", [total("pier-college", status="c", lower=1, upper=4)], "pier-college between 1 and 4"),
        ("learners", [total("pier-college", status="c", lower=2)], "pier-college between 2 and ?"),
        ("learners", [total("pier-college", status="c", upper=4)], "pier-college between 0 and 4"),
        ("learners", [total("pier-college", status="x")], "pier-college [x]"),
        ("learners", [total("pier-college", 9, area="E05999991")], None),
        ("learners", [total("pier-college", 9, service="evening")], "pier-college (evening) 9"),
        ("pass-rate", [total("pier-college", numerator=1, denominator=2)], "pier-college 1/2"),
        ("gone", [total("pier-college", 9)], None),
    ],
)
def test_a_possible_double_count_says_who_and_how_much(measure, others, told):
    found = overlaps.find_double_counts(standing(measure), [total("quay-college", 5), *others], HERE)
    assert [told in finding.message for finding in found] == ([True] if told else [])


@pytest.mark.parametrize(
    ("kind", "overlap", "may"),
    [
        ("flow", "unknown", True),
        ("flow", "disjoint", False),
        ("distinct", "disjoint", True),
        ("evidence", "unknown", False),
        ("milestone", "unknown", False),
    ],
)
def test_which_measures_may_count_somebody_twice(kind, overlap, may):
    measure = msgspec.convert(
        msgspec.to_builtins(HERE.measures["learners"]) | {"kind": kind, "overlap": overlap}, type(PLAN.measures[0])
    )
    assert overlaps.has_possible_overlap(measure) is may


def test_places_that_do_not_meet_share_nobody():
    duties = [
        msgspec.structs.replace(duty, area="E05999991" if duty.holder == "quay-college" else "E05999992")
        for duty in PLAN.duties
    ]
    totals = [total("quay-college", 5, area="E05999991"), total("pier-college", 9, area="E05999992")]
    assert overlaps.find_double_counts(standing(), totals, catalogue(duties=duties)) == []


FEBRUARY = periods.parse("2026-02")
LIMITS = calendar.compute_deadlines(FEBRUARY, PLAN.calendar)  # due 11 March, timely to 16 March, closed on 10 April


def expected(state: str | None = None, kind: str = "data", **more: object) -> ObligationDetails:
    given = {
        "holder": "quay-college",
        "organisation": "quay-college",
        "measure": "learners",
        "series": "headline",
        "service": "main",
        "period": FEBRUARY,
        "deadlines": LIMITS,
        "extended_due": LIMITS.due,
    }
    if state is not None:
        given["newest_revision"] = RevisionState(number=1, kind=ReturnKind(kind), state=ReviewState(state))
        given["revision_id"] = 70
    return ObligationDetails(**(given | more))


def extended(until: datetime) -> Extension:
    return Extension(
        id=ME,
        organisation="quay-college",
        measure="learners",
        series="headline",
        service="main",
        period="2026-02",
        until=until,
        reason="So.",
        granted_at=NOW,
    )


DUE, CLOSES = LIMITS.due, LIMITS.closes_at
assert CLOSES is not None
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("one", "now", "state"),
    [
        (expected(), datetime(2026, 2, 28, 23, 59, tzinfo=UTC), "not-due"),
        (expected(), datetime(2026, 3, 1, tzinfo=UTC), "open"),
        (expected(), DUE - TICK, "open"),
        (expected(), DUE, "overdue"),
        (expected(), CLOSES - TICK, "overdue"),
        (expected(), CLOSES, "closed"),
        (expected(extension=extended(DUE + timedelta(days=3))), DUE + timedelta(days=3) - TICK, "open"),
        (expected(extension=extended(DUE + timedelta(days=3))), DUE + timedelta(days=3), "overdue"),
        (expected(extension=extended(CLOSES + timedelta(days=3))), CLOSES, "open"),
        (expected(extension=extended(CLOSES + timedelta(days=3))), CLOSES + timedelta(days=3), "closed"),
        (expected(extension=extended(DUE - timedelta(days=3))), DUE - TICK, "open"),
        (expected("pending"), CLOSES, "pending"),
        (expected("pending", "nil"), NOW, "pending"),
        (expected("queried"), NOW, "queried"),
        (expected("approved"), NOW, "approved"),
        (expected("pending", "withdrawn"), NOW, "open"),
        (expected("approved", "withdrawn"), DUE, "overdue"),
        (expected("queried", "withdrawn"), NOW, "queried"),
        (expected("redacted"), NOW, "open"),
        (expected(exemption_reason="So."), CLOSES, "exempt"),
        (expected("pending", exemption_reason="So."), NOW, "pending"),
        (expected("redacted", exemption_reason="So."), NOW, "exempt"),
    ],
)
def test_where_an_expected_return_is(one, now, state):
    assert expectations.find_obligation_state(one, now=now) == ObligationState(state)


@pytest.mark.parametrize(
    ("one", "present", "missing"),
    [
        (expected(), {}, None),
        (expected("pending", "withdrawn"), {}, None),
        (expected("redacted"), {}, None),
        (expected("pending", "nil"), {}, 0),
        (expected("pending"), {70: 5}, "all but 5"),
        (expected("pending"), {}, "all"),
    ],
)
def test_missing_cells_are_counted_where_there_could_be_some(one, present, missing):
    revisions, owed = expectations.list_owed_cells([one], HERE)
    [*asked] = owed.values()
    told = expectations.build_obligation(one, viewer(), HERE, present, now=NOW).missing_cells
    if isinstance(missing, str):
        assert revisions == {70: ("learners", TOWN)}
        assert told == len(asked[0]) - present.get(70, 0)
    else:
        assert (told, revisions) == (missing, {})


def test_a_milestone_lacks_no_cells():
    measures = [msgspec.structs.replace(m, stages=["done"]) for m in PLAN.measures]
    told = expectations.build_obligation(expected("pending"), viewer(), catalogue(measures=measures), {}, now=NOW)
    assert told.missing_cells == 0


def test_a_role_that_nobody_holds_is_seen_to_be_missing():
    told = expectations.build_obligation(expected(holder="job-club", organisation=None), viewer(), HERE, {}, now=DUE)
    assert (told.holder, told.organisation, told.state, told.actions) == ("job-club", None, "overdue", [])


def test_the_area_is_the_dutys_and_the_programmes_where_no_duty_is_left():
    assert expectations.find_duty_area(expected(), HERE) == TOWN
    assert expectations.find_duty_area(expected(holder="pier-college", measure="pass-rate"), HERE) == TOWN
    assert expectations.find_duty_area(expected(), catalogue(duties=[])) == PLAN.area


GIVEN = {"organisation": "quay-college", "measure": "learners", "period": "2026-02", "reason": "So."}


def test_a_decision_names_a_return_that_is_owed_or_admitted():
    exempted = msgspec.convert(GIVEN | {"exempt": True}, NewExemption)
    assert expectations.resolve_obligation_key(exempted, HERE) == (
        "quay-college",
        "learners",
        "headline",
        "main",
        "2026-02",
    )
    admitted = GIVEN | {"organisation": "pier-college", "measure": "members", "exempt": True}
    key = expectations.resolve_obligation_key(msgspec.convert(admitted, NewExemption), HERE)
    assert expectations.build_exemption(ME, key, exempted, now=NOW).measure == "members"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"organisation": "nobody"}, UnknownCode),
        ({"measure": "nothing"}, NotFound),
        ({"series": "other"}, UnknownCode),
        ({"service": "other"}, expectations.NotExpected),
        ({"organisation": "harbour-council"}, expectations.NotExpected),
        ({"period": "2025-Q1"}, UnclearPeriod),
        ({"period": "CY2026-Q1"}, expectations.NotExpected),
        ({"period": "2025-12"}, expectations.NotExpected),
        ({"period": "2027-01"}, expectations.NotExpected),
        ({"measure": "members", "service": "other"}, expectations.NotExpected),
    ],
)
def test_a_decision_on_what_nobody_owes_is_refused(changed, refusal):
    with pytest.raises(refusal):
        expectations.resolve_obligation_key(msgspec.convert(GIVEN | {"exempt": True} | changed, NewExemption), HERE)


def test_a_duty_ends_and_with_it_what_can_be_extended():
    duties = [msgspec.structs.replace(duty, valid_to=FEBRUARY.start) for duty in PLAN.duties]
    with pytest.raises(expectations.NotExpected, match="^2026-02 .*learners"):
        expectations.resolve_obligation_key(
            msgspec.convert(GIVEN | {"exempt": True}, NewExemption), catalogue(duties=duties)
        )


def test_a_cadence_without_a_length_has_no_periods():
    cadence = {"period_type": "months-ending", "basis": "stated"}
    measures = [msgspec.structs.replace(m, cadence=msgspec.convert(cadence, type(m.cadence))) for m in PLAN.measures]
    with pytest.raises(expectations.NotExpected):
        expectations.resolve_obligation_key(
            msgspec.convert(GIVEN | {"exempt": True}, NewExemption), catalogue(measures=measures)
        )


def test_an_extension_ends_in_the_future_and_within_two_years():
    for until in (NOW, NOW - TICK, NOW + expectations.MAX_EXTENSION + TICK):
        with pytest.raises(expectations.InvalidExtensionDate):
            expectations.check_extension_date(until, now=NOW)
    expectations.check_extension_date(NOW + TICK, now=NOW)
    given = msgspec.convert(GIVEN | {"until": NOW + TICK}, NewExtension)
    assert (
        expectations.build_extension(ME, expectations.resolve_obligation_key(given, HERE), given, now=NOW).granted_at
        == NOW
    )


def test_an_instant_needs_an_offset_and_a_place_in_the_calendar():
    assert expectations.to_utc("to", None) is None
    assert expectations.to_utc("to", NOW) == NOW
    for wrong in ("2026-01-01T00:00:00", "0001-01-01T00:00:00+12:00"):
        with pytest.raises(InvalidParameter):
            expectations.to_utc("to", datetime.fromisoformat(wrong))


def test_leeway_moves_the_instants_of_its_own_return_alone():
    key = ("quay-college", "learners", "headline", "main", "2026-02")
    granted = concessions.Concessions(extended_until={key: CLOSES + TICK})
    assert granted.extended_deadlines(key, FEBRUARY, PLAN.calendar).closes_at == CLOSES + TICK
    assert granted.extended_deadlines((*key[:4], "2026-03"), FEBRUARY, PLAN.calendar) == LIMITS
    assert concessions.NO_CONCESSIONS.extended_deadlines(key, FEBRUARY, PLAN.calendar) == LIMITS


def test_a_cursor_counts_what_was_seen_of_its_instant():
    first = pagination.make_instant_cursor([NOW + TICK, NOW, NOW], None)
    assert first == pagination.InstantCursor(NOW, 2)
    assert pagination.make_instant_cursor([NOW, NOW], first) == pagination.InstantCursor(NOW, 4)
    assert pagination.make_instant_cursor([NOW, NOW - TICK], first) == pagination.InstantCursor(NOW - TICK, 1)
    assert pagination.decode_cursor(pagination.encode_cursor(first), pagination.InstantCursor) == first
