"""Expected returns: the duties of a plan in each period, and their deadlines."""

from datetime import UTC, datetime

import msgspec
import pytest

from api.plan import calendar, obligations
from api.statistics import periods
from schema.measures import Cadence
from schema.plan import Calendar, Plan
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN


def change_plan(change) -> Plan:
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    change(raw)
    return msgspec.convert(raw, Plan)


def list_expected_periods(plan: Plan, holder: str, measure: str) -> list[str]:
    return [
        expected_return.period.code
        for expected_return in obligations.list_expected_returns(plan)
        if (expected_return.holder, expected_return.measure) == (holder, measure)
    ]


MONTHS = [f"2026-{n:02}" for n in range(1, 13)]


def change_duty(**fields: object):
    return lambda raw: raw["duties"][0].update(fields)


def change_cadence(**fields: object):
    return lambda raw: raw["measures"][0].update(cadence={"basis": "stated", **fields})


def change_series(**fields: object):
    return lambda raw: raw["measures"][0]["series"][0].update(fields)


def change_organisation(**fields: object):
    return lambda raw: next(o for o in raw["organisations"] if o["slug"] == "quay-college").update(fields)


SOURCE = {"publisher": "The town", "title": "Census", "verified": True}

# fmt: off
#   change of the first duty or its measure                        periods expected of Quay College
EXPECTED = {
    "every month":                (change_duty(),                                            MONTHS),
    "from March":                 (change_duty(valid_from="2026-03-01"),                     MONTHS[2:]),
    "from within March":          (change_duty(valid_from="2026-03-02"),                     MONTHS[3:]),
    "until June":                 (change_duty(valid_to="2026-06-30"),                       MONTHS[:6]),
    "until within June":          (change_duty(valid_to="2026-06-29"),                       MONTHS[:5]),
    "organisation from February to June": (change_organisation(valid_from="2026-02-01", valid_to="2026-06-30"), MONTHS[1:6]),
    "series from April":          (change_series(valid_from="2026-04-01"),                   MONTHS[3:]),
    "only admitted":              (change_duty(required=False),                              []),
    "quarters":                   (change_cadence(period_type="calendar-quarter"),           ["CY2026-Q1", "CY2026-Q2", "CY2026-Q3", "CY2026-Q4"]),
    "a year not in the window":   (change_cadence(period_type="financial-year"),             []),
    "six months ending":          (change_cadence(period_type="months-ending", months=6),    [f"R6-2026-{n:02}" for n in range(6, 13)]),
    "any day":                    (change_cadence(period_type="snapshot"),                   []),
    "from published statistics":  (change_series(collection="published", source=SOURCE),     []),
}
# fmt: on


@pytest.mark.parametrize("case", EXPECTED)
def test_duty_expects_a_return_in_each_period(case):
    change, expected = EXPECTED[case]
    assert list_expected_periods(change_plan(change), "quay-college", "learners") == expected


def test_expected_return_has_an_organisation_and_deadlines():
    expected_return = next(obligations.list_expected_returns(HARBOUR_PLAN))
    assert (expected_return.organisation, expected_return.measure, expected_return.series, expected_return.service) == (
        "quay-college",
        "learners",
        "headline",
        "main",
    )
    assert [
        instant.isoformat() for instant in (expected_return.deadlines.due, expected_return.deadlines.timely_until)
    ] == [
        "2026-02-11T00:00:00+00:00",
        "2026-02-16T00:00:00+00:00",
    ]


#   holder             organisation with the obligation
HOLDERS = [
    ("quay-college", "quay-college"),
    ("job-club", None),  # a role without an organisation
    ("local-choirs", None),  # a class without members here
]


@pytest.mark.parametrize(("holder", "organisation"), HOLDERS)
def test_return_is_expected_from_a_role_without_organisation(holder, organisation):
    organisations = {
        expected_return.organisation
        for expected_return in obligations.list_expected_returns(HARBOUR_PLAN)
        if expected_return.holder == holder
    }
    assert organisations == {organisation}
    assert {HARBOUR_CATALOGUE.resolve_holder(duty) for duty in HARBOUR_PLAN.duties if duty.holder == holder} == {
        organisation
    }


