"""Protection of a scope with its earlier releases: what stays, what changes, what is refused, and what is stored."""

import re
from datetime import date

import msgspec
import numpy as np
import pytest
from msgspec.structs import asdict, replace

from api.plan.catalogue import Catalogue
from api.releases import protection
from api.releases.audit_history import AuditHistory, pack_history, unpack_history
from api.releases.protection import ProtectionResult, extend_shape
from api.releases.scope_shapes import GeographyChanged
from api.statistics.disclosure.figures import calculate_percentage, list_counts
from api.statistics.disclosure.lattice import Area, build_nodes
from schema.areas import Scheme
from schema.disclosure import PERSONS_RULE, DisclosureClass, Policy, Rule
from schema.publication_jobs import FailedScope
from tests.fixtures.example_plan import HARBOUR_PLAN, make_catalogue
from tests.fixtures.release_fixtures import (
    list_displayed_values,
    list_scopes,
    make_measure,
    make_plan,
    make_task,
    protect_scope,
)

QUAY, PIER = "quay on-roll 2026-01 town", "pier on-roll 2026-01 town"
HERE = make_catalogue(make_plan(make_measure("on-roll"), duties=["quay on-roll", "pier on-roll"]))
[SCOPE] = [one for key, one in list_scopes(HERE).items() if key.endswith("2026-01")]


def release_totals(*pairs: str, **more: object) -> list[AuditHistory]:
    """Release the town's total several times, given what Quay and Pier have on roll: `50+30`."""
    kept: list[AuditHistory] = []
    for at, pair in enumerate(pairs):
        quay, pier = pair.split("+")
        last = more if at == len(pairs) - 1 else {}
        result = protect_scope(SCOPE, f"{QUAY} {quay}", f"{PIER} {pier}", catalogue=HERE, earlier=tuple(kept), **last)
        kept.append(result.history)
    return kept


def read_display(kept: AuditHistory) -> tuple[int | str, float, float]:
    return list_displayed_values(kept)["2026-01 town"], float(kept.display.low[0]), float(kept.display.high[0])


# fmt: off
#   releases                    number, least, greatest
CHAINS = [
    (["50+30"],                 (80, 78, 82)),
    (["51+30"],                 (80, 78, 82)),
    (["52+31"],                 (85, 83, 87)),
    (["4+3"],                   ("c", 0, np.inf)),
    # Up to four more are held back, and the error says so.
    (["50+30", "50+34"],        (80, 74, 86)),
    # Five more change it by five and do not round again: 82 and 5 are 87, shown as 80 and 5.
    (["52+30", "52+35"],        (85, 83, 89)),
    (["50+30", "50+37"],        (85, 83, 89)),
    (["50+30", "50+38"],        (90, 86, 94)),
    # Held back, then moved: since the number was set it is seven.
    (["50+30", "50+34", "50+37"], (85, 83, 89)),
    # A displayed figure would show the provider that returned 20 that the others have 1 to 7.
    (["20+7"],                  ("c", 0, np.inf)),
    (["20+8"],                  (30, 28, 32)),
    (["20+10", "20+3"],         ("c", 0, np.inf)),
]
# fmt: on


@pytest.mark.parametrize(("releases", "expected"), CHAINS)
def test_number_changes_by_the_rounded_increment_and_not_by_small_changes(releases, expected):
    assert read_display(release_totals(*releases)[-1]) == expected


@pytest.mark.parametrize("releases", [chain for chain, _ in CHAINS])
def test_true_count_is_always_within_the_bounds(releases):
    _, low, high = read_display(release_totals(*releases)[-1])
    assert low <= sum(int(n) for n in releases[-1].split("+")) <= high


def test_unchanged_counts_are_carried_forward():
    rows = [f"{QUAY} 50", f"{PIER} 30"]
    first = protect_scope(SCOPE, *rows, catalogue=HERE)
    assert (first.report.figures, first.report.shown, first.report.hidden, first.report.carried_forward) == (
        1,
        1,
        0,
        False,
    )
    again = protect_scope(SCOPE, *rows, catalogue=HERE, earlier=(first.history,))
    assert again.report == replace(first.report, carried_forward=True)
    assert list_displayed_values(again.history) == list_displayed_values(first.history)


