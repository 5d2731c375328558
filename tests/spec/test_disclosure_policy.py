"""The policy in words, and when a programme may have its own."""

import re
from datetime import date

import pytest
from msgspec.structs import replace

from api.statistics.disclosure.policy import LaxPolicy, check_policy
from schema.disclosure import (
    ORGANISATIONS_RULE,
    PERSONS_RULE,
    UNPROTECTED_RULE,
    DisclosureClass,
    Policy,
    PolicyDecision,
)

DEFAULT = Policy()


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (PERSONS_RULE, ["0", "7", "[c]", "5"]),
        (ORGANISATIONS_RULE, ["1", "2", "[c]", "breakdowns"]),
        (replace(PERSONS_RULE, hide_to=0), ["0", "[c]", "5"]),
        (UNPROTECTED_RULE, []),
    ],
)
def test_rule_explains_itself_with_its_figures(rule, named):
    assert re.findall(r"\d+|\[c\]|(?<=in )breakdowns", rule.explanation) == named
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
        Policy(persons=replace(PERSONS_RULE, hide_to=9, base=10, width=5, hold_back=10)),
        Policy(none=PERSONS_RULE),
    ],
)
def test_stricter_policy_is_accepted(own):
    assert check_policy(own, DEFAULT) is own


@pytest.mark.parametrize(
    ("own", "fields"),
    [
        (Policy(breakdowns=3), ("breakdowns",)),
        (Policy(persons=replace(PERSONS_RULE, hide_to=4, width=3)), ("persons.hide_to", "persons.width")),
        (Policy(persons=replace(PERSONS_RULE, hide_from=1)), ("persons.hide_from",)),
        (Policy(persons=replace(PERSONS_RULE, shift=False)), ("persons.shift",)),
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
