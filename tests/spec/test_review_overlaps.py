"""Warnings that several organisations may have counted the same people."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from api.reviews import overlaps
from api.reviews.structs import ReturnedTotal
from api.statistics.roll_up import ADDITIVE_KINDS, RollUpEntries, roll_up
from schema.measures import Overlap
from schema.submissions import ReturnKind
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN, TOWN, make_catalogue, make_summary


def make_total(organisation: str, value: int | None = None, **details: object) -> ReturnedTotal:
    fields = {"kind": ReturnKind.DATA, "area": TOWN, "service": "main"} | details
    return ReturnedTotal(organisation=organisation, value=value, **fields)


@pytest.mark.parametrize(
    ("measure", "others", "text"),
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
def test_possible_double_count_names_organisations_and_counts(measure, others, text):
    findings = overlaps.find_double_counts(
        make_summary(measure), [make_total("quay-college", 5), *others], HARBOUR_CATALOGUE
    )
    assert [text in finding.message for finding in findings] == ([True] if text else [])


@pytest.mark.parametrize(
    ("kind", "overlap", "is_possible"),
    [
        ("flow", "unknown", True),
        ("flow", "disjoint", False),
        ("distinct", "disjoint", True),
        ("evidence", "unknown", False),
        ("gap", "unknown", False),
        ("derived", "unknown", False),
        ("milestone", "unknown", False),
    ],
)
def test_possible_overlap_depends_on_kind_and_plan(kind, overlap, is_possible):
    measure = msgspec.convert(
        msgspec.to_builtins(HARBOUR_CATALOGUE.measures["learners"]) | {"kind": kind, "overlap": overlap},
        type(HARBOUR_PLAN.measures[0]),
    )
    assert overlaps.has_possible_overlap(measure) is is_possible


def test_disjoint_areas_give_no_warning():
    duties = [
        replace(duty, area="E05999991" if duty.holder == "quay-college" else "E05999992")
        for duty in HARBOUR_PLAN.duties
    ]
    totals = [make_total("quay-college", 5, area="E05999991"), make_total("pier-college", 9, area="E05999992")]
    assert (
        overlaps.find_double_counts(make_summary(), totals, make_catalogue(replace(HARBOUR_PLAN, duties=duties))) == []
    )


@pytest.mark.parametrize("overlap", Overlap)
@pytest.mark.parametrize("kind", sorted(ADDITIVE_KINDS))
def test_finding_promises_bounds_only_if_the_roll_up_has_bounds(kind, overlap):
    measure = replace(HARBOUR_CATALOGUE.measures["learners"], kind=kind, overlap=overlap)
    thirty, forty = np.array([30.0, 40.0]), np.array([300.0, 400.0])
    sources = np.array([0, 1])
    entries = RollUpEntries(
        group=sources * 0,
        source=sources,
        period=sources * 0,
        low=thirty,
        high=thirty,
        denominator_low=forty,
        denominator_high=forty,
    )
    [tally] = roll_up(kind, entries, groups=1, overlap=overlap)
    assert ("bounds" in overlaps.explain_consequence(measure)) == (tally.low != tally.high)
    assert "bounds" in overlaps.explain_consequence(measure) or tally.low == 70


def test_fix_of_the_finding_states_the_consequence():
    [finding] = overlaps.find_double_counts(
        make_summary(), [make_total("quay-college", 5), make_total("pier-college", 9)], HARBOUR_CATALOGUE
    )
    assert finding.fix.endswith(overlaps.explain_consequence(HARBOUR_CATALOGUE.measures["learners"]))