def test_unchanged_and_slightly_changed_counts_state_the_same_error():
    """Up to four more people are held back; the stated error is the same with and without them."""
    first, none = release_totals("50+30", "50+30")
    _, slightly = release_totals("50+30", "51+32")
    assert (read_display(first), read_display(none), read_display(slightly)) == (
        (80, 78, 82),
        (80, 74, 86),
        (80, 74, 86),
    )
    assert read_display(release_totals("50+30", "50+30", "50+30")[-1]) == read_display(none)
    assert [read_display(one) for one in release_totals("4+3", "4+3")] == [("c", 0, np.inf)] * 2


ALONE = make_catalogue(replace(HERE.plan, duties=[replace(duty, publish_alone=True) for duty in HERE.plan.duties]))
GROUPED = make_catalogue(
    replace(HERE.plan, organisations=[replace(o, member_of="quay-college") for o in HARBOUR_PLAN.organisations[2:3]])
)


@pytest.mark.parametrize(
    ("rows", "more"),
    [
        ([f"{QUAY} 50", f"{PIER} 31"], {}),
        ([f"{QUAY} 30", f"{PIER} 50"], {}),
        ([f"{QUAY} 80"], {}),
        ([f"{QUAY} 50", f"{PIER} 30", "old-quay-school on-roll 2026-01 town 0"], {}),
        ([f"{QUAY} 50", f"{PIER} c:30-30"], {"catalogue": ALONE}),
        ([f"{QUAY} 50", f"{PIER} c"], {}),
        ([f"{QUAY} 50", f"{PIER} 30"], {"catalogue": ALONE}),
        ([f"{QUAY} 50", f"{PIER} 30"], {"catalogue": GROUPED}),
        ([f"{QUAY} 50", f"{PIER} 30"], {"group_numbers": {"quay-college": 0, "pier-college": 0}}),
        ([f"{QUAY} 50", f"{PIER} 30"], {"reset_periods": frozenset(["2026-01"])}),
    ],
)
def test_any_change_is_audited_again(rows, more):
    """Counts, their owners, returns, knowledge groups, `publish_alone`, and republished periods."""
    first = protect_scope(SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=HERE)
    assert not protect_scope(
        SCOPE, *rows, earlier=(first.history,), **{"catalogue": HERE, **more}
    ).report.carried_forward


def test_group_may_have_another_number_than_before():
    first = protect_scope(SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=HERE)
    other = {"quay-college": 0, "pier-college": 1}
    assert make_task(SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=HERE).group_numbers == {
        "pier-college": 0,
        "quay-college": 1,
    }
    assert protect_scope(
        SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=HERE, earlier=(first.history,), group_numbers=other
    ).report.carried_forward


def test_group_stays_linked_when_the_plan_separates_it():
    rows = [f"{QUAY} 50", f"{PIER} 30"]
    first = protect_scope(SCOPE, *rows, catalogue=GROUPED)
    assert len(set(first.history.group_numbers.values())) == 1
    assert len(set(make_task(SCOPE, *rows, catalogue=HERE, earlier=(first.history,)).group_numbers.values())) == 1
    assert len(set(make_task(SCOPE, *rows, catalogue=HERE).group_numbers.values())) == 2


def make_policy_catalogue(
    like: Rule = PERSONS_RULE, of_class: DisclosureClass = DisclosureClass.PERSONS, **more
) -> Catalogue:
    """People on roll at Quay and Pier, each of whom may publish alone."""
    rolls = make_measure("on-roll", disclosure_class=of_class, **more)
    plan = make_plan(rolls, duties=["quay on-roll alone", "pier on-roll alone"])
    return make_catalogue(replace(plan, disclosure=Policy(version=2, persons=like)))


