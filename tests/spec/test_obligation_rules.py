"""What a plan expects of whom, and by when: duties times calendar."""

from datetime import UTC, datetime

import msgspec
import pytest

from api.plan import calendar, obligations
from api.statistics import periods
from schema.measures import Cadence
from schema.plan import Calendar, Plan
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN


def changed(change) -> Plan:
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    change(raw)
    return msgspec.convert(raw, Plan)


def expected(plan: Plan, holder: str, measure: str) -> list[str]:
    return [
        one.period.code
        for one in obligations.list_expected_returns(plan)
        if (one.holder, one.measure) == (holder, measure)
    ]


MONTHS = [f"2026-{n:02}" for n in range(1, 13)]


def duty(**fields: object):
    return lambda raw: raw["duties"][0].update(fields)


def cadence(**fields: object):
    return lambda raw: raw["measures"][0].update(cadence={"basis": "stated", **fields})


def series(**fields: object):
    return lambda raw: raw["measures"][0]["series"][0].update(fields)


SOURCE = {"publisher": "The town", "title": "Census", "verified": True}

# fmt: off
#   what is changed in the first duty or its measure               what Quay College is expected to return
EXPECTED = {
    "every month":                (duty(),                                            MONTHS),
    "from March":                 (duty(valid_from="2026-03-01"),                     MONTHS[2:]),
    "from within March":          (duty(valid_from="2026-03-02"),                     MONTHS[3:]),
    "until June":                 (duty(valid_to="2026-06-30"),                       MONTHS[:6]),
    "until within June":          (duty(valid_to="2026-06-29"),                       MONTHS[:5]),
    "only admitted":              (duty(required=False),                              []),
    "quarters":                   (cadence(period_type="calendar-quarter"),           ["CY2026-Q1", "CY2026-Q2", "CY2026-Q3", "CY2026-Q4"]),
    "a year not in the window":   (cadence(period_type="financial-year"),             []),
    "six months ending":          (cadence(period_type="months-ending", months=6),    [f"R6-2026-{n:02}" for n in range(6, 13)]),
    "any day":                    (cadence(period_type="snapshot"),                   []),
    "from published statistics":  (series(collection="published", source=SOURCE),     []),
}
# fmt: on


@pytest.mark.parametrize("case", EXPECTED)
def test_duties_times_calendar(case):
    change, wanted = EXPECTED[case]
    assert expected(changed(change), "quay-college", "learners") == wanted


def test_who_is_to_make_it_and_by_when():
    first = next(obligations.list_expected_returns(HARBOUR_PLAN))
    assert (first.organisation, first.measure, first.series, first.service) == (
        "quay-college",
        "learners",
        "headline",
        "main",
    )
    assert [one.isoformat() for one in (first.deadlines.due, first.deadlines.timely_until)] == [
        "2026-02-11T00:00:00+00:00",
        "2026-02-16T00:00:00+00:00",
    ]


#   holder             whose obligation it is
HOLDERS = [
    ("quay-college", "quay-college"),
    ("job-club", None),  # a role that nobody has taken on
    ("local-choirs", None),  # a class without members here
]


@pytest.mark.parametrize(("holder", "organisation"), HOLDERS)
def test_expected_also_where_nobody_is_named(holder, organisation):
    found = {one.organisation for one in obligations.list_expected_returns(HARBOUR_PLAN) if one.holder == holder}
    assert found == {organisation}
    assert {HARBOUR_CATALOGUE.resolve_holder(one) for one in HARBOUR_PLAN.duties if one.holder == holder} == {
        organisation
    }


def test_a_role_that_is_bound_is_its_organisations():
    bound = changed(lambda raw: raw["roles"][0].update(bound_to="pier-college"))
    found = {one.organisation for one in obligations.list_expected_returns(bound) if one.holder == "job-club"}
    assert found == {"pier-college"}


def test_acting_for_runs_through_every_succession():
    assert HARBOUR_CATALOGUE.list_represented_organisations("quay-college") == [
        "quay-college",
        "old-quay-school",
        "old-net-loft",
    ]
    assert HARBOUR_CATALOGUE.list_represented_organisations("old-quay-school") == ["old-quay-school", "old-net-loft"]
    assert HARBOUR_CATALOGUE.list_represented_organisations("pier-college") == ["pier-college"]


def test_two_that_succeed_each_other_do_not_run_in_a_circle():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    next(one for one in raw["organisations"] if one["slug"] == "quay-college")["successors"] = ["old-quay-school"]
    here = msgspec.structs.replace(HARBOUR_CATALOGUE, plan=msgspec.convert(raw, Plan))
    assert here.list_represented_organisations("quay-college") == ["quay-college", "old-quay-school", "old-net-loft"]


# ---- three instants, and more time

JANUARY = periods.parse("2026-01")
CALENDAR = msgspec.convert({"due_days": 10, "late_after_days": 15, "closes_days": 40, "basis": "stated"}, Calendar)
OPEN_END = msgspec.structs.replace(CALENDAR, closes_days=None)

# fmt: off
#   calendar   given until            due                  timely until         closes
EXTENDED = [
    (CALENDAR, None,                  "2026-02-11 00:00",  "2026-02-16 00:00",  "2026-03-13 00:00"),
    (CALENDAR, "2026-02-13T12:00Z",   "2026-02-13 12:00",  "2026-02-16 00:00",  "2026-03-13 00:00"),
    (CALENDAR, "2026-03-01T00:00Z",   "2026-03-01 00:00",  "2026-03-01 00:00",  "2026-03-13 00:00"),
    (CALENDAR, "2026-05-01T00:00Z",   "2026-05-01 00:00",  "2026-05-01 00:00",  "2026-05-01 00:00"),
    (CALENDAR, "2026-01-01T00:00Z",   "2026-02-11 00:00",  "2026-02-16 00:00",  "2026-03-13 00:00"),
    (OPEN_END, "2026-05-01T00:00Z",   "2026-05-01 00:00",  "2026-05-01 00:00",  None),
]
# fmt: on


@pytest.mark.parametrize(("rules", "until", "due", "timely", "closes"), EXTENDED)
def test_an_extension_moves_each_instant_no_earlier(rules, until, due, timely, closes):
    given = None if until is None else datetime.fromisoformat(until)
    limits = calendar.apply_extension(calendar.compute_deadlines(JANUARY, rules), given)
    said = [one and one.astimezone(UTC).strftime("%Y-%m-%d %H:%M") for one in msgspec.structs.astuple(limits)]
    assert said == [due, timely, closes]


def test_a_cadence_without_a_length_lists_nothing():
    assert msgspec.convert({"period_type": "months-ending", "basis": "stated"}, Cadence).months is None
    assert expected(changed(cadence(period_type="months-ending")), "quay-college", "learners") == []
