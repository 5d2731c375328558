"""What each organisation returned, put on the nodes of a scope: exactly known, or not known at all."""

import pytest
from msgspec.structs import replace

from api.releases.scope_shapes import merge_shapes
from api.statistics.disclosure.lattice import build_nodes
from schema.areas import Scheme
from schema.measures import MeasureKind, Overlap
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, make_catalogue
from tests.fixtures.release_fixtures import (
    build_true_counts,
    filter_by_words,
    format_node,
    list_displayed_values,
    list_scopes,
    list_true_counts,
    make_measure,
    make_plan,
    protect_scope,
)

JANUARY = "learners/headline FY2025-26"
# Whole returns of two colleges: Quay 30 in the east and 20 in the west, Pier 12 in the east.
QUAY = [
    "quay learners 2026-01 town 50",
    "quay learners 2026-01 town sex=female 20",
    "quay learners 2026-01 town sex=male 30",
    "quay learners 2026-01 town sex=unknown 0",
]
WARDS = ["quay learners 2026-01 east 30", "quay learners 2026-01 west 20", "quay learners 2026-01 nowhere 0"]


def learners(*rows: str, **more):
    """Of the town and its quarters in January, by sex: what is known."""
    return filter_by_words(list_true_counts(list_scopes()[JANUARY], *rows, **more), "2026-01")


def in_town(*rows: str, **more):
    """Of the town in January: total, women, men, sex not known."""
    found = learners(*rows, **more)
    return [found[f"town{cell}"] for cell in ("", " sex=female", " sex=male", " sex=unknown")]


def in_quarters(*rows: str):
    """In January: town, east, west, quarter not known."""
    found = learners(*rows)
    return [found[place] for place in ("town", "east", "west", "nowhere")]


# fmt: off
#   what is returned beside a total of 50                   women, men, not known
BESIDE_50 = [
    (["sex=female 20", "sex=male 30", "sex=unknown 0"],     [20, 30, 0]),
    # What is missing is none where the others leave nothing.
    (["sex=female 20", "sex=male 30"],                      [20, 30, 0]),
    (["sex=female 50"],                                     [50, 0, 0]),
    # Where something is left it may be of either, and a code that is alone missing is not made up.
    (["sex=female 20"],                                     [20, "?", "?"]),
    (["sex=female 20", "sex=male 29"],                      [20, 29, "?"]),
    ([],                                                    ["?", "?", "?"]),
    # They cannot be true together: the total stands.
    (["sex=female 20", "sex=male 31", "sex=unknown 0"],     ["?", "?", "?"]),
    (["sex=female 20", "sex=male 29", "sex=unknown 0"],     ["?", "?", "?"]),
    (["sex=female 51"],                                     ["?", "?", "?"]),
    # Confidential ones are not known, with bounds or without; what is missing beside them may be anything.
    (["sex=female c", "sex=male 30", "sex=unknown 0"],      ["c", 30, 0]),
    (["sex=female c:1-4", "sex=male 30"],                   ["c", 30, "?"]),
    (["sex=female c:20-20", "sex=male 30"],                 [20, 30, 0]),
    (["sex=female c:1-4", "sex=male 51"],                   ["c", "?", "?"]),
    # Not available: not known either, and told like a confidential one.
    (["sex=female x", "sex=male 30", "sex=unknown 0"],      ["c", 30, 0]),
]
# fmt: on


@pytest.mark.parametrize(("cells", "expected"), BESIDE_50)
def test_categories_beside_their_total(cells, expected):
    rows = ["quay learners 2026-01 town 50", *(f"quay learners 2026-01 town {cell}" for cell in cells)]
    assert in_town(*rows) == [50, *expected]


# fmt: off
#   what is returned beside a town of 50                    east, west, quarter not known
QUARTERS_OF_50 = [
    (["east 30", "west 20", "nowhere 0"],                   [30, 20, 0]),
    (["east 30", "west 20"],                                [30, 20, 0]),
    (["east 30"],                                           [30, "?", "?"]),
    (["east 30", "west 21"],                                ["?", "?", "?"]),
    (["east 30", "west 19", "nowhere 0"],                   ["?", "?", "?"]),
    (["east 51"],                                           ["?", "?", "?"]),
    (["east c", "west 20"],                                 ["c", 20, "?"]),
]
# fmt: on