STRICTER = replace(PERSONS_RULE, hide_to=9)
# fmt: off
#   on roll at first, and then   under        after                     what the second release shows
TODAY = [
    ("5+3",  "5+3",              STRICTER,    DisclosureClass.PERSONS,  ("c", 0, np.inf)),
    ("6+6",  "6+6",              STRICTER,    DisclosureClass.PERSONS,  ("c", 0, np.inf)),   # by the number, not the truth
    ("6+6",  "6+14",             STRICTER,    DisclosureClass.PERSONS,  ("c", 0, np.inf)),
    ("9+4",  "9+4",              STRICTER,    DisclosureClass.PERSONS,  (15, 9, 21)),
    ("5+3",  "5+3",              PERSONS_RULE,     DisclosureClass.PERSONS,  (10, 4, 16)),
    ("3+4",  "3+4",              PERSONS_RULE,     DisclosureClass.NONE,     ("c", 0, np.inf)),
    ("13+9", "13+9",             PERSONS_RULE,     DisclosureClass.NONE,     (20, 18, 26)),
    ("5+3",  "5+3",              replace(STRICTER, totals_open=True), DisclosureClass.PERSONS,  (10, 4, 16)),
]
# fmt: on


@pytest.mark.parametrize(("first", "second", "rule", "before", "expected"), TODAY)
def test_release_follows_the_policy_that_it_states(first, second, rule, before, expected):
    """A figure that an earlier policy showed and the current one would hide is hidden; others are rounded by it."""
    kept: list[AuditHistory] = []
    for pair, catalogue in (
        (first, make_policy_catalogue(of_class=before)),
        (second, make_policy_catalogue(rule)),
        (second, make_policy_catalogue(rule)),
    ):
        quay, pier = pair.split("+")
        [scope] = [one for key, one in list_scopes(catalogue).items() if key.endswith("2026-01")]
        kept.append(
            protect_scope(scope, f"{QUAY} {quay}", f"{PIER} {pier}", catalogue=catalogue, earlier=tuple(kept)).history
        )
    assert read_display(kept[1]) == expected
    assert list_displayed_values(kept[2]) == list_displayed_values(kept[1])


def test_earlier_release_keeps_the_promises_of_its_policy():
    """8 and 8 were shown as 10 and 10, and 15: each is 8 or 9. A wider band would hide them."""
    colours = [Scheme(dimensions=["colour"], exclusive=True, exhaustive=True, finest_level="town")]
    rows = ["quay on-roll 2026-01 town 16", *(f"quay on-roll 2026-01 town colour={one} 8" for one in ("red", "blue"))]
    kept: list[AuditHistory] = []
    for rule in (PERSONS_RULE, STRICTER):
        catalogue = make_policy_catalogue(rule, schemes=colours)
        [scope] = [one for key, one in list_scopes(catalogue).items() if key.endswith("2026-01")]
        kept.append(protect_scope(scope, *rows, catalogue=catalogue, earlier=tuple(kept)).history)
    assert list_displayed_values(kept[0]) == {
        "2026-01 town": 15,
        "2026-01 town colour=red": 10,
        "2026-01 town colour=blue": 10,
    }
    assert list_displayed_values(kept[1]) == {
        "2026-01 town": 15,
        "2026-01 town colour=red": "c",
        "2026-01 town colour=blue": "c",
    }
    assert unpack_history(pack_history(kept[1])).rule == STRICTER


def test_figure_of_one_provider_needs_publish_alone():
    assert list_displayed_values(protect_scope(SCOPE, f"{QUAY} 80", catalogue=HERE).history)["2026-01 town"] == "c"
    assert list_displayed_values(protect_scope(SCOPE, f"{QUAY} 80", catalogue=ALONE).history)["2026-01 town"] == 80
    shared = protect_scope(SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=HERE)
    left = protect_scope(SCOPE, f"{QUAY} 80", catalogue=HERE, earlier=(shared.history,))
    assert list_displayed_values(left.history)["2026-01 town"] == "c", (
        "what two fed before is withheld once one feeds it alone"
    )


