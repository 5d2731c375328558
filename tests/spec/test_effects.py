"""Which totals a submission moves, before and after."""

import msgspec
import pytest

from api.submissions import effects, rules
from schema.submission_reports import EffectScope
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, parse_past_total

NEAR = pytest.approx


def moves(measure: str, standing: list[str], sent: list[str], *, others: list[str] | None = None):
    """Period, before and after: the exact figure, or the two bounds."""
    was = [parse_past_total(measure, one) for one in standing]
    was += [parse_past_total(measure, one, organisation="pier-college") for one in others or []]
    found = effects.calculate_effects(
        EffectScope.OWN, was, [parse_past_total(measure, one) for one in sent], HARBOUR_CATALOGUE
    )
    return [(one.period.code, said(one.before), said(one.after)) for one in found]


def said(amount):
    if amount is None:
        return None
    return amount.value if amount.value is not None else (amount.lower_bound, amount.upper_bound)


# fmt: off
#   measure, what stands, what is sent                                                what moves: period, was, now
MOVES = {
    "the first":               ("learners", [], ["2026-02 12"],                       [("FY2025-26", None, 12), ("2026-02", None, 12)]),
    "a correction":            ("learners", ["2026-02 12"], ["2026-02 15"],           [("FY2025-26", 12, 15), ("2026-02", 12, 15)]),
    "beside another month":    ("learners", ["2026-01 5", "2026-02 12"], ["2026-02 15"], [("FY2025-26", 17, 20), ("2026-02", 12, 15)]),
    "two months of two years": ("learners", [], ["2026-03 1", "2026-04 2"],           [("FY2025-26", None, 1), ("2026-03", None, 1), ("2026-04", None, 2), ("FY2026-27", None, 2)]),
    "the same":                ("learners", ["2026-02 12"], ["2026-02 12"],           []),
    "nil":                     ("learners", ["2026-02 12"], ["2026-02 nil"],          [("FY2025-26", 12, 0), ("2026-02", 12, 0)]),
    "zero for nil":            ("learners", ["2026-02 nil"], ["2026-02 0"],           []),
    "withdrawn":               ("learners", ["2026-02 12"], ["2026-02 withdrawn"],    [("FY2025-26", 12, None), ("2026-02", 12, None)]),
    "withdrawn was not there": ("learners", ["2026-02 withdrawn"], ["2026-02 1"],     [("FY2025-26", None, 1), ("2026-02", None, 1)]),
    "nothing, still":          ("learners", ["2026-02 withdrawn"], ["2026-02 withdrawn"], []),
    "hidden":                  ("learners", ["2026-02 12"], ["2026-02 c:1-4"],        [("FY2025-26", 12, (1, 4)), ("2026-02", 12, (1, 4))]),
    "hidden, nothing known":   ("learners", ["2026-02 12"], ["2026-02 c"],            [("FY2025-26", 12, (0, None)), ("2026-02", 12, (0, None))]),
    "missing is not zero":     ("learners", ["2026-01 5", "2026-02 12"], ["2026-02 x"], [("FY2025-26", 17, 5), ("2026-02", 12, None)]),
    "a stock is the last":     ("on-roll",  ["2026-02 120"], ["2026-01 100"],         [("2026-01", None, 100)]),
    "a stock moves on":        ("on-roll",  ["2026-01 100"], ["2026-02 120"],         [("FY2025-26", 100, 120), ("2026-02", None, 120)]),
    "people, told apart not":  ("members",  ["2026-01 30"], ["2026-02 20"],           [("FY2025-26", 30, (30, 50)), ("2026-02", None, 20)]),
    "a share by its parts":    ("pass-rate", ["2026-01 8/10"], ["2026-02 30/60"],     [("FY2025-26", NEAR(80), NEAR(100 * 38 / 70)), ("2026-02", None, NEAR(50))]),
    "a share of nobody":       ("pass-rate", ["2026-02 8/10"], ["2026-02 0/0"],       [("FY2025-26", NEAR(80), (None, None)), ("2026-02", NEAR(80), (None, None))]),
    "nobody to have a share":  ("pass-rate", ["2026-02 8/10"], ["2026-02 nil"],       [("FY2025-26", NEAR(80), (None, None)), ("2026-02", NEAR(80), (None, None))]),
    "a hidden share":          ("pass-rate", ["2026-02 8/10"], ["2026-02 c"],         [("FY2025-26", NEAR(80), None), ("2026-02", NEAR(80), None)]),
}
# fmt: on


@pytest.mark.parametrize("case", MOVES)
def test_the_totals_that_move(case):
    measure, standing, sent, expected = MOVES[case]
    assert moves(measure, standing, sent) == expected


def test_of_everybody_the_others_stay_as_they_are():
    assert moves("learners", ["2026-02 12"], ["2026-02 15"], others=["2026-02 100"]) == [
        ("FY2025-26", 112, 115),
        ("2026-02", 112, 115),
    ]


def test_a_share_has_its_parts_and_its_unit():
    [_, one] = effects.calculate_effects(
        EffectScope.OWN, [], [parse_past_total("pass-rate", "2026-02 8/10")], HARBOUR_CATALOGUE
    )
    assert one.after is not None
    assert (one.unit, one.after.value, one.after.numerator, one.after.denominator) == ("percent", 80, 8, 10)
    share = msgspec.structs.replace(HARBOUR_CATALOGUE.measures["pass-rate"], unit="ratio")
    assert (effects.unit_multiplier(HARBOUR_CATALOGUE.measures["pass-rate"]), effects.unit_multiplier(share)) == (
        100.0,
        1.0,
    )
    assert effects.unit_multiplier(msgspec.structs.replace(share, unit="per-1000")) == 1000.0


def test_each_area_has_its_own_total():
    was = [parse_past_total("learners", "2026-02 10"), parse_past_total("learners", "2026-02 4", area=EAST)]
    now = [parse_past_total("learners", "2026-02 11")]
    found = effects.calculate_effects(EffectScope.OWN, was, now, HARBOUR_CATALOGUE)
    assert [(one.area[:3], said(one.before), said(one.after)) for one in found] == [("E06", 10, 11)] * 2


def test_windows_that_overlap_make_no_year():
    window = parse_past_total("learners", "R3-2026-02 10")
    assert [one.period.code for one in effects.calculate_effects(EffectScope.OWN, [], [window], HARBOUR_CATALOGUE)] == [
        "R3-2026-02"
    ]


def test_a_financial_year_is_told_once():
    year = parse_past_total("learners", "FY2025-26 10")
    assert [one.period.code for one in effects.calculate_effects(EffectScope.OWN, [], [year], HARBOUR_CATALOGUE)] == [
        "FY2025-26"
    ]


def test_a_calendar_year_lies_in_no_financial_year():
    year = parse_past_total("learners", "CY2025 10")
    assert [one.period.code for one in effects.calculate_effects(EffectScope.OWN, [], [year], HARBOUR_CATALOGUE)] == [
        "CY2025"
    ]


def test_a_reviewer_is_told_of_the_programme_and_nobody_else():
    own = [parse_past_total("learners", "2026-02 12")]
    everybody = [*own, parse_past_total("learners", "2026-02 100", organisation="pier-college")]
    now = [parse_past_total("learners", "2026-02 15")]

    def told(whole):
        return [
            (one.scope, said(one.before))
            for one in rules.visible_effects(own, whole, now, HARBOUR_CATALOGUE)
            if one.period.code == "2026-02"
        ]

    assert told(None) == [("own", 12)]
    assert told(everybody) == [("own", 12), ("programme", 112)]