@pytest.mark.parametrize(("cells", "expected"), QUARTERS_OF_50)
def test_quarters_beside_their_town(cells, expected):
    rows = ["quay learners 2026-01 town 50", *(f"quay learners 2026-01 {cell}" for cell in cells)]
    assert in_quarters(*rows) == [50, *expected]


def test_a_return_without_a_total_has_no_known_total():
    assert in_town("quay learners 2026-01 town sex=female 20") == ["?", 20, "?", "?"]
    assert in_quarters("quay learners 2026-01 east 20") == ["?", 20, "?", "?"]


def test_a_confidential_total_is_not_known():
    assert in_town("quay learners 2026-01 town c:1-4") == ["c", "?", "?", "?"]


@pytest.mark.parametrize("rows", [["quay learners 2026-01 nil"], ["quay learners 2026-01 town 0"]])
def test_none_at_all_is_none_in_every_cell(rows):
    assert set(learners(*rows).values()) == {0}


def test_a_total_of_none_with_somebody_in_it_is_believed_before_its_parts():
    assert in_town("quay learners 2026-01 town 0", "quay learners 2026-01 town sex=female 3") == [0, "?", "?", "?"]
    found = in_town("quay learners 2026-01 town 0", "quay learners 2026-01 town sex=female c")
    assert found == [0, 0, 0, 0], "a confidential one of none is none"


def test_whoever_returns_nothing_adds_nothing():
    assert set(learners().values()) == {0}
    assert in_town(*QUAY) == in_town(*QUAY, "pier learners 2026-02 town 9")


def test_what_one_organisation_left_out_is_unknown_for_all():
    pier = ["pier learners 2026-01 town 12", "pier learners 2026-01 town sex=female 4"]
    assert in_town(*QUAY, *pier) == [62, 24, "?", "?"]
    found, nodes = build_true_counts(list_scopes()[JANUARY], *QUAY, *pier)
    assert found.organisations == ("pier-college", "quay-college")
    at = {format_node(node): index for index, node in enumerate(nodes)}
    assert found.own[:, at["2026-01 town"]].tolist() == [12, 50]
    assert found.own[:, at["2026-01 town sex=male"]].tolist() == [0, 0], "nothing is kept of an unknown one"
    assert found.publish_alone.tolist() == [False, False]


def test_services_of_an_organisation_are_added_up():
    evening = [row.replace("quay", "quay/evening") for row in QUAY]
    assert in_town(*QUAY, *evening) == [100, 40, 60, 0]
    found, _ = build_true_counts(list_scopes()[JANUARY], *QUAY, *evening)
    assert found.organisations == ("quay-college",)


def test_what_one_service_left_out_is_not_taken_from_another():
    """Evening classes return a total alone: 5 in the east are then those of the day."""
    evening = ["quay/evening learners 2026-01 town 10"]
    assert in_quarters(*QUAY, *WARDS[:2], *evening) == [60, "?", "?", "?"]
    assert in_town(*QUAY, *evening) == [60, "?", "?", "?"]
    assert in_town(*QUAY, "quay/evening learners 2026-01 nil") == [50, 20, 30, 0]


def test_quarters_by_sex_beside_their_own_total_and_beside_the_town():
    rows = [*QUAY, *WARDS]
    found = learners(*rows, "quay learners 2026-01 east sex=female 20", "quay learners 2026-01 east sex=male 10")
    assert [found[f"east sex={sex}"] for sex in ("female", "male", "unknown")] == [20, 10, 0]
    # Of the 20 in the west nothing is said; nobody in the town is of unknown sex.
    assert [found[f"west sex={sex}"] for sex in ("female", "male", "unknown")] == ["?", "?", 0]
    found = learners(*rows, "quay learners 2026-01 east sex=female 21")
    assert [found[f"east sex={sex}"] for sex in ("female", "male", "unknown")] == ["?", "?", "?"]
    assert (found["town sex=female"], found["east"]) == (20, 30), "totals and margins stand"


NEEDS = ["quay learners 2026-01 town need=travel 15", "quay learners 2026-01 town need=childcare 40"]


def by_need(*rows: str):
    found = learners(*QUAY, *rows)
    return [found[f"town need={need}"] for need in ("travel", "childcare")]


def test_categories_that_overlap_add_up_to_nothing():
    assert by_need(*NEEDS) == [15, 40]
    assert by_need(NEEDS[0]) == [15, "?"]
    assert by_need("quay learners 2026-01 town need=travel 50") == [50, "?"], "somebody may have both needs"
    assert by_need("quay learners 2026-01 town need=travel 51") == ["?", "?"], "nobody else is there"