def test_number_never_falls_below_ten_by_a_shift():
    """It has changed by at least 18, from at most 32."""
    first = protect_scope(SCOPE, f"{QUAY} 20", f"{PIER} 10", catalogue=ALONE)
    second = protect_scope(SCOPE, f"{QUAY} 2", f"{PIER} 1", catalogue=ALONE, earlier=(first.history,))
    assert read_display(second.history) == (10, 0, 14)


def test_successor_replaces_its_predecessor():
    """The school's 50 became the college's: one group before and after, so nothing has changed."""
    catalogue = make_catalogue(
        make_plan(make_measure("on-roll"), duties=["quay on-roll", "pier on-roll", "old-quay-school on-roll"])
    )
    first = protect_scope(SCOPE, "old-quay-school on-roll 2026-01 town 50", f"{PIER} 30", catalogue=catalogue)
    second = make_task(SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=catalogue, earlier=(first.history,))
    assert second.group_numbers == {"old-quay-school": 0, "pier-college": 1, "quay-college": 0}
    result = protection.protect_scope(second)
    assert isinstance(result, ProtectionResult)
    assert read_display(result.history) == (80, 74, 86)


def test_republished_period_is_rounded_again():
    """300 was a slip for 50. A shift would leave the error of the old number in the new one."""
    assert read_display(release_totals("300+30", "51+30")[-1]) == (80, 76, 84)
    assert read_display(release_totals("300+30", "51+30", reset_periods=frozenset(["2026-01"]))[-1]) == (80, 78, 82)
    assert read_display(release_totals("50+30", "50+33", reset_periods=frozenset(["2025-12"]))[-1])[0] == 80, (
        "another period stays"
    )


