"""Roles that organisations play one after another: who owes which period, and which bindings are refused."""

from datetime import date

import msgspec
import pytest

from api.http.refusals import NotFound
from api.plan import bindings, obligations
from api.plan.binding_changes import (
    BindingRule,
    BindingsWouldChange,
    InvalidBinding,
    bind_role,
    end_binding,
    settle_bindings,
)
from api.plan.checks import find_mistakes
from api.plan.mistakes import InvalidPlan
from schema.plan import Plan
from tests.fixtures.example_plan import HARBOUR_PLAN

ROLE, COUNCIL, TRUST = "job-club", "harbour-council", "light-trust"
TRUST_RECORD = {"slug": TRUST, "name": "Light Trust", "kind": "voluntary", "plan_name": None, "basis": "proposed"}
MONTHS = [f"2026-{n:02}" for n in range(1, 13)]


def make_plan(*bound: tuple[str, ...], duty: dict | None = None, cadence: dict | None = None, **role: object) -> Plan:
    """Return the harbour plan with another organisation, and with bindings of its role."""
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["organisations"].append(TRUST_RECORD)
    days = ("organisation", "valid_from", "valid_to")
    raw["roles"][0] |= role | {"bindings": [dict(zip(days, binding, strict=False)) for binding in bound]}
    next(d for d in raw["duties"] if d["holder"] == ROLE).update(duty or {})
    raw["measures"][0]["cadence"] |= cadence or {}
    return msgspec.convert(raw, Plan)


def list_owed(plan: Plan) -> dict[tuple[str, str | None], list[str]]:
    """Return the periods of the role's measure by holder and organisation."""
    owed: dict[tuple[str, str | None], list[str]] = {}
    for expected in obligations.list_expected_returns(plan):
        if expected.measure == "learners" and expected.holder in (ROLE, COUNCIL, TRUST):
            owed.setdefault((expected.holder, expected.organisation), []).append(expected.period.code)
    return owed


NOBODY, OWN, LATER = (ROLE, None), (COUNCIL, COUNCIL), (TRUST, TRUST)
QUARTERS = [f"CY2026-Q{n}" for n in range(1, 5)]
HALVES = [f"R6-2026-{n:02}" for n in range(6, 13)]
ROLLING = {"period_type": "months-ending", "months": 6}
# fmt: off
OWED = {
    "no binding":               (make_plan(),                                                   {NOBODY: MONTHS}),
    "from the first day":       (make_plan((COUNCIL, "2026-01-01")),                            {OWN: MONTHS}),
    "from March":               (make_plan((COUNCIL, "2026-03-01")),                            {NOBODY: MONTHS[:2], OWN: MONTHS[2:]}),
    "from within March":        (make_plan((COUNCIL, "2026-03-31")),                            {NOBODY: MONTHS[:2], OWN: MONTHS[2:]}),
    "from the last day":        (make_plan((COUNCIL, "2026-12-31")),                            {NOBODY: MONTHS[:11], OWN: MONTHS[11:]}),
    "succession":               (make_plan((COUNCIL, "2026-03-01"), (TRUST, "2026-07-15")),     {NOBODY: MONTHS[:2], OWN: MONTHS[2:6], LATER: MONTHS[6:]}),
    "until May":                (make_plan((COUNCIL, "2026-03-01", "2026-05-31")),              {NOBODY: [*MONTHS[:2], *MONTHS[5:]], OWN: MONTHS[2:5]}),
    "until within May":         (make_plan((COUNCIL, "2026-03-01", "2026-05-30")),              {NOBODY: [*MONTHS[:2], *MONTHS[4:]], OWN: MONTHS[2:4]}),
    "a gap":                    (make_plan((COUNCIL, "2026-03-01", "2026-05-31"), (TRUST, "2026-08-01")), {NOBODY: [*MONTHS[:2], *MONTHS[5:7]], OWN: MONTHS[2:5], LATER: MONTHS[7:]}),
    "no gap":                   (make_plan((COUNCIL, "2026-01-01", "2026-05-31"), (TRUST, "2026-06-01")), {OWN: MONTHS[:5], LATER: MONTHS[5:]}),
    "there and back":           (make_plan((COUNCIL, "2026-01-01"), (TRUST, "2026-03-01"), (COUNCIL, "2026-05-01")), {OWN: [*MONTHS[:2], *MONTHS[4:]], LATER: MONTHS[2:4]}),
    "again after a gap":        (make_plan((COUNCIL, "2026-01-01", "2026-02-28"), (COUNCIL, "2026-05-01")), {NOBODY: MONTHS[2:4], OWN: [*MONTHS[:2], *MONTHS[4:]]}),
    "duty from May":            (make_plan((COUNCIL, "2026-03-01"), duty={"valid_from": "2026-05-01"}), {OWN: MONTHS[4:]}),
    "duty until June":          (make_plan((COUNCIL, "2026-03-01"), duty={"valid_to": "2026-06-30"}), {NOBODY: MONTHS[:2], OWN: MONTHS[2:6]}),
    "duty that has ended":      (make_plan((COUNCIL, "2026-03-01"), duty={"valid_to": "2026-02-28"}), {NOBODY: MONTHS[:2]}),
    "within a quarter":         (make_plan((COUNCIL, "2026-05-20"), cadence={"period_type": "calendar-quarter"}), {NOBODY: QUARTERS[:1], OWN: QUARTERS[1:]}),
    "six months ending":        (make_plan((COUNCIL, "2026-08-10"), cadence=ROLLING),           {NOBODY: HALVES[:2], OWN: HALVES[2:]}),
    "a cadence without periods": (make_plan((COUNCIL, "2026-05-20"), cadence={"period_type": "snapshot"}), {}),
}
# fmt: on


