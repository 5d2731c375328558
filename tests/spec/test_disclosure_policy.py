"""The policy in words, and when a programme may have its own."""

import re
from datetime import date

import msgspec
import pytest
from msgspec.structs import replace

from api.statistics.disclosure.policy import LaxPolicy, check_policy, find_changed_rounding
from schema.disclosure import (
    ORGANISATIONS_RULE,
    PERSONS_RULE,
    UNPROTECTED_RULE,
    DisclosureClass,
    Policy,
    PolicyDecision,
    Rule,
)

DEFAULT = Policy()


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (PERSONS_RULE, ["5", "10"]),
        (ORGANISATIONS_RULE, ["breakdown", "3", "3", "breakdown"]),
        (replace(PERSONS_RULE, hide_below=0), ["5"]),
        (UNPROTECTED_RULE, []),
    ],
)
def test_rule_explains_itself_with_its_figures(rule, named):
    assert re.findall(r"\d+|breakdown", rule.explanation) == named
    assert rule.explanation.endswith(".")


@pytest.mark.parametrize(
    ("disclosure_class", "rule"),
    [
        ("persons", PERSONS_RULE),
        ("organisations", ORGANISATIONS_RULE),
        ("published", UNPROTECTED_RULE),
        ("none", UNPROTECTED_RULE),
    ],
)
def test_each_class_has_its_rule(disclosure_class, rule):
    assert DEFAULT.rule(DisclosureClass(disclosure_class)) == rule


@pytest.mark.parametrize(
    "own",
    [
        DEFAULT,
        Policy(breakdowns=1),
        Policy(persons=replace(PERSONS_RULE, hide_below=11, base=10, width=5, hold_back=10)),
        Policy(none=PERSONS_RULE),
    ],
)
def test_stricter_policy_is_accepted(own):
    assert check_policy(own, DEFAULT) is own


@pytest.mark.parametrize(
    ("own", "fields"),
    [
        (Policy(breakdowns=3), ("breakdowns",)),
        (Policy(persons=replace(PERSONS_RULE, hide_below=0, width=3)), ("persons.width", "persons.hide_below")),
        (Policy(persons=replace(PERSONS_RULE, base=1, far_share=0)), ("persons.base", "persons.far_share")),
        (Policy(persons=replace(PERSONS_RULE, hold_back=7)), ("persons.hold_back",)),
        (Policy(persons=replace(PERSONS_RULE, smallest_denominator=10)), ("persons.smallest_denominator",)),
        (Policy(persons=replace(PERSONS_RULE, totals_open=True)), ("persons.totals_open",)),
    ],
)
def test_laxer_policy_needs_a_recorded_decision(own, fields):
    with pytest.raises(LaxPolicy) as refused:
        check_policy(own, DEFAULT)
    assert refused.value.fields == fields
    decided = PolicyDecision(
        by="The board", on=date(2026, 5, 1), reason="Named recipients", assessment="DPIA 7, section 4"
    )
    assert check_policy(replace(own, decision=decided), DEFAULT).decision


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"hide_below": 0, "smallest_denominator": 1, "whole_percent_below": 0}, []),
        ({"base": 10, "hold_back": 9}, ["base", "hold_back"]),
        ({"totals_open": True, "far_share": 0.01}, ["far_share", "totals_open"]),
        (
            {"width": 5, "largest_small": 8, "largest_small_change": 5},
            ["largest_small", "largest_small_change", "width"],
        ),
    ],
)
def test_rounding_differs_by_what_earlier_releases_relied_on(changes, fields):
    assert find_changed_rounding(PERSONS_RULE, replace(PERSONS_RULE, **changes)) == fields


def test_no_more_than_all_middle_draws_can_be_far():
    """One in `base` draws is a middle one, and half of them can be far each way."""
    assert msgspec.convert({"base": 10, "far_share": 0.05}, Rule).far_share == 0.05
    with pytest.raises(msgspec.ValidationError, match="`far_share`"):
        msgspec.convert({"base": 10, "far_share": 0.06}, Rule)


@pytest.mark.parametrize(
    ("rule", "protects", "largest_first_error", "totals"),
    [
        (PERSONS_RULE, True, 7, PERSONS_RULE),
        (replace(PERSONS_RULE, far_share=0), True, 4, replace(PERSONS_RULE, far_share=0)),
        (ORGANISATIONS_RULE, True, 2, UNPROTECTED_RULE),
        (UNPROTECTED_RULE, False, 0, UNPROTECTED_RULE),
    ],
)
def test_rule_states_how_far_a_displayed_count_can_be_wrong(rule, protects, largest_first_error, totals):
    assert (rule.protects, rule.largest_first_error, rule.totals) == (protects, largest_first_error, totals)
