"""Review rules: who may decide, what follows, and the state of each obligation. Pure functions, fixed clock."""

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


def make_catalogue(**changes: object) -> Catalogue:
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


HERE = make_catalogue()


def make_caller(organisation: str = "harbour-council", *scopes: Scope, self_review: bool = False) -> CallerRights:
    return CallerRights(
        client=ME,
        own_organisations=frozenset({organisation}),
        scopes=frozenset(scopes or {Scope.REVIEW}),
        self_review=self_review,
    )


def make_return(*states: str, entries: int = 0) -> ReviewableReturn:
    revisions = [
        RevisionState(number=number, kind=ReturnKind.DATA, state=ReviewState(state), entry_count=entries)
        for number, state in enumerate(states, 1)
    ]
    return ReviewableReturn(id=7, organisation="quay-college", revisions=revisions)


def list_events(
    reviewable: ReviewableReturn, event: str, number: int, **options: object
) -> list[tuple[str, int, str | None]]:
    return [
        (item.event, item.number, item.state)
        for item in rules.derive_events(reviewable, EventKind(event), number, **options)
    ]


@pytest.mark.parametrize(
    ("states", "event", "number", "expected"),
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
def test_events_and_state_follow_from_an_action(states, event, number, expected):
    reviewable = make_return(*states)
    assert list_events(reviewable, event, number) == expected
    events = rules.derive_events(reviewable, EventKind(event), number)
    states_after = [state for _, revision, state in expected if revision == number and state]
    assert rules.find_state_after(reviewable, number, events) == (
        states_after[-1] if states_after else states[number - 1]
    )


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
def test_impossible_action_is_refused(states, event, number, refusal):
    with pytest.raises(refusal):
        list_events(make_return(*states), event, number)


def test_each_existing_entry_is_cleared_once():
    reviewable = make_return("approved", "pending", entries=3)
    assert rules.derive_events(reviewable, EventKind.CLEARED, 2, entries=[3, 1, 3]) == [
        RevisionEvent(event=EventKind.CLEARED, number=2, state=None, entries=[1, 3])
    ]
    assert list_events(reviewable, "cleared", 1, entries=[1]) == [("cleared", 1, None)]
    with pytest.raises(rules.NothingToClear, match=r"\b3\b.*\b4\b"):
        list_events(reviewable, "cleared", 2, entries=[4, 5])
    with pytest.raises(rules.NothingToClear, match=r"\b0\b.*\b1\b"):
        list_events(make_return("pending"), "cleared", 1, entries=[1])


EVENTS = st.sampled_from([EventKind.RECORDED, *(event for event in EventKind if event is not EventKind.RECORDED)])


@given(walk=st.lists(st.tuples(EVENTS, st.integers(1, 6)), max_size=40))
def test_any_sequence_of_events_keeps_the_states_consistent(walk):
    """Check that any sequence follows the table of transitions and leaves at most one approved revision."""
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
        elif event is not EventKind.SUPERSEDED:  # it only follows from another event
            try:
                acts = rules.derive_events(make_return(*states, entries=9), event, number, entries=[1])
            except (NotFound, InvalidTransition, rules.NewerRevision):
                continue
            for act in acts:
                move(act.event, act.number, act.state)
        assert states.count(ReviewState.APPROVED) <= 1
        undecided = [n for n, state in enumerate(states, 1) if state in (ReviewState.PENDING, ReviewState.QUERIED)]
        assert undecided in ([], [len(states)])
        assert states[-1] is not ReviewState.SUPERSEDED


def test_every_state_and_transition_is_reached():
    assert {ReviewState.PENDING, *TRANSITIONS.values()} == set(ReviewState)
    for (state, event), state_after in TRANSITIONS.items():
        assert next_state(state, event) is state_after


@pytest.mark.parametrize(
    ("caller", "organisation", "is_allowed"),
    [
        (make_caller(), "quay-college", True),
        (make_caller("quay-college"), "quay-college", False),
        (make_caller("quay-college", self_review=True), "quay-college", True),
        (make_caller("harbour-council", Scope.SUBMIT), "quay-college", False),
    ],
)
def test_only_reviewers_of_another_organisation_may_decide(caller, organisation, is_allowed):
    assert rules.is_allowed_to_decide(caller, organisation) is is_allowed
    if is_allowed:
        rules.refuse_own_return(caller, organisation)
    else:
        with pytest.raises(rules.OwnReturn):
            rules.refuse_own_return(caller, organisation)


def test_successor_cannot_decide_on_returns_of_its_predecessor():
    organisations = [
        msgspec.structs.replace(o, successors=["pier-college"]) if o.slug == "quay-college" else o
        for o in PLAN.organisations
    ]
    grant = Grant(programme=PLAN.slug, organisation="pier-college", scopes=[Scope.REVIEW])
    by = rules.derive_rights(grant, ME, make_catalogue(organisations=organisations))
    assert not rules.is_allowed_to_decide(by, "quay-college")
    assert by.self_review is False


def test_redaction_takes_two_people():
    with pytest.raises(rules.NotProposed):
        rules.refuse_same_person(None, make_caller(), 1)
    with pytest.raises(rules.TwoPeopleRequired):
        rules.refuse_same_person(ME, make_caller(), 1)
    rules.refuse_same_person(YOU, make_caller(), 1)
    rules.refuse_second_proposal(1, is_new=True)
    with pytest.raises(rules.AlreadyProposed):
        rules.refuse_second_proposal(1, is_new=False)


OWN = make_caller("quay-college", Scope.SUBMIT)


@pytest.mark.parametrize(
    ("caller", "state", "options", "allowed"),
    [
        (OWN, None, {}, "submit"),
        (OWN, None, {"is_open": False}, ""),
        (make_caller(), None, {}, ""),
        (OWN, "pending", {}, "submit withdraw comment"),
        (OWN, "pending", {"is_open": False}, "comment"),
        (OWN, "pending", {"is_newest": False}, "submit comment"),
        (OWN, "pending", {"kind": "withdrawn"}, "submit comment"),
        (OWN, "redacted", {}, "submit"),
        (make_caller("quay-college", Scope.READ), "pending", {}, "comment"),
        (make_caller("quay-college", Scope.ADMIN), "pending", {}, ""),
        (make_caller("harbour-council", Scope.SUBMIT), "pending", {}, ""),
        (make_caller(), "pending", {}, "approve query comment propose-redaction"),
        (make_caller(), "pending", {"entries": 2}, "approve query comment clear-for-release propose-redaction"),
        (make_caller(), "queried", {}, "approve comment propose-redaction"),
        (make_caller(), "approved", {}, "reopen comment propose-redaction"),
        (
            make_caller(),
            "approved",
            {"is_newest": False, "entries": 1},
            "reopen comment clear-for-release propose-redaction",
        ),
        (make_caller(), "superseded", {"is_newest": False, "entries": 1}, "comment propose-redaction"),
        (make_caller(), "superseded", {"is_newest": False, "proposed_by": YOU}, "comment confirm-redaction"),
        (make_caller(), "superseded", {"is_newest": False, "proposed_by": ME}, "comment"),
        (make_caller(), "redacted", {"proposed_by": YOU, "entries": 1}, ""),
        (make_caller("quay-college"), "pending", {}, "comment propose-redaction"),
        (make_caller("quay-college", self_review=True), "pending", {}, "approve query comment propose-redaction"),
    ],
)
def test_listed_actions_are_those_that_the_routes_accept(caller, state, options, allowed):
    options = dict(options)
    entries, kind = options.pop("entries", 0), ReturnKind(options.pop("kind", "data"))
    target = (
        None if state is None else RevisionState(number=1, kind=kind, state=ReviewState(state), entry_count=entries)
    )
    assert rules.list_actions(caller, "quay-college", target, **({"is_open": True} | options)) == [
        ReturnAction(a) for a in allowed.split()
    ]


def make_revision(
    measure: str = "learners", organisation: str = "quay-college", period: str = "2026-02"
) -> ReturnRevision:
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


def test_findings_are_those_of_the_return_and_of_the_whole_submission():
    def finding(code: str, **fields: object) -> dict:
        return msgspec.to_builtins(Finding(code=code, severity=Severity.WARNING, message="So.", **fields))

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
    assert [selected.code for selected in rules.select_findings(make_revision(), report)] == ["a", "c", "e", "f"]
    assert rules.select_findings(make_revision(), None) == []


def make_total(organisation: str, value: int | None = None, **fields: object) -> ReturnedTotal:
    defaults = {"kind": ReturnKind.DATA, "area": TOWN, "service": "main"} | fields
    return ReturnedTotal(organisation=organisation, value=value, **defaults)


@pytest.mark.parametrize(
    ("measure", "other_totals", "text"),
    [
        ("learners", [make_total("pier-college", 9)], "pier-college 9, quay-college 5"),
        ("learners", [], None),
        ("learners", [make_total("quay-college", 3, service="evening")], None),
        ("learners", [make_total("pier-college", kind=ReturnKind.NIL, area=None)], "pier-college 0, quay-college 5"),
        ("learners", [make_total("pier-college", status="c", lower=1, upper=4)], "pier-college between 1 and 4"),
        ("learners", [make_total("pier-college", status="c", lower=2)], "pier-college between 2 and ?"),
        ("learners", [make_total("pier-college", status="c", upper=4)], "pier-college between 0 and 4"),
        ("learners", [make_total("pier-college", status="x")], "pier-college [x]"),
        ("learners", [make_total("pier-college", 9, area="E05999991")], None),
        ("learners", [make_total("pier-college", 9, service="evening")], "pier-college (evening) 9"),
        ("pass-rate", [make_total("pier-college", numerator=1, denominator=2)], "pier-college 1/2"),
        ("gone", [make_total("pier-college", 9)], None),
    ],
)
def test_possible_double_count_names_organisations_and_counts(measure, other_totals, text):
    findings = overlaps.find_double_counts(make_revision(measure), [make_total("quay-college", 5), *other_totals], HERE)
    assert [text in finding.message for finding in findings] == ([True] if text else [])


@pytest.mark.parametrize(
    ("kind", "overlap", "is_possible"),
    [
        ("flow", "unknown", True),
        ("flow", "disjoint", False),
        ("distinct", "disjoint", True),
        ("evidence", "unknown", False),
        ("milestone", "unknown", False),
    ],
)
def test_kind_and_overlap_decide_whether_a_double_count_is_possible(kind, overlap, is_possible):
    measure = msgspec.convert(
        msgspec.to_builtins(HERE.measures["learners"]) | {"kind": kind, "overlap": overlap}, type(PLAN.measures[0])
    )
    assert overlaps.has_possible_overlap(measure) is is_possible


def test_separate_areas_have_no_double_count():
    duties = [
        msgspec.structs.replace(duty, area="E05999991" if duty.holder == "quay-college" else "E05999992")
        for duty in PLAN.duties
    ]
    totals = [make_total("quay-college", 5, area="E05999991"), make_total("pier-college", 9, area="E05999992")]
    assert overlaps.find_double_counts(make_revision(), totals, make_catalogue(duties=duties)) == []


FEBRUARY = periods.parse("2026-02")
LIMITS = calendar.compute_deadlines(FEBRUARY, PLAN.calendar)  # due 11 March, late from 16 March, closed on 10 April


def make_details(state: str | None = None, kind: str = "data", **fields: object) -> ObligationDetails:
    defaults = {
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
        defaults["newest_revision"] = RevisionState(number=1, kind=ReturnKind(kind), state=ReviewState(state))
        defaults["revision_id"] = 70
    return ObligationDetails(**(defaults | fields))


def extend(until: datetime) -> Extension:
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
    ("details", "now", "state"),
    [
        (make_details(), datetime(2026, 2, 28, 23, 59, tzinfo=UTC), "not-due"),
        (make_details(), datetime(2026, 3, 1, tzinfo=UTC), "open"),
        (make_details(), DUE - TICK, "open"),
        (make_details(), DUE, "overdue"),
        (make_details(), CLOSES - TICK, "overdue"),
        (make_details(), CLOSES, "closed"),
        (make_details(extension=extend(DUE + timedelta(days=3))), DUE + timedelta(days=3) - TICK, "open"),
        (make_details(extension=extend(DUE + timedelta(days=3))), DUE + timedelta(days=3), "overdue"),
        (make_details(extension=extend(CLOSES + timedelta(days=3))), CLOSES, "open"),
        (make_details(extension=extend(CLOSES + timedelta(days=3))), CLOSES + timedelta(days=3), "closed"),
        (make_details(extension=extend(DUE - timedelta(days=3))), DUE - TICK, "open"),
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
def test_obligation_has_its_state(details, now, state):
    assert expectations.find_obligation_state(details, now=now) == ObligationState(state)


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
def test_missing_cells_are_counted_for_data_returns(details, present, missing):
    revisions, owed = expectations.list_owed_cells([details], HERE)
    [*cells] = owed.values()
    missing_cells = expectations.build_obligation(details, make_caller(), HERE, present, now=NOW).missing_cells
    if isinstance(missing, str):
        assert revisions == {70: ("learners", TOWN)}
        assert missing_cells == len(cells[0]) - present.get(70, 0)
    else:
        assert (missing_cells, revisions) == (missing, {})


def test_milestone_has_no_missing_cells():
    measures = [msgspec.structs.replace(m, stages=["done"]) for m in PLAN.measures]
    obligation = expectations.build_obligation(
        make_details("pending"), make_caller(), make_catalogue(measures=measures), {}, now=NOW
    )
    assert obligation.missing_cells == 0


def test_obligation_of_a_role_without_holder_becomes_overdue():
    obligation = expectations.build_obligation(
        make_details(holder="job-club", organisation=None), make_caller(), HERE, {}, now=DUE
    )
    assert (obligation.holder, obligation.organisation, obligation.state, obligation.actions) == (
        "job-club",
        None,
        "overdue",
        [],
    )


def test_area_is_that_of_the_duty_or_else_of_the_programme():
    assert expectations.find_duty_area(make_details(), HERE) == TOWN
    assert expectations.find_duty_area(make_details(holder="pier-college", measure="pass-rate"), HERE) == TOWN
    assert expectations.find_duty_area(make_details(), make_catalogue(duties=[])) == PLAN.area


GIVEN = {"organisation": "quay-college", "measure": "learners", "period": "2026-02", "reason": "So."}


def test_concession_names_an_expected_or_voluntary_return():
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
    ("changes", "refusal"),
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
def test_concession_without_an_obligation_is_refused(changes, refusal):
    with pytest.raises(refusal):
        expectations.resolve_obligation_key(msgspec.convert(GIVEN | {"exempt": True} | changes, NewExemption), HERE)


def test_return_after_the_end_of_its_duty_cannot_be_extended():
    duties = [msgspec.structs.replace(duty, valid_to=FEBRUARY.start) for duty in PLAN.duties]
    with pytest.raises(expectations.NotExpected, match="^2026-02 .*learners"):
        expectations.resolve_obligation_key(
            msgspec.convert(GIVEN | {"exempt": True}, NewExemption), make_catalogue(duties=duties)
        )


def test_cadence_without_a_length_has_no_periods():
    cadence = {"period_type": "months-ending", "basis": "stated"}
    measures = [msgspec.structs.replace(m, cadence=msgspec.convert(cadence, type(m.cadence))) for m in PLAN.measures]
    with pytest.raises(expectations.NotExpected):
        expectations.resolve_obligation_key(
            msgspec.convert(GIVEN | {"exempt": True}, NewExemption), make_catalogue(measures=measures)
        )


def test_extension_ends_in_the_future_and_within_two_years():
    for until in (NOW, NOW - TICK, NOW + expectations.MAX_EXTENSION + TICK):
        with pytest.raises(expectations.InvalidExtensionDate):
            expectations.check_extension_date(until, now=NOW)
    expectations.check_extension_date(NOW + TICK, now=NOW)
    request = msgspec.convert(GIVEN | {"until": NOW + TICK}, NewExtension)
    assert (
        expectations.build_extension(
            ME, expectations.resolve_obligation_key(request, HERE), request, now=NOW
        ).granted_at
        == NOW
    )


def test_instant_needs_an_offset_and_a_valid_date():
    assert expectations.to_utc("to", None) is None
    assert expectations.to_utc("to", NOW) == NOW
    for wrong in ("2026-01-01T00:00:00", "0001-01-01T00:00:00+12:00"):
        with pytest.raises(InvalidParameter):
            expectations.to_utc("to", datetime.fromisoformat(wrong))


def test_concession_changes_only_its_own_return():
    key = ("quay-college", "learners", "headline", "main", "2026-02")
    granted = concessions.Concessions(extended_until={key: CLOSES + TICK})
    assert granted.extended_deadlines(key, FEBRUARY, PLAN.calendar).closes_at == CLOSES + TICK
    assert granted.extended_deadlines((*key[:4], "2026-03"), FEBRUARY, PLAN.calendar) == LIMITS
    assert concessions.NO_CONCESSIONS.extended_deadlines(key, FEBRUARY, PLAN.calendar) == LIMITS


def test_cursor_counts_the_items_already_listed_for_its_instant():
    first_cursor = pagination.make_instant_cursor([NOW + TICK, NOW, NOW], None)
    assert first_cursor == pagination.InstantCursor(NOW, 2)
    assert pagination.make_instant_cursor([NOW, NOW], first_cursor) == pagination.InstantCursor(NOW, 4)
    assert pagination.make_instant_cursor([NOW, NOW - TICK], first_cursor) == pagination.InstantCursor(NOW - TICK, 1)
    assert pagination.decode_cursor(pagination.encode_cursor(first_cursor), pagination.InstantCursor) == first_cursor