LEARNERS = make_catalogue(make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"]))


def make_monthly_returns(*counts: int) -> list[str]:
    return [f"{who} learners 2026-0{n} town {count}" for who in ("quay", "pier") for n, count in enumerate(counts, 1)]


def test_later_month_joins_the_scope_and_earlier_figures_stay():
    """Until the end of February there is no quarter; with March there is."""
    february = next(iter(list_scopes(LEARNERS, today=date(2026, 3, 1)).values()))
    march = next(iter(list_scopes(LEARNERS).values()))
    assert february.key == march.key
    first = protect_scope(february, *make_monthly_returns(21, 11), catalogue=LEARNERS)
    assert list_displayed_values(first.history) == {"2026-01 town": 40, "2026-02 town": 20}
    second = protect_scope(march, *make_monthly_returns(21, 12, 31), catalogue=LEARNERS, earlier=(first.history,))
    assert list_displayed_values(second.history) == {
        "2026-01 town": 40,
        "2026-02 town": 20,
        "2026-03 town": 60,
        "FY2025-26-Q4 town": 130,
    }
    assert dict(zip(list_displayed_values(second.history), second.history.display.since.tolist(), strict=False)) == {
        "2026-01 town": 0,
        "2026-02 town": 0,
        "2026-03 town": 1,
        "FY2025-26-Q4 town": 1,
    }


def test_republished_month_republishes_its_quarter():
    scope = next(iter(list_scopes(LEARNERS).values()))
    first = protect_scope(scope, *make_monthly_returns(150, 20, 30), catalogue=LEARNERS)
    again = {"catalogue": LEARNERS, "earlier": (first.history,)}
    shifted = protect_scope(scope, *make_monthly_returns(21, 20, 30), **again)
    reset_scope = protect_scope(scope, *make_monthly_returns(21, 20, 30), **again, reset_periods=frozenset(["2026-01"]))
    assert [list_displayed_values(one.history)["2026-01 town"] for one in (shifted, reset_scope)] == [40, 40]
    errors = [
        np.ptp([one.history.display.low, one.history.display.high], axis=0).tolist() for one in (shifted, reset_scope)
    ]
    assert errors == [[8, 12, 12, 8], [4, 12, 12, 4]], "January and the quarter; others may have moved by four"


PAIR = make_measure("pass-rate", schemes=[])
RATES = make_catalogue(make_plan(PAIR, duties=["quay pass-rate", "pier pass-rate"]))
RATE = next(iter(list_scopes(RATES).values()))


def test_percentage_uses_displayed_numbers_and_covers_the_true_one():
    rows = ["quay pass-rate 2026-01 town 21/60", "pier pass-rate 2026-01 town 12/63"]
    kept = protect_scope(RATE, *rows, catalogue=RATES).history
    results = list_counts(build_nodes(kept.shape), kept.display)
    whole, part = (f for f in results if f.node.period == "2026-01")
    assert [(f.value, f.low, f.high) for f in (whole, part)] == [(125, 123, 127), (35, 33, 37)]
    share = calculate_percentage(part, whole, PERSONS_RULE, (33, 123))
    assert share.value == 28.0
    assert (share.low, share.high) == (pytest.approx(100 * 33 / 127), pytest.approx(100 * 37 / 123))
    assert share.low < 100 * 33 / 123 < share.high
    as_counted = replace(PERSONS_RULE, rates_from_displayed=False)
    assert calculate_percentage(part, whole, as_counted, (33, 123)) == replace(share, value=26.8)


def test_proportion_can_join_in_a_later_release():
    first = protect_scope(next(iter(list_scopes(RATES, today=date(2026, 2, 1)).values())), *RATED[:2], catalogue=RATES)
    second = protect_scope(RATE, *RATED, catalogue=RATES, earlier=(first.history,))
    assert (
        list_displayed_values(second.history)["pass-rate: 2026-01 town"]
        == list_displayed_values(first.history)["pass-rate: 2026-01 town"]
        == 35
    )
    assert list_displayed_values(second.history)["pass-rate: 2026-02 town"] == 35


RATED = [
    f"{who} pass-rate 2026-0{n} town {count}" for n in (1, 2) for who, count in (("quay", "21/60"), ("pier", "12/63"))
]


def find_failure(*rows: str, catalogue, key: str) -> FailedScope:
    scope = next(one for name, one in list_scopes(catalogue).items() if name == key)
    failed = protection.protect_scope(make_task(scope, *rows, catalogue=catalogue))
    assert isinstance(failed, FailedScope)
    assert (failed.scope, failed.measures) == (key, scope.measures)
    return failed


def test_unprotectable_counts_are_refused_without_a_number():
    """14 are shown as 15, seven red and seven blue: at least 13 with at most 7 of each."""
    colours = [Scheme(dimensions=["colour"], exclusive=True, exhaustive=True, finest_level="town")]
    catalogue = make_catalogue(make_plan(make_measure("on-roll", schemes=colours), duties=["quay on-roll alone"]))
    rows = [f"{QUAY} 14", f"{QUAY} colour=red 7", f"{QUAY} colour=blue 7"]
    failed = find_failure(*rows, catalogue=catalogue, key="on-roll/headline 2026-01")
    assert failed.code == "exposed"
    assert re.search(r"\d", failed.detail) is None


def test_contradictory_tables_are_refused_without_a_number():
    """All women are in the east and all of the east are red, yet all women are blue. Each table alone is possible."""
    schemes = [
        Scheme(dimensions=["sex"], exclusive=True, exhaustive=True, finest_level="quarter"),
        Scheme(dimensions=["colour"], exclusive=True, exhaustive=True, finest_level="quarter"),
        Scheme(dimensions=["colour", "sex"], exclusive=True, exhaustive=True, finest_level="town"),
    ]
    catalogue = make_catalogue(make_plan(make_measure("on-roll", schemes=schemes), duties=["quay on-roll alone"]))
    cells = {
        "town": [20, 10, 10, 10, 10],  # in all, women, men, red, blue
        "east": [10, 10, 0, 10, 0],
        "west": [10, 0, 10, 0, 10],
    }
    names = ("", " sex=female", " sex=male", " colour=red", " colour=blue")
    rows = [
        f"quay on-roll 2026-01 {place}{name} {n}"
        for place, row in cells.items()
        for name, n in zip(names, row, strict=True)
    ]
    rows += [f"{QUAY} colour=blue sex=female 10", f"{QUAY} colour=red sex=male 10"]
    failed = find_failure(*rows, catalogue=catalogue, key="on-roll/headline 2026-01")
    assert failed.code == "contradiction"
    assert re.search(r"\d", failed.detail) is None


def test_area_with_a_new_parent_is_reported():
    first = protect_scope(SCOPE, f"{QUAY} 50", f"{PIER} 30", catalogue=HERE).history
    moved = replace(SCOPE.shape, places=(Area(code="E06999999", level=1, parent="elsewhere"),))
    with pytest.raises(GeographyChanged) as refusal:
        extend_shape(moved, [first])
    failed = protection.report_changed_geography(SCOPE.key, SCOPE.measures, refusal.value)
    assert (failed.code, failed.measures) == ("geography-changed", ["on-roll"])
    assert "E06999999" in failed.detail
    assert extend_shape(moved, []) is moved, "a first release has nothing to be at odds with"


@pytest.mark.parametrize("rows", [[], [f"{QUAY} 50", f"{PIER} 30"], [f"{QUAY} 40001", f"{PIER} 3000000000"], RATED])
def test_stored_history_is_read_back_unchanged(rows):
    scope, catalogue = (RATE, RATES) if rows is RATED else (SCOPE, HERE)
    kept = protect_scope(scope, *rows, catalogue=catalogue).history
    content = pack_history(kept)
    again = unpack_history(content)
    assert (again.shape, again.group_numbers, again.true_counts.organisations) == (
        kept.shape,
        kept.group_numbers,
        kept.true_counts.organisations,
    )
    for one, other in ((kept.true_counts, again.true_counts), (kept.display, again.display)):
        for name, column in asdict(one).items():
            if name != "organisations":
                got = getattr(other, name)
                assert got.dtype == column.dtype, name
                assert got.flags.writeable
                np.testing.assert_array_equal(got, column, err_msg=name)
    assert pack_history(again) == content, "the same bytes for the same content"
    assert protect_scope(scope, *rows, catalogue=catalogue, earlier=(again,)).report.carried_forward


def test_stored_columns_of_a_history_never_change_their_names():
    """A renamed column would make the histories in a database unreadable, and no round trip would notice."""
    [history] = release_totals("50+30")
    stored = msgspec.msgpack.decode(pack_history(history))
    assert set(stored) == {"shape", "organisations", "group", "columns", "rule"}
    assert {name.removeprefix("frozen.") for name in stored["columns"] if name.startswith("frozen.")} == {
        "own",
        "unknown",
        "hidden",
        "may_stand_alone",
    }
    assert {name.removeprefix("display.") for name in stored["columns"] if name.startswith("display.")} == {
        "shown",
        "value",
        "low",
        "high",
        "since",
        "reference",
        "reference_low",
        "reference_high",
        "told_low",
        "told_high",
        "change_low",
        "change_high",
        "change_since",
    }


def test_counts_of_other_things_than_people_are_exact():
    catalogue = make_catalogue(make_plan(make_measure("enrolments"), duties=["quay enrolments alone"]))
    scope = list_scopes(catalogue)["enrolments/headline CY2026-Q1"]
    kept = protect_scope(scope, "quay enrolments 2026-01 town 3", catalogue=catalogue).history
    assert list_displayed_values(kept)["2026-01 town"] == 3
    assert read_display(kept) == (3, 3, 3)


def test_regrouped_measure_is_reported_with_a_fix():
    failure = protection.report_regrouping("visits/by-day 2026-10", ["visits", "on-roll"])
    assert (failure.code, failure.measures) == ("scope-changed", ["visits", "on-roll"])
    assert "series" in failure.detail


YEAR = "learners/headline FY2026-27"


def list_audited_periods(
    *rows: str, earlier: tuple[AuditHistory, ...] = (), **more: object
) -> tuple[set[str], AuditHistory]:
    """Return the audited periods, and the history. `2026-10 50+30` is what Quay and Pier have in a month."""
    catalogue = make_catalogue(
        make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"])
    )
    rows = [
        f"{who} learners {month} town {number}"
        for month, _, pair in (one.partition(" ") for one in rows)
        for who, number in zip(("quay", "pier"), pair.split("+"), strict=True)
    ]
    scope = list_scopes(catalogue)[YEAR]
    seen: set[str] = set()

    def map_tasks(function, tasks):
        tasks = list(tasks)
        seen.update(node.period for task in tasks for node in task.lattice.nodes)
        return map(function, tasks)

    result = protection.protect_scope(make_task(scope, *rows, catalogue=catalogue, earlier=earlier, **more), map_tasks)
    assert isinstance(result, ProtectionResult)
    return seen, result.history


def test_only_periods_linked_with_a_change_are_audited_again():
    every, first = list_audited_periods("2026-10 50+30", "2026-07 60+40")
    assert {"2026-10", "FY2026-27-Q3", "2026-07", "FY2026-27-Q2"} <= every
    again, second = list_audited_periods("2026-10 50+30", "2026-07 60+55", earlier=(first,))
    assert {"2026-07", "FY2026-27-Q2"} <= again
    assert not {"2026-10", "FY2026-27-Q3"} & again
    moved = {f"{code} town": 115 for code in ("2026-07", "FY2026-27-Q2", "FY2026-27-H1")}
    assert list_displayed_values(second) == list_displayed_values(first) | moved
    republished = {"reset_periods": frozenset(["2026-10"])}
    republished_result, _ = list_audited_periods(
        "2026-10 50+30", "2026-07 60+55", earlier=(first, second), **republished
    )
    assert "FY2026-27-Q3" in republished_result
    assert "2026-07" not in republished_result
    third, last = list_audited_periods("2026-10 52+38", "2026-07 60+55", earlier=(first, second))
    assert "2026-07" not in third
    assert list_displayed_values(last) == list_displayed_values(second) | {"2026-10 town": 90, "FY2026-27-Q3 town": 90}


def test_organisation_without_returns_is_no_separate_reader():
    """In October the school knows no more than the public; in July it is one of three readers."""
    catalogue = make_catalogue(
        make_plan(
            make_measure("learners", schemes=[]), duties=["quay learners", "pier learners", "old-quay-school learners"]
        )
    )
    scope = list_scopes(catalogue)[YEAR]
    rows = [f"{who} learners 2026-10 town 40" for who in ("quay", "pier")]
    rows += [f"{who} learners 2026-07 town 40" for who in ("quay", "pier", "old-quay-school")]
    readers: dict[str, int] = {}

    def map_tasks(function, tasks):
        tasks = list(tasks)
        for period in {node.period for task in tasks for node in task.lattice.nodes}:
            readers[period] = readers.get(period, 0) + len(tasks)
        return map(function, tasks)

    group = {"old-quay-school": 2, "quay-college": 0, "pier-college": 1}
    assert isinstance(
        protection.protect_scope(make_task(scope, *rows, catalogue=catalogue, group_numbers=group), map_tasks),
        ProtectionResult,
    )
    assert (readers["2026-10"], readers["2026-07"]) == (3, 4), "the public, and two or three"


def test_scope_without_returns_has_every_figure_hidden():
    shape = list_scopes(HERE)[SCOPE.key].shape
    report = protection.report_nothing_returned(SCOPE.key, ["on-roll"], shape)
    assert (report.figures, report.shown, report.hidden, report.carried_forward) == (
        build_nodes(shape).size,
        0,
        report.figures,
        False,
    )