@pytest.mark.parametrize("case", OWED)
def test_period_belongs_to_the_organisation_bound_on_its_last_day(case):
    plan, owed = OWED[case]
    assert list_owed(plan) == owed
    assert not list(find_mistakes(plan))


def test_other_duties_and_dates_stay_as_they_are():
    plan = make_plan((COUNCIL, "2026-03-01"))
    divided = bindings.apply_bindings(plan)
    assert [d for d in divided.duties if d.holder not in (ROLE, COUNCIL)] == [
        d for d in plan.duties if d.holder != ROLE
    ]
    dates = [(d.holder, d.valid_from, d.valid_to) for d in divided.duties if d.holder in (ROLE, COUNCIL)]
    assert dates == [(ROLE, None, date(2026, 2, 28)), (COUNCIL, date(2026, 3, 1), None)]
    assert bindings.apply_bindings(HARBOUR_PLAN).duties == HARBOUR_PLAN.duties


def test_duty_for_an_unknown_measure_is_not_divided():
    plan = make_plan((COUNCIL, "2026-03-01"), duty={"measure": "ghosts"})
    assert bindings.apply_bindings(plan).duties == plan.duties


def test_first_returns_are_those_of_the_role_from_the_day():
    plan = make_plan((COUNCIL, "2026-03-20"), (TRUST, "2026-07-01"))
    for organisation, day, period in ((COUNCIL, date(2026, 3, 20), "2026-03"), (TRUST, date(2026, 7, 1), "2026-07")):
        first = obligations.list_first_returns(plan, ROLE, organisation, day)
        assert [(expected.measure, expected.period.code) for expected in first] == [("learners", period)]
    assert obligations.list_first_returns(plan, "baker", COUNCIL, date(2026, 3, 20)) == []


def test_binding_is_added_after_the_earlier_ones():
    plan = bind_role(make_plan((COUNCIL, "2026-03-01")), ROLE, TRUST, date(2026, 7, 1))
    assert plan == make_plan((COUNCIL, "2026-03-01"), (TRUST, "2026-07-01"))