def test_cells_by_two_dimensions_beside_those_by_one():
    cross = "quay learners 2026-01 town need=travel sex="

    def found(*cells: str):
        got = learners(*QUAY, *NEEDS, *cells)
        return [got[f"town need=travel sex={sex}"] for sex in ("female", "male", "unknown")]

    assert found(f"{cross}female 10", f"{cross}male 5", f"{cross}unknown 0") == [10, 5, 0]
    assert found(f"{cross}female 10", f"{cross}male 6") == ["?", "?", "?"]
    assert found(f"{cross}female 10", f"{cross}male 4", f"{cross}unknown 0") == ["?", "?", "?"], "one is of no sex"
    assert found() == ["?", "?", 0], "nobody is of unknown sex"


def test_more_of_a_sex_than_there_are_with_a_need_is_no_contradiction_that_stops_a_release():
    """25 of the 40 who need childcare are women, of 20 women: the margins stand, and the release is made."""
    cross = "quay learners 2026-01 town need=childcare sex="
    rows = [*QUAY, *NEEDS, f"{cross}female 25", f"{cross}male 15", f"{cross}unknown 0"]
    found = learners(*rows)
    assert [found[f"town need=childcare sex={sex}"] for sex in ("female", "male", "unknown")] == ["?", "?", "?"]
    assert (found["town need=childcare"], found["town sex=female"]) == (40, 20)
    assert not protect_scope(list_scopes()[JANUARY], *rows).report.carried_forward


def test_longer_periods_are_the_sum_of_what_was_returned_and_unknown_where_a_part_is():
    rows = [row.replace("2026-01", month) for month in ("2026-01", "2026-02") for row in QUAY]
    found = list_true_counts(list_scopes()[JANUARY], *rows)
    assert found["FY2025-26-Q4 town sex=female"] == 40
    found = list_true_counts(
        list_scopes()[JANUARY], *rows[:-1], "quay learners 2026-02 east 2", "quay learners 2026-03 town c"
    )
    assert [found[f"FY2025-26-Q4 {place}"] for place in ("town", "east")] == ["c", "?"]
    assert found["FY2025-26-Q4 town sex=male"] == "?", "March leaves open who they are"


RATE = "pass-rate/headline FY2025-26"


def rates(*rows: str, scope=None, catalogue=HARBOUR_CATALOGUE):
    return filter_by_words(
        list_true_counts(scope or list_scopes()[RATE], *rows, catalogue=catalogue), "2026-01", "town"
    )


def test_a_proportion_is_two_counts():
    found = list_true_counts(
        list_scopes()[RATE], "quay pass-rate 2026-01 town 8/10", "pier pass-rate 2026-01 town 30/60"
    )
    assert (found["pass-rate: 2026-01 town"], found["2026-01 town"]) == (38, 70)
    found = list_true_counts(list_scopes()[RATE], "quay pass-rate 2026-01 nil")
    assert (found["pass-rate: 2026-01 town"], found["2026-01 town"]) == (0, 0)
    found = list_true_counts(
        list_scopes()[RATE], "quay pass-rate 2026-01 town 0/0", "quay pass-rate 2026-01 town sex=male c"
    )
    assert found["pass-rate: 2026-01 town sex=male"] == 0, "nobody was examined"
    found = list_true_counts(
        list_scopes()[RATE], "quay pass-rate 2026-01 town 9/12", "quay pass-rate 2026-01 town sex=male c"
    )
    assert (found["pass-rate: 2026-01 town sex=male"], found["2026-01 town sex=male"]) == ("c", "c")


