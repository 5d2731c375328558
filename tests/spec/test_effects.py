"""Totals that a submission changes, before and after."""

import msgspec
import pytest

from api.submissions import effects
from api.submissions.report import visible_effects
from schema.submission_reports import EffectScope
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, HARBOUR_PLAN, make_catalogue, parse_past_total

NEAR = pytest.approx


def calculate_changes(measure: str, current: list[str], submitted: list[str], *, others: list[str] | None = None):
    """Return period, before and after of each changed total: the exact value, or the two bounds."""
    past_totals = [parse_past_total(measure, row) for row in current]
    past_totals += [parse_past_total(measure, row, organisation="pier-college") for row in others or []]
    changed_totals = effects.calculate_effects(
        EffectScope.OWN, past_totals, [parse_past_total(measure, row) for row in submitted], HARBOUR_CATALOGUE
    )
    return [(total.period.code, to_value(total.before), to_value(total.after)) for total in changed_totals]


def to_value(amount):
    if amount is None:
        return None
    return amount.value if amount.value is not None else (amount.lower_bound, amount.upper_bound)


# fmt: off
#   measure, current totals, submitted totals                                         changes: period, before, after
CHANGES = {
    "the first":               ("learners", [], ["2026-02 12"],                       [("FY2025-26", None, 12), ("2026-02", None, 12)]),
    "a correction":            ("learners", ["2026-02 12"], ["2026-02 15"],           [("FY2025-26", 12, 15), ("2026-02", 12, 15)]),
    "next to another month":   ("learners", ["2026-01 5", "2026-02 12"], ["2026-02 15"], [("FY2025-26", 17, 20), ("2026-02", 12, 15)]),
    "two months of two years": ("learners", [], ["2026-03 1", "2026-04 2"],           [("FY2025-26", None, 1), ("2026-03", None, 1), ("2026-04", None, 2), ("FY2026-27", None, 2)]),
    "the same":                ("learners", ["2026-02 12"], ["2026-02 12"],           []),
    "nil":                     ("learners", ["2026-02 12"], ["2026-02 nil"],          [("FY2025-26", 12, 0), ("2026-02", 12, 0)]),
    "zero for nil":            ("learners", ["2026-02 nil"], ["2026-02 0"],           []),
    "withdrawn":               ("learners", ["2026-02 12"], ["2026-02 withdrawn"],    [("FY2025-26", 12, None), ("2026-02", 12, None)]),
    "previously withdrawn":    ("learners", ["2026-02 withdrawn"], ["2026-02 1"],     [("FY2025-26", None, 1), ("2026-02", None, 1)]),
    "nothing, still":          ("learners", ["2026-02 withdrawn"], ["2026-02 withdrawn"], []),
    "hidden":                  ("learners", ["2026-02 12"], ["2026-02 c:1-4"],        [("FY2025-26", 12, (1, 4)), ("2026-02", 12, (1, 4))]),
    "hidden, nothing known":   ("learners", ["2026-02 12"], ["2026-02 c"],            [("FY2025-26", 12, (0, None)), ("2026-02", 12, (0, None))]),
    "missing is not zero":     ("learners", ["2026-01 5", "2026-02 12"], ["2026-02 x"], [("FY2025-26", 17, 5), ("2026-02", 12, None)]),
    "a stock is the last":     ("on-roll",  ["2026-02 120"], ["2026-01 100"],         [("2026-01", None, 100)]),
    "a stock moves on":        ("on-roll",  ["2026-01 100"], ["2026-02 120"],         [("FY2025-26", 100, 120), ("2026-02", None, 120)]),
    "people who may overlap":  ("members",  ["2026-01 30"], ["2026-02 20"],           [("FY2025-26", 30, (30, 50)), ("2026-02", None, 20)]),
    "a share by its parts":    ("pass-rate", ["2026-01 8/10"], ["2026-02 30/60"],     [("FY2025-26", NEAR(80), NEAR(100 * 38 / 70)), ("2026-02", None, NEAR(50))]),
    "a share of no people":    ("pass-rate", ["2026-02 8/10"], ["2026-02 0/0"],       [("FY2025-26", NEAR(80), (None, None)), ("2026-02", NEAR(80), (None, None))]),
    "nil for a share":         ("pass-rate", ["2026-02 8/10"], ["2026-02 nil"],       [("FY2025-26", NEAR(80), (None, None)), ("2026-02", NEAR(80), (None, None))]),
    "nil keeps a count to date": ("enrolments", ["2026-01 40"], ["2026-02 nil"],      [("2026-02", None, 40)]),
    "nil after a reset":       ("enrolments", ["2026-03 40"], ["2026-04 nil"],        [("2026-04", None, 0), ("FY2026-27", None, 0)]),
    "a hidden share":          ("pass-rate", ["2026-02 8/10"], ["2026-02 c"],         [("FY2025-26", NEAR(80), None), ("2026-02", NEAR(80), None)]),
}
# fmt: on


