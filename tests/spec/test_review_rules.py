"""Who may decide what about a return, and what follows from a decision."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from api.http.refusals import NotFound
from api.reviews import rules
from api.reviews.structs import CallerRights, ReviewableReturn, RevisionEvent, RevisionState
from api.statistics import periods
from api.submissions.review_states import NON_TRANSITIONING, TRANSITIONS, InvalidTransition, allowed_events, next_state
from schema.partners import Grant, Scope
from schema.problems import CellName, Finding, Severity
from schema.returns import EventKind
from schema.reviews import ReturnAction
from schema.submission_reports import SubmissionReport
from schema.submissions import ReturnKind, ReviewState
from tests.fixtures.example_plan import HARBOUR_PLAN, make_catalogue, make_summary

PERSON, OTHER_PERSON = "ann@example.org", "bob@example.org"


def make_rights(organisation: str = "harbour-council", *scopes: Scope, self_review: bool = False) -> CallerRights:
    return CallerRights(
        person=PERSON,
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


def derive_events(
    reviewed_return: ReviewableReturn, event: str, number: int, **details: object
) -> list[tuple[str, int, str | None]]:
    events = rules.derive_events(reviewed_return, EventKind(event), number, **details)
    return [(event.event, event.number, event.state) for event in events]


@pytest.mark.parametrize(
    ("states", "event", "number", "events"),
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
def test_decision_records_its_events_in_order(states, event, number, events):
    reviewed_return = make_return(*states)
    assert derive_events(reviewed_return, event, number) == events
    recorded = rules.derive_events(reviewed_return, EventKind(event), number)
    new_states = [state for _, revision, state in events if revision == number and state]
    expected = new_states[-1] if new_states else states[number - 1]
    assert rules.find_state_after(reviewed_return, number, recorded) == expected


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
def test_impossible_decision_is_refused(states, event, number, refusal):
    with pytest.raises(refusal):
        derive_events(make_return(*states), event, number)


def test_only_existing_entries_are_cleared_and_each_once():
    reviewed_return = make_return("approved", "pending", entries=3)
    assert rules.derive_events(reviewed_return, EventKind.CLEARED, 2, entries=[3, 1, 3]) == [
        RevisionEvent(event=EventKind.CLEARED, number=2, state=None, entries=[1, 3])
    ]
    assert derive_events(reviewed_return, "cleared", 1, entries=[1]) == [("cleared", 1, None)]
    with pytest.raises(rules.NothingToClear, match=r"\b3\b.*\b4\b"):
        derive_events(reviewed_return, "cleared", 2, entries=[4, 5])
    with pytest.raises(rules.NothingToClear, match=r"\b0\b.*\b1\b"):
        derive_events(make_return("pending"), "cleared", 1, entries=[1])


EVENTS = st.sampled_from([EventKind.RECORDED, *(event for event in EventKind if event is not EventKind.RECORDED)])


@given(events=st.lists(st.tuples(EVENTS, st.integers(1, 6)), max_size=40))
def test_any_sequence_of_events_keeps_the_states_consistent(events):
    """Every transition is in the table, and at most one revision is approved."""
    states: list[ReviewState] = [ReviewState.PENDING]

    def apply(event: EventKind, number: int, state: ReviewState | None) -> None:
        before = states[number - 1]
        assert event in allowed_events(before)
        assert next_state(before, event) == (state or before)
        assert (event in NON_TRANSITIONING) == (state is None)
        states[number - 1] = state or before

    for event, number in events:
        if event is EventKind.RECORDED:  # a submission records this event
            if states[-1] in (ReviewState.PENDING, ReviewState.QUERIED):
                apply(EventKind.SUPERSEDED, len(states), ReviewState.SUPERSEDED)
            states.append(ReviewState.PENDING)
        elif event is not EventKind.SUPERSEDED:  # only follows from another event
            try:
                revision_events = rules.derive_events(make_return(*states, entries=9), event, number, entries=[1])
            except (NotFound, InvalidTransition, rules.NewerRevision):
                continue
            for revision_event in revision_events:
                apply(revision_event.event, revision_event.number, revision_event.state)
        assert states.count(ReviewState.APPROVED) <= 1
        undecided = [n for n, state in enumerate(states, 1) if state in (ReviewState.PENDING, ReviewState.QUERIED)]
        assert undecided in ([], [len(states)])
        assert states[-1] is not ReviewState.SUPERSEDED


def test_every_state_is_reachable_by_the_transitions():
    assert {ReviewState.PENDING, *TRANSITIONS.values()} == set(ReviewState)
    for (state, event), following_state in TRANSITIONS.items():
        assert next_state(state, event) is following_state


@pytest.mark.parametrize(
    ("rights", "organisation", "is_allowed"),
    [
        (make_rights(), "quay-college", True),
        (make_rights("quay-college"), "quay-college", False),
        (make_rights("quay-college", self_review=True), "quay-college", True),
        (make_rights("harbour-council", Scope.SUBMIT), "quay-college", False),
    ],
)
def test_reviewers_decide_on_returns_of_other_organisations(rights, organisation, is_allowed):
    assert rules.is_allowed_to_decide(rights, organisation) is is_allowed
    if is_allowed:
        rules.refuse_own_return(rights, organisation)
    else:
        with pytest.raises(rules.OwnReturn):
            rules.refuse_own_return(rights, organisation)


def test_successor_cannot_decide_on_returns_of_its_predecessor():
    organisations = [
        replace(o, successors=["pier-college"]) if o.slug == "quay-college" else o for o in HARBOUR_PLAN.organisations
    ]
    grant = Grant(programme=HARBOUR_PLAN.slug, organisation="pier-college", scopes=[Scope.REVIEW])
    rights = rules.derive_rights(grant, PERSON, make_catalogue(replace(HARBOUR_PLAN, organisations=organisations)))
    assert not rules.is_allowed_to_decide(rights, "quay-college")
    assert rights.self_review is False


def test_redaction_requires_two_people():
    with pytest.raises(rules.NotProposed):
        rules.refuse_same_person(None, make_rights(), 1)
    with pytest.raises(rules.TwoPeopleRequired):
        rules.refuse_same_person(PERSON.upper(), make_rights(), 1)
    rules.refuse_same_person(OTHER_PERSON, make_rights(), 1)
    rules.refuse_second_proposal(1, is_new=True)
    with pytest.raises(rules.AlreadyProposed):
        rules.refuse_second_proposal(1, is_new=False)


SUBMITTER = make_rights("quay-college", Scope.SUBMIT)


@pytest.mark.parametrize(
    ("rights", "state", "details", "actions"),
    [
        (SUBMITTER, None, {}, "submit"),
        (SUBMITTER, None, {"is_open": False}, ""),
        (make_rights(), None, {}, ""),
        (SUBMITTER, "pending", {}, "submit withdraw comment"),
        (SUBMITTER, "pending", {"is_open": False}, "comment"),
        (SUBMITTER, "pending", {"is_newest": False}, "submit comment"),
        (SUBMITTER, "pending", {"kind": "withdrawn"}, "submit comment"),
        (SUBMITTER, "redacted", {}, "submit"),
        (make_rights("quay-college", Scope.READ), "pending", {}, ""),
        (make_rights("quay-college", Scope.ADMIN), "pending", {}, ""),
        (make_rights("harbour-council", Scope.SUBMIT), "pending", {}, ""),
        (make_rights(), "pending", {}, "approve query comment propose-redaction"),
        (make_rights(), "pending", {"entries": 2}, "approve query comment clear-for-release propose-redaction"),
        (make_rights(), "queried", {}, "approve comment propose-redaction"),
        (make_rights(), "approved", {}, "reopen comment propose-redaction"),
        (
            make_rights(),
            "approved",
            {"is_newest": False, "entries": 1},
            "reopen comment clear-for-release propose-redaction",
        ),
        (make_rights(), "superseded", {"is_newest": False, "entries": 1}, "comment propose-redaction"),
        (make_rights(), "superseded", {"is_newest": False, "proposed_by": OTHER_PERSON}, "comment confirm-redaction"),
        (make_rights(), "superseded", {"is_newest": False, "proposed_by": PERSON}, "comment"),
        (make_rights(), "redacted", {"proposed_by": OTHER_PERSON, "entries": 1}, ""),
        (make_rights("quay-college"), "pending", {}, "comment"),
        (make_rights("quay-college", self_review=True), "pending", {}, "approve query comment propose-redaction"),
    ],
)
def test_listed_actions_are_those_that_the_routes_accept(rights, state, details, actions):
    details = dict(details)
    entries, kind = details.pop("entries", 0), ReturnKind(details.pop("kind", "data"))
    target = (
        None if state is None else RevisionState(number=1, kind=kind, state=ReviewState(state), entry_count=entries)
    )
    assert rules.list_actions(rights, "quay-college", target, **({"is_open": True} | details)) == [
        ReturnAction(action) for action in actions.split()
    ]


def test_review_selects_findings_of_its_return_and_of_the_whole_submission():
    def make_finding(code: str, **details: object) -> dict:
        return msgspec.to_builtins(Finding(code=code, severity=Severity.WARNING, message="So.", **details))

    cell = {"measure": "learners", "series": "headline", "service": "main"}
    counts = {"received": 0, "added": 0, "changed": 0, "unchanged": 0, "withdrawn": 0}
    report = msgspec.convert(
        {
            "programme": "p",
            "organisation": "quay-college",
            "plan_version": 1,
            "outcome": "accepted",
            "dry_run": False,
            "receipt": None,
            "dry_run_token": None,
            "counts": counts,
            "returns": [
                {
                    **cell,
                    "period": msgspec.to_builtins(periods.parse(period)),
                    "outcome": "accepted",
                    "revision": 1,
                    "counts": counts,
                    "timeliness": "late",
                    "completeness": {"required": 0, "present": 0, "missing": []},
                }
                for period in ("2026-01", "2026-02")
            ],
            "findings": [
                make_finding("a", cell=CellName(**cell, period="2026-02")),
                make_finding("b", cell=CellName(**cell, period="2026-01")),
                make_finding("c", path="/returns/1/note"),
                make_finding("d", path="/returns/0/note"),
                make_finding("e", path="/note"),
                make_finding("f", rows=[3], column="note"),
            ],
            "changes": [],
            "change_count": 0,
            "effects": [],
        },
        SubmissionReport,
    )
    assert [finding.code for finding in rules.select_findings(make_summary(), report)] == ["a", "c", "e", "f"]
    assert rules.select_findings(make_summary(), None) == []
