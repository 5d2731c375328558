"""Tables of a return that agree in pairs, with and without people behind them."""

from collections import Counter
from itertools import product

import msgspec
import pytest
from msgspec.structs import replace

from api.plan import queries_loading
from api.submissions.checks.cross_tables import is_acyclic
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import check_submission
from api.submissions.parsed import to_columns
from schema.measures import MeasureKind
from schema.submissions import NewSubmission
from tests.conftest import NOTTINGHAM_PLAN_FILE
from tests.fixtures.example_plan import NOW, make_catalogue

CATALOGUE = make_catalogue(queries_loading.read_plan(NOTTINGHAM_PLAN_FILE))
CITY, WARDS = "E06000018", ("E05012270", "E05012271")
SEXES, AGES = ("female", "male"), ("16-24", "25-34")
IN_WARDS, IN_CITY = [(), ("sex",), ("age-band",)], [("age-band", "sex")]

# fmt: off
#   people: ward, sex, age                                                the city by age and sex, if it is different
POSSIBLE = [
    ([(0, "female", "16-24"), (1, "male", "25-34")],                      None),
    ([(0, "female", "16-24"), (1, "male", "25-34")],                      [("female", "16-24"), ("male", "25-34")]),
    ([(0, "female", "16-24"), (0, "male", "25-34")],                      [("male", "16-24"), ("female", "25-34")]),
    ([(0, "female", "16-24")] * 30,                                       None),
]
IMPOSSIBLE = [
    ([(0, "female", "16-24"), (1, "male", "25-34")],                      [("male", "16-24"), ("female", "25-34")]),
    ([(0, "female", "16-24"), (1, "male", "25-34"), (1, "male", "25-34")], [("male", "16-24"), ("female", "25-34"), ("male", "25-34")]),
]
# fmt: on


def make_return(people, city=None, make_count=lambda count: {"value": count}, **more):
    """Return a return with all tables, in which the city by age and sex may count other people."""
    dimensions = {"sex": SEXES, "age-band": AGES}
    observations = []
    for area, tables in ((CITY, IN_WARDS + IN_CITY), (WARDS[0], IN_WARDS), (WARDS[1], IN_WARDS)):
        for table in tables:
            counts = Counter(
                tuple({"sex": sex, "age-band": age}[name] for name in table)
                for ward, sex, age in people
                if area in (CITY, WARDS[ward])
            )
            if city is not None and table in IN_CITY:
                counts = Counter((age, sex) for sex, age in city)
            observations += [
                {"area": area, "breakdown": dict(zip(table, codes, strict=True))} | make_count(counts[codes])
                for codes in product(*(dimensions[name] for name in table))
            ]
    given = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q2", "observations": observations}
    return to_columns(msgspec.convert({"returns": [given]} | more, NewSubmission))


def check(parsed, catalogue=CATALOGUE):
    return check_submission(parsed, catalogue, "nottingham-city-council", {}, now=NOW)


@pytest.mark.parametrize(("people", "city"), POSSIBLE)
def test_possible_tables_are_accepted(people, city):
    assert check(make_return(people, city)).findings.listed() == []


@pytest.mark.parametrize(("people", "city"), IMPOSSIBLE)
def test_impossible_tables_are_reported_with_their_rows(people, city):
    parsed = make_return(people, city)
    with pytest.raises(Rejected) as refusal:
        check(parsed)
    [finding] = refusal.value.findings
    assert (finding.code, finding.justifiable) == ("impossible-tables", True)
    assert finding.rows == parsed.row[5:9].tolist(), "the city by age and sex"
    justification = {"finding": finding.id, "text": "The tables are of different days."}
    accepted = check(make_return(people, city, justifications=[justification]))
    assert [one.code for one in accepted.findings.listed()] == ["impossible-tables"]


RATIO_CATALOGUE = make_catalogue(
    replace(
        CATALOGUE.plan,
        measures=[
            replace(measure, kind=MeasureKind.PROPORTION) if measure.slug == "ips-primary-care-referrals" else measure
            for measure in CATALOGUE.plan.measures
        ],
    )
)


@pytest.mark.parametrize(
    "make_count",
    [
        lambda count: {"numerator": count, "denominator": 2 * count},
        lambda count: {"numerator": 0, "denominator": count},
    ],
)
def test_numerators_and_denominators_are_checked_together(make_count):
    check(make_return(*POSSIBLE[1], make_count), RATIO_CATALOGUE)
    parsed = make_return(*IMPOSSIBLE[0], make_count)
    with pytest.raises(Rejected) as refusal:
        check(parsed, RATIO_CATALOGUE)
    assert {finding.code for finding in refusal.value.findings} == {"impossible-tables"}
    assert {row for finding in refusal.value.findings for row in finding.rows} == set(parsed.row[5:9].tolist())


def test_return_whose_sums_are_wrong_has_no_second_finding():
    parsed = make_return([(0, "female", "16-24"), (1, "male", "25-34")], [("male", "16-24")])
    assert {finding.code for finding in check(parsed).findings.listed()} == {"categories-missing"}


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ([], True),
        ([{"area", "sex"}, {"area", "age"}], True),
        ([{"area", "sex"}, {"area", "age"}, {"sex", "age"}], False),
        ([{"area", "sex"}, {"area", "age"}, {"sex", "age"}, {"area", "sex", "age"}], True),
        ([{"area", "sex"}, {"sex", "age"}, {"age", "need"}, {"need", "area"}], False),
        ([{"area", "sex"}, {"area", "sex"}, {"sex"}, set()], True),
    ],
)
def test_tables_without_a_cycle_need_no_check(tables, expected):
    assert is_acyclic(tables) is expected
