"""A policy in words, and when a programme may have its own."""

from datetime import date

import pytest
from msgspec.structs import replace

from api.statistics.disclosure.policy import TooLax, adopted
from schema.disclosure import OPEN, ORGANISATIONS, PERSONS, Policy, PolicyDecision
from schema.plan import DisclosureClass

USUAL = Policy()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            PERSONS,
            "To protect those who are counted, counts of 0 to 7 are shown as [c] and all other counts are rounded to the nearest 5; a few other figures are withheld so that hidden ones cannot be worked out; percentages are calculated from the figures shown.",
        ),
        (
            ORGANISATIONS,
            "To protect those who are counted, in breakdowns, counts of 1 to 2 are shown as [c] and all others are exact; a few other figures are withheld so that hidden ones cannot be worked out; percentages are calculated from the figures shown.",
        ),
        (
            replace(PERSONS, hide_to=0),
            "To protect those who are counted, a count of 0 is shown as [c] and all other counts are rounded to the nearest 5; a few other figures are withheld so that hidden ones cannot be worked out; percentages are calculated from the figures shown.",
        ),
        (OPEN, "The figures are shown as they are."),
    ],
)
def test_a_rule_explains_itself_in_one_sentence(rule, sentence):
    assert rule.explanation == sentence


@pytest.mark.parametrize(
    ("disclosure_class", "rule"),
    [("persons", PERSONS), ("organisations", ORGANISATIONS), ("published", OPEN), ("none", OPEN)],
)
def test_each_class_has_its_rule(disclosure_class, rule):
    assert USUAL.rule(DisclosureClass(disclosure_class)) == rule


@pytest.mark.parametrize(
    "own",
    [
        USUAL,
        Policy(breakdowns=1),
        Policy(persons=replace(PERSONS, hide_to=9, base=10, width=5, hold_back=10)),
        Policy(none=PERSONS),
    ],
)
def test_a_stricter_policy_is_adopted(own):
    assert adopted(own, USUAL) is own


@pytest.mark.parametrize(
    ("own", "fields"),
    [
        (Policy(breakdowns=3), ("breakdowns",)),
        (Policy(persons=replace(PERSONS, hide_to=4, width=3)), ("persons.hide_to", "persons.width")),
        (Policy(persons=replace(PERSONS, hide_from=1)), ("persons.hide_from",)),
        (Policy(persons=replace(PERSONS, shift=False)), ("persons.shift",)),
        (Policy(persons=replace(PERSONS, totals_open=True)), ("persons.totals_open",)),
    ],
)
def test_a_laxer_policy_needs_a_recorded_decision(own, fields):
    with pytest.raises(TooLax) as refused:
        adopted(own, USUAL)
    assert refused.value.fields == fields
    decided = PolicyDecision(
        by="The board", on=date(2026, 5, 1), reason="Named recipients", assessment="DPIA 7, section 4"
    )
    assert adopted(replace(own, decision=decided), USUAL).decision