# fmt: off
#   plan, organisation, day                                                             words of the refusal
REFUSED_BINDINGS = {
    "before the programme":     (make_plan(), COUNCIL, "2025-12-31",                    "2025-12-31 programme 2026-01-01 2026-12-31"),
    "after the programme":      (make_plan(), COUNCIL, "2027-01-01",                    "2027-01-01 programme 2026-01-01 2026-12-31"),
    "after it has left":        (make_plan(), "old-quay-school", "2026-02-01",          "2026-02-01 old-quay-school 2026-01-31"),
    "a class":                  (make_plan(), "local-choirs", "2026-03-01",             "local-choirs class"),
    "the same again":           (make_plan((COUNCIL, "2026-03-01")), COUNCIL, "2026-05-01", "bound harbour-council 2026-03-01 already"),
    "the same day":             (make_plan((COUNCIL, "2026-03-01")), TRUST, "2026-03-01", "bound harbour-council 2026-03-01 early"),
    "an earlier day":           (make_plan((COUNCIL, "2026-03-01")), TRUST, "2026-02-01", "bound harbour-council 2026-03-01 early"),
    "for the whole programme":  (make_plan(bound_to=TRUST), COUNCIL, "2026-03-01",      "job-club light-trust whole programme"),
    "its own return":           (make_plan(), "quay-college", "2026-03-01",             "quay-college learners headline main already"),
    "before the last day":      (make_plan((COUNCIL, "2026-03-01", "2026-05-31")), TRUST, "2026-05-31", "bound harbour-council 2026-03-01 2026-05-31 early"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSED_BINDINGS)
def test_wrong_binding_is_refused(case):
    plan, organisation, day, words = REFUSED_BINDINGS[case]
    with pytest.raises(InvalidBinding) as refusal:
        bind_role(plan, ROLE, organisation, date.fromisoformat(day))
    assert all(word in str(refusal.value) for word in words.split())


def test_ended_binding_has_a_last_day():
    assert end_binding(make_plan((COUNCIL, "2026-03-01")), ROLE, date(2026, 5, 31)) == make_plan(
        (COUNCIL, "2026-03-01", "2026-05-31")
    )


# fmt: off
#   plan, role, last day                                                                words of the refusal
REFUSED_ENDS = {
    "no binding":               (make_plan(), "2026-05-31",                             "job-club binding"),
    "for the whole programme":  (make_plan(bound_to=TRUST), "2026-05-31",               "job-club binding"),
    "ended already":            (make_plan((COUNCIL, "2026-03-01", "2026-05-31")), "2026-06-30", "job-club binding"),
    "before it begins":         (make_plan((COUNCIL, "2026-03-01")), "2026-02-28",      "harbour-council 2026-03-01 2026-02-28 early"),
    "after the programme":      (make_plan((COUNCIL, "2026-03-01")), "2027-01-01",      "2027-01-01 programme 2026-12-31"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSED_ENDS)
def test_wrong_end_is_refused(case):
    plan, day, words = REFUSED_ENDS[case]
    with pytest.raises(InvalidBinding) as refusal:
        end_binding(plan, ROLE, date.fromisoformat(day))
    assert all(word in str(refusal.value) for word in words.split())


def test_end_of_an_unknown_role_is_refused():
    with pytest.raises(NotFound, match=ROLE):
        end_binding(make_plan(), "job-clubs", date(2026, 5, 31))


@pytest.mark.parametrize(
    ("role", "organisation", "nearest"),
    [("job-clubs", COUNCIL, ROLE), (ROLE, "harbor-council", COUNCIL), ("zzz", COUNCIL, ROLE), (ROLE, "zzz", COUNCIL)],
)
def test_unknown_code_is_refused_with_known_ones(role, organisation, nearest):
    with pytest.raises(NotFound, match=nearest):
        bind_role(make_plan(), role, organisation, date(2026, 3, 1))


def test_refusal_says_so_if_there_are_no_roles():
    with pytest.raises(NotFound, match="none"):
        bind_role(msgspec.structs.replace(HARBOUR_PLAN, roles=[]), ROLE, COUNCIL, date(2026, 3, 1))


def test_plan_file_names_the_wrong_binding():
    mistakes = list(find_mistakes(make_plan(("nobody", "2026-03-01"), (TRUST, "2026-01-01"))))
    assert {mistake.path for mistake in mistakes} == {
        ("roles", 0, "bindings", 0, "organisation"),
        ("roles", 0, "bindings", 1),
    }
    assert COUNCIL in mistakes[0].allowed


BOUND, UNBOUND, OTHER = make_plan((COUNCIL, "2026-03-01")), make_plan(), make_plan((TRUST, "2026-03-01"))


@pytest.mark.parametrize("rule", BindingRule)
@pytest.mark.parametrize(("old", "new"), [(BOUND, BOUND), (UNBOUND, BOUND), (UNBOUND, UNBOUND)])
def test_file_may_always_keep_or_add_bindings(rule, old, new):
    assert settle_bindings(old, new, rule) == new


@pytest.mark.parametrize("old", [BOUND, make_plan(bound_to=COUNCIL)], ids=["from a day", "for the whole programme"])
@pytest.mark.parametrize("new", [UNBOUND, OTHER, make_plan(bound_to=TRUST)], ids=["none", "other", "other for all"])
def test_file_with_other_bindings_changes_them_only_on_request(old, new):
    with pytest.raises(BindingsWouldChange, match=f"(?s){ROLE} is bound to {COUNCIL}.*--keep-bindings") as refusal:
        settle_bindings(old, new, BindingRule.REFUSE)
    assert "--replace-bindings" in str(refusal.value)
    kept = settle_bindings(old, msgspec.structs.replace(new, title="Other"), BindingRule.KEEP)
    assert (kept.title, kept.roles) == ("Other", old.roles)
    assert settle_bindings(old, new, BindingRule.REPLACE) == new


def test_file_that_cannot_keep_the_bindings_is_refused():
    without_role = msgspec.structs.replace(
        UNBOUND, roles=[], duties=[duty for duty in UNBOUND.duties if duty.holder != ROLE]
    )
    with pytest.raises(BindingsWouldChange, match="no such role"):
        settle_bindings(BOUND, without_role, BindingRule.KEEP)
    assert settle_bindings(BOUND, without_role, BindingRule.REPLACE) == without_role
    with pytest.raises(InvalidPlan, match=TRUST):
        settle_bindings(OTHER, HARBOUR_PLAN, BindingRule.KEEP)