def test_bound_role_has_the_obligations_of_its_organisation():
    bound = change_plan(lambda raw: raw["roles"][0].update(bound_to="pier-college"))
    organisations = {
        expected_return.organisation
        for expected_return in obligations.list_expected_returns(bound)
        if expected_return.holder == "job-club"
    }
    assert organisations == {"pier-college"}


def test_successor_represents_all_earlier_organisations():
    assert HARBOUR_CATALOGUE.list_represented_organisations("quay-college") == [
        "quay-college",
        "old-quay-school",
        "old-net-loft",
    ]
    assert HARBOUR_CATALOGUE.list_represented_organisations("old-quay-school") == ["old-quay-school", "old-net-loft"]
    assert HARBOUR_CATALOGUE.list_represented_organisations("pier-college") == ["pier-college"]


def test_mutual_successors_do_not_cause_a_loop():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    next(organisation for organisation in raw["organisations"] if organisation["slug"] == "quay-college")[
        "successors"
    ] = ["old-quay-school"]
    catalogue = msgspec.structs.replace(HARBOUR_CATALOGUE, plan=msgspec.convert(raw, Plan))
    assert catalogue.list_represented_organisations("quay-college") == [
        "quay-college",
        "old-quay-school",
        "old-net-loft",
    ]


# ---- deadlines and extensions

JANUARY = periods.parse("2026-01")
CALENDAR = msgspec.convert({"due_days": 10, "late_after_days": 15, "closes_days": 40, "basis": "stated"}, Calendar)
OPEN_END = msgspec.structs.replace(CALENDAR, closes_days=None)

# fmt: off
#   calendar   extended until         due                  late from            closes
EXTENDED = [
    (CALENDAR, None,                  "2026-02-11 00:00",  "2026-02-16 00:00",  "2026-03-13 00:00"),
    (CALENDAR, "2026-02-13T12:00Z",   "2026-02-13 12:00",  "2026-02-16 00:00",  "2026-03-13 00:00"),
    (CALENDAR, "2026-03-01T00:00Z",   "2026-03-01 00:00",  "2026-03-01 00:00",  "2026-03-13 00:00"),
    (CALENDAR, "2026-05-01T00:00Z",   "2026-05-01 00:00",  "2026-05-01 00:00",  "2026-05-01 00:00"),
    (CALENDAR, "2026-01-01T00:00Z",   "2026-02-11 00:00",  "2026-02-16 00:00",  "2026-03-13 00:00"),
    (OPEN_END, "2026-05-01T00:00Z",   "2026-05-01 00:00",  "2026-05-01 00:00",  None),
]
# fmt: on


@pytest.mark.parametrize(("rules", "until", "due", "late", "closes"), EXTENDED)
def test_extension_never_moves_a_deadline_earlier(rules, until, due, late, closes):
    extended_to = None if until is None else datetime.fromisoformat(until)
    limits = calendar.apply_extension(calendar.compute_deadlines(JANUARY, rules), extended_to)
    deadlines = [
        instant and instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M") for instant in msgspec.structs.astuple(limits)
    ]
    assert deadlines == [due, late, closes]


def test_cadence_without_a_length_expects_no_returns():
    assert msgspec.convert({"period_type": "months-ending", "basis": "stated"}, Cadence).months is None
    assert (
        list_expected_periods(change_plan(change_cadence(period_type="months-ending")), "quay-college", "learners")
        == []
    )


def test_published_series_accepts_periods_outside_the_window():
    plan = change_plan(change_series(collection="published", source=SOURCE))
    accepted_days = obligations.find_accepted_days(plan.duties[0], plan)
    assert accepted_days.contain(periods.parse("CY2019"))
    assert not obligations.find_accepted_days(HARBOUR_PLAN.duties[0], HARBOUR_PLAN).contain(periods.parse("CY2019"))