@pytest.mark.parametrize("case", CHANGES)
def test_submission_changes_totals(case):
    measure, current, submitted, expected = CHANGES[case]
    assert calculate_changes(measure, current, submitted) == expected


def test_programme_total_includes_the_unchanged_totals_of_others():
    assert calculate_changes("learners", ["2026-02 12"], ["2026-02 15"], others=["2026-02 100"]) == [
        ("FY2025-26", 112, 115),
        ("2026-02", 112, 115),
    ]


#   measure, total of the other, submitted                                            changes: period, before, after
SUCCESSIONS = [
    # The old school left on 31 January: its pupils are not counted again in the year.
    ("on-roll", "old-quay-school 2026-01 100", "2026-02 105",                         [("FY2025-26", 100, 105), ("2026-02", None, 105)]),
    ("on-roll", "pier-college 2026-01 100", "2026-02 105",                            [("FY2025-26", 100, 205), ("2026-02", None, 105)]),
    # Counts since different resets are not added: the year has no total.
    ("enrolments", "pier-college 2026-01 100", "2026-04 5",                           [("2026-04", None, 5), ("FY2026-27", None, 5)]),
    ("enrolments", "pier-college 2026-04 100", "2026-07 5",                           [("FY2026-27", 100, None), ("2026-07", None, 5)]),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "other", "submitted", "expected"), SUCCESSIONS)
def test_programme_total_combines_sources_by_the_kind_of_the_measure(measure, other, submitted, expected):
    duty = next(duty for duty in HARBOUR_CATALOGUE.plan.duties if duty.measure == "enrolments")
    catalogue = make_catalogue(
        msgspec.structs.replace(
            HARBOUR_PLAN, duties=[*HARBOUR_PLAN.duties, msgspec.structs.replace(duty, holder="pier-college")]
        )
    )
    organisation, row = other.split(maxsplit=1)
    past = msgspec.structs.replace(parse_past_total(measure, row), organisation=organisation)
    changes = effects.calculate_effects(
        EffectScope.PROGRAMME, [past], [parse_past_total(measure, submitted)], catalogue
    )
    assert [(total.period.code, to_value(total.before), to_value(total.after)) for total in changes] == expected


def test_share_has_numerator_denominator_and_unit():
    [_, total] = effects.calculate_effects(
        EffectScope.OWN, [], [parse_past_total("pass-rate", "2026-02 8/10")], HARBOUR_CATALOGUE
    )
    assert total.after is not None
    assert (total.unit, total.after.value, total.after.numerator, total.after.denominator) == ("percent", 80, 8, 10)
    share = msgspec.structs.replace(HARBOUR_CATALOGUE.measures["pass-rate"], unit="ratio")
    assert (effects.unit_multiplier(HARBOUR_CATALOGUE.measures["pass-rate"]), effects.unit_multiplier(share)) == (
        100.0,
        1.0,
    )
    assert effects.unit_multiplier(msgspec.structs.replace(share, unit="per-1000")) == 1000.0


def test_each_area_has_its_own_total():
    past = [parse_past_total("learners", "2026-02 10"), parse_past_total("learners", "2026-02 4", area=EAST)]
    now = [parse_past_total("learners", "2026-02 11")]
    changed_totals = effects.calculate_effects(EffectScope.OWN, past, now, HARBOUR_CATALOGUE)
    assert [(total.area[:3], to_value(total.before), to_value(total.after)) for total in changed_totals] == [
        ("E06", 10, 11)
    ] * 2


def test_overlapping_windows_have_no_financial_year_total():
    window = parse_past_total("learners", "R3-2026-02 10")
    assert [
        total.period.code for total in effects.calculate_effects(EffectScope.OWN, [], [window], HARBOUR_CATALOGUE)
    ] == ["R3-2026-02"]


def test_financial_year_is_listed_once():
    year = parse_past_total("learners", "FY2025-26 10")
    assert [
        total.period.code for total in effects.calculate_effects(EffectScope.OWN, [], [year], HARBOUR_CATALOGUE)
    ] == ["FY2025-26"]


def test_calendar_year_has_no_financial_year_total():
    year = parse_past_total("learners", "CY2025 10")
    assert [
        total.period.code for total in effects.calculate_effects(EffectScope.OWN, [], [year], HARBOUR_CATALOGUE)
    ] == ["CY2025"]


def test_only_reviewers_read_programme_totals():
    own = [parse_past_total("learners", "2026-02 12")]
    programme_totals = [*own, parse_past_total("learners", "2026-02 100", organisation="pier-college")]
    now = [parse_past_total("learners", "2026-02 15")]

    def list_effects(all_totals):
        return [
            (total.scope, to_value(total.before))
            for total in visible_effects(own, all_totals, now, HARBOUR_CATALOGUE)
            if total.period.code == "2026-02"
        ]

    assert list_effects(None) == [("own", 12)]
    assert list_effects(programme_totals) == [("own", 12), ("programme", 112)]