def test_more_who_passed_than_were_examined_are_unknown_and_stop_no_release():
    """12 of 10 women: of all 20 who passed, it cannot be said who they are."""
    rows = [
        "quay pass-rate 2026-01 town 20/30",
        "quay pass-rate 2026-01 town sex=female 12/10",
        "quay pass-rate 2026-01 town sex=male 8/20",
    ]
    found = list_true_counts(list_scopes()[RATE], *rows)
    passed = [found[f"pass-rate: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")]
    assert passed == [20, "?", "?"]
    assert [found[f"2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [30, 10, 20]
    protect_scope(list_scopes()[RATE], *rows)
    found = list_true_counts(list_scopes()[RATE], "quay pass-rate 2026-01 town 40/30")
    assert (found["pass-rate: 2026-01 town"], found["2026-01 town"]) == ("?", 30)


def joined(kind: MeasureKind = MeasureKind.FLOW, overlap: Overlap = Overlap.UNKNOWN, **more):
    """Those who passed are part of the learners."""
    schemes = [Scheme(dimensions=["sex"], exclusive=True, exhaustive=more.pop("exhaustive", True), finest_level="town")]
    one = make_measure("learners", kind=kind, schemes=schemes, overlap=overlap, contains=["passes"])
    other = replace(one, slug="passes", contains=[])
    catalogue = make_catalogue(make_plan(one, other, duties=["quay learners", "pier learners", "quay passes"]))
    scope = next(iter(list_scopes(catalogue).values()))
    assert scope.measures == ["learners", "passes"]
    return scope, catalogue


def test_a_part_that_is_larger_than_its_whole_is_unknown_but_for_its_total():
    scope, catalogue = joined()
    learned = [
        "quay learners 2026-01 town 20",
        *(f"quay learners 2026-01 town sex={sex} 10" for sex in ("female", "male")),
    ]
    passed = [row.replace("learners", "passes") for row in learned]
    fits = list_true_counts(scope, *learned, *passed, catalogue=catalogue)
    assert [fits[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [20, 10, 10]
    twelve = [passed[0], "quay passes 2026-01 town sex=female 12", "quay passes 2026-01 town sex=male 8"]
    found = list_true_counts(scope, *learned, *twelve, catalogue=catalogue)
    assert [found[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [20, "?", "?"]
    protect_scope(scope, *learned, *twelve, catalogue=catalogue)
    found = list_true_counts(scope, *learned, "quay passes 2026-01 town 21", catalogue=catalogue)
    assert found["passes: 2026-01 town"] == "?"


def test_a_confidential_part_of_a_known_whole_stops_no_release():
    """3 of the 20 women passed, and were sent as confidential: no more follows from that than that it is not known."""
    scope, catalogue = joined()
    learned = [f"quay learners 2026-01 town {cell}" for cell in ("50", "sex=female 20", "sex=male 30")]
    passed = [f"quay passes 2026-01 town {cell}" for cell in ("20", "sex=female c", "sex=male 17", "sex=unknown 0")]
    found = list_true_counts(scope, *learned, *passed, catalogue=catalogue)
    assert [found[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [20, "c", 17]
    protect_scope(scope, *learned, *passed, catalogue=catalogue)


def test_those_outside_a_part_must_be_people_too():
    """20 of 100 learners have no sex stated; of 60 who passed 40 have none. Of 40 who did not, 60 would have one."""
    scope, catalogue = joined(exhaustive=False)
    rows = [
        *("quay learners 2026-01 town 100", "quay passes 2026-01 town 60"),
        *(f"quay learners 2026-01 town sex={sex} 40" for sex in ("female", "male")),
        *(f"quay passes 2026-01 town sex={sex} 10" for sex in ("female", "male")),
        *("quay learners 2026-01 town sex=unknown 0", "quay passes 2026-01 town sex=unknown 0"),
    ]
    found = list_true_counts(scope, *rows, catalogue=catalogue)
    assert [found[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [60, "?", "?"]
    protect_scope(scope, *rows, catalogue=catalogue)


def test_a_part_whose_whole_is_not_known_is_unknown():
    scope, catalogue = joined()
    assert list_true_counts(scope, "quay passes 2026-01 town 21", catalogue=catalogue)["passes: 2026-01 town"] == "?"
    rows = ["quay learners 2026-01 town c:1-9", "quay passes 2026-01 town 5"]
    assert list_true_counts(scope, *rows, catalogue=catalogue)["passes: 2026-01 town"] == "?"
    found = list_true_counts(scope, "pier learners 2026-01 town 20", "quay learners 2026-01 nil", catalogue=catalogue)
    assert found["passes: 2026-01 town"] == 0, "who returned no part adds none"


def test_a_shared_denominator_needs_the_numerator_of_everybody_behind_it():
    """20 of 60 of Quay, and Pier's 60 without a number of prizes: not 20 of 120."""
    duties = [f"{who} {slug}" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]
    one = make_measure("pass-rate", shares_denominator=["prize-rate"])
    catalogue = make_catalogue(make_plan(one, make_measure("pass-rate", slug="prize-rate"), duties=duties))
    scope = list_scopes(catalogue)[RATE]
    rows = [
        "quay pass-rate 2026-01 town 30/60",
        "pier pass-rate 2026-01 town 30/60",
        "quay prize-rate 2026-01 town 20/60",
    ]
    found = rates(*rows, scope=scope, catalogue=catalogue)
    assert found == filter_by_words(found) | {"": 120, "pass-rate:": 60, "prize-rate:": "?"}
    found = rates(*rows, "pier prize-rate 2026-01 town 10/60", scope=scope, catalogue=catalogue)
    assert found["prize-rate:"] == 30
    evening = ["quay/evening pass-rate 2026-01 town 1/10", "pier prize-rate 2026-01 town 10/60"]
    assert rates(*rows, *evening, scope=scope, catalogue=catalogue)["prize-rate:"] == "?"
    found = rates("quay prize-rate 2026-01 town 20/60", scope=scope, catalogue=catalogue)
    assert (found["prize-rate:"], found[""]) == ("?", 0), "without a denominator it is no proportion"


def to_date(*rows: str, part: str = ""):
    """Enrolments of Quay since the start of the quarter, month by month: in all, women, men, sex not known."""
    found = list_true_counts(
        list_scopes()["enrolments/headline CY2026-Q1"], *(f"quay enrolments {row}" for row in rows)
    )
    months = ("2026-01", "2026-02", "2026-03")
    return [[found[f"{month} town{cell}"] for cell in ("", *SEXES)] for month in months]


SEXES = (" sex=female", " sex=male", " sex=unknown")


def month(code: str, total: int, *sexes: int):
    return [
        f"{code} town {total}",
        *(f"{code} town{sex} {n}" for sex, n in zip(SEXES, sexes, strict=False)),
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["2026-01 town 10", "2026-02 town 25", "2026-03 town 40"], [10, 25, 40]),
        # April was corrected to 12, or to more than May: what a later one falls below is unknown.
        (["2026-01 town 30", "2026-02 town 25", "2026-03 town 40"], ["?", 25, 40]),
        (["2026-01 town 30", "2026-02 town 35", "2026-03 town 20"], ["?", "?", 20]),
        # Left out: not as many as the month before, and not none.
        (["2026-01 town 10", "2026-03 town 40"], [10, "?", 40]),
        (["2026-01 town 10", "2026-02 town 25"], [10, 25, "?"]),
        # Whoever has not begun has none.
        (["2026-02 town 25", "2026-03 town 40"], [0, 25, 40]),
        (["2026-01 town 10", "2026-02 town c:10-20", "2026-03 town 40"], [10, "c", 40]),
        (["2026-01 town 10", "2026-02 nil", "2026-03 town 40"], ["?", 0, 40]),
    ],
)
def test_a_total_to_date_never_falls(rows, expected):
    assert [found[0] for found in to_date(*rows)] == expected


def test_people_who_were_told_apart_later_leave_the_earlier_totals():
    """30 of unknown sex in January are women and men in February: January is then told in all alone."""
    rows = [*month("2026-01", 50, 10, 10, 30), *month("2026-02", 60, 30, 30, 0), *month("2026-03", 70, 35, 35, 0)]
    assert to_date(*rows) == [[50, "?", "?", "?"], [60, 30, 30, 0], [70, 35, 35, 0]]
    # Two months later it is all the same: a month between them is no witness of what it does not say.
    rows = [*month("2026-01", 30, 15, 15, 0), *month("2026-02", 50, 10, 10, 30), *month("2026-03", 70, 35, 35, 0)]
    assert to_date(*rows) == [[30, 15, 15, 0], [50, "?", "?", "?"], [70, 35, 35, 0]]


def test_services_of_a_total_to_date_are_followed_one_by_one():
    """40 in February are Quay's day classes alone: the evening's 10 of January are still there, and more may be."""
    rows = [
        "quay enrolments 2026-01 town 20",
        "quay enrolments 2026-02 town 40",
        "quay/evening enrolments 2026-01 town 10",
    ]
    found = list_true_counts(list_scopes()["enrolments/headline CY2026-Q1"], *rows)
    assert [found[f"2026-0{n} town"] for n in (1, 2)] == [30, "?"]


def test_a_part_to_date_is_followed_like_its_whole():
    scope, catalogue = joined(kind=MeasureKind.CUMULATIVE)
    rows = [
        f"quay {slug} {code} town {n}"
        for slug, code, n in (
            ("learners", "2026-01", 20),
            ("learners", "2026-02", 30),
            ("passes", "2026-01", 9),
            ("passes", "2026-02", 8),
        )
    ]
    found = list_true_counts(scope, *rows, catalogue=catalogue)
    assert [found[f"passes: 2026-0{n} town"] for n in (1, 2)] == ["?", 8]


def test_different_people_of_quarters_may_be_the_same_but_are_all_in_one():
    schemes = make_measure("learners").schemes[:1]
    catalogue = make_catalogue(make_plan(make_measure("members", schemes=schemes), duties=["quay members"]))
    scope = list_scopes(catalogue)["members/headline 2026-01"]

    def quarters(*cells: str):
        found = list_true_counts(scope, *(f"quay members 2026-01 {cell}" for cell in cells), catalogue=catalogue)
        return [found[f"2026-01 {place}"] for place in ("town", "east", "west", "nowhere")]

    assert quarters("town 50", "east 40", "west 30", "nowhere 0") == [50, 40, 30, 0]
    assert quarters("town 50", "east 50") == [50, 50, "?", "?"], "those of the east may be in the west too"
    assert quarters("town 50", "east 51") == [50, "?", "?", "?"]
    few = ("town 50", "east 20", "west 29", "nowhere 0")
    assert quarters(*few) == [50, "?", "?", "?"], "the fiftieth is nowhere"
    protect_scope(scope, *(f"quay members 2026-01 {cell}" for cell in few), catalogue=catalogue)


def test_people_of_two_services_are_counted_as_often_as_they_are_returned():
    """Bounds are drawn where figures are shown."""
    found = list_true_counts(
        list_scopes()["members/headline 2026-01"],
        "quay members 2026-01 town 30",
        "quay/evening members 2026-01 town 20",
    )
    assert found["2026-01 town"] == 50


def test_what_the_plan_collects_no_more_is_unknown_and_stops_no_release():
    """The sexes were released, and their scheme was dropped: nobody says how many there are of each."""
    before = list_scopes()[JANUARY]
    first = protect_scope(before, *QUAY, "pier learners 2026-01 town 20")
    catalogue = make_catalogue(
        make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"])
    )
    now = list_scopes(catalogue)[JANUARY]
    assert [place.code for place in now.shape.places] == [before.shape.places[0].code]
    shape = merge_shapes(before.shape, now.shape)
    found, nodes = build_true_counts(now, *QUAY[:1], catalogue=catalogue, shape=shape)
    known = {format_node(node) for node, unknown in zip(nodes, found.unknown, strict=True) if not unknown}
    assert known == {f"{code} town" for code in now.shape.periods}
    second = protect_scope(
        now, *QUAY[:1], "pier learners 2026-01 town 20", catalogue=catalogue, earlier=(first.history,)
    )
    assert list_displayed_values(second.history)["2026-01 town"] == 70
    assert list_displayed_values(second.history)["2026-01 town sex=male"] == "c"
    assert build_nodes(second.history.shape).nodes == nodes


def test_a_cross_without_margins_is_held_against_the_total_alone():
    crossed = [Scheme(dimensions=["sex", "colour"], exclusive=True, exhaustive=True, finest_level="town")]
    catalogue = make_catalogue(make_plan(make_measure("learners", schemes=crossed), duties=["quay learners"]))
    rows = ["quay learners 2026-01 town 30", "quay learners 2026-01 town sex=female colour=red 30"]
    found = filter_by_words(
        list_true_counts(list_scopes(catalogue)[JANUARY], *rows, catalogue=catalogue), "2026-01", "town"
    )
    assert found.pop("") == 30
    assert found.pop("colour=red sex=female") == 30
    assert set(found.values()) == {0}


def test_a_numerator_by_fewer_breakdowns_than_its_denominator():
    duties = [f"quay {slug}" for slug in ("pass-rate", "prize-rate")]
    prizes = make_measure("pass-rate", slug="prize-rate", schemes=[])
    catalogue = make_catalogue(
        make_plan(make_measure("pass-rate", shares_denominator=["prize-rate"]), prizes, duties=duties)
    )
    found = rates("quay pass-rate 2026-01 town 30/60", scope=list_scopes(catalogue)[RATE], catalogue=catalogue)
    assert {name: count for name, count in found.items() if "prize-rate:" in name} == {"prize-rate:": "?"}
