"""The returned counts of one organisation, on the nodes of a scope: exactly known, unknown, or not returned."""

import pytest
from msgspec.structs import replace

from api.plan.scope_shapes import merge_shapes
from api.statistics.disclosure.lattice import build_nodes
from schema.areas import Scheme
from schema.measures import MeasureKind, Overlap
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, make_catalogue
from tests.fixtures.release_fixtures import (
    build_true_counts,
    filter_by_words,
    format_node,
    list_scopes,
    list_true_counts,
    make_measure,
    make_plan,
    protect_rows,
)

JANUARY = "learners/headline 2026-01"
# A whole return of Quay College: 30 in the east and 20 in the west.
QUAY = [
    "quay learners 2026-01 town 50",
    "quay learners 2026-01 town sex=female 20",
    "quay learners 2026-01 town sex=male 30",
    "quay learners 2026-01 town sex=unknown 0",
]
WARDS = ["quay learners 2026-01 east 30", "quay learners 2026-01 west 20", "quay learners 2026-01 nowhere 0"]


def list_learners(*rows: str, **more):
    """Return the known counts of the town and its quarters in January, by sex."""
    return filter_by_words(list_true_counts(list_scopes()[JANUARY], *rows, **more), "2026-01")


def list_town_counts(*rows: str, **more):
    """Return the counts of the town in January: total, women, men, sex unknown."""
    counts = list_learners(*rows, **more)
    return [counts[f"town{cell}"] for cell in ("", " sex=female", " sex=male", " sex=unknown")]


def list_quarter_counts(*rows: str):
    """Return the counts of January: town, east, west, quarter unknown."""
    counts = list_learners(*rows)
    return [counts[place] for place in ("town", "east", "west", "nowhere")]


# fmt: off
#   returned with a total of 50                   women, men, not known
GIVEN_TOTAL_50 = [
    (["sex=female 20", "sex=male 30", "sex=unknown 0"],     [20, 30, 0]),
    # A missing cell is unknown, even where the others leave nothing for it.
    (["sex=female 20", "sex=male 30"],                      [20, 30, "?"]),
    (["sex=female 50"],                                     [50, "?", "?"]),
    (["sex=female 20"],                                     [20, "?", "?"]),
    (["sex=female 20", "sex=male 29"],                      [20, 29, "?"]),
    ([],                                                    ["?", "?", "?"]),
    # They contradict each other: the total is used.
    (["sex=female 20", "sex=male 31", "sex=unknown 0"],     ["?", "?", "?"]),
    (["sex=female 20", "sex=male 29", "sex=unknown 0"],     ["?", "?", "?"]),
    (["sex=female 51"],                                     ["?", "?", "?"]),
    # Confidential cells are unknown, with or without bounds; other missing cells may have any count.
    (["sex=female c", "sex=male 30", "sex=unknown 0"],      ["c", 30, 0]),
    (["sex=female c:1-4", "sex=male 30"],                   ["c", 30, "?"]),
    (["sex=female c:20-20", "sex=male 30"],                 [20, 30, "?"]),
    (["sex=female c:1-4", "sex=male 51"],                   ["c", "?", "?"]),
    # Not available: unknown as well, and reported like a confidential cell.
    (["sex=female x", "sex=male 30", "sex=unknown 0"],      ["c", 30, 0]),
]
# fmt: on


@pytest.mark.parametrize(("cells", "expected"), GIVEN_TOTAL_50)
def test_missing_categories_follow_from_their_total(cells, expected):
    rows = ["quay learners 2026-01 town 50", *(f"quay learners 2026-01 town {cell}" for cell in cells)]
    assert list_town_counts(*rows) == [50, *expected]


# fmt: off
#   returned with a town of 50                    east, west, quarter not known
QUARTERS_OF_50 = [
    (["east 30", "west 20", "nowhere 0"],                   [30, 20, 0]),
    (["east 30", "west 20"],                                [30, 20, "?"]),
    (["east 30"],                                           [30, "?", "?"]),
    (["east 30", "west 21"],                                ["?", "?", "?"]),
    (["east 30", "west 19", "nowhere 0"],                   ["?", "?", "?"]),
    (["east 51"],                                           ["?", "?", "?"]),
    (["east c", "west 20"],                                 ["c", 20, "?"]),
]
# fmt: on


@pytest.mark.parametrize(("cells", "expected"), QUARTERS_OF_50)
def test_missing_quarters_follow_from_their_town(cells, expected):
    rows = ["quay learners 2026-01 town 50", *(f"quay learners 2026-01 {cell}" for cell in cells)]
    assert list_quarter_counts(*rows) == [50, *expected]


def test_total_is_unknown_if_it_was_not_returned():
    assert list_town_counts("quay learners 2026-01 town sex=female 20") == ["?", 20, "?", "?"]
    assert list_quarter_counts("quay learners 2026-01 east 20") == ["?", 20, "?", "?"]


def test_confidential_total_is_unknown():
    assert list_town_counts("quay learners 2026-01 town c:1-4") == ["c", "?", "?", "?"]


def test_nil_return_is_zero_in_every_cell():
    assert set(list_learners("quay learners 2026-01 nil").values()) == {0}


def test_total_of_zero_reveals_nothing_of_missing_cells():
    assert set(list_learners("quay learners 2026-01 town 0").values()) == {0, "?"}


def test_contradicted_total_of_zero_is_used_before_its_parts():
    assert list_town_counts("quay learners 2026-01 town 0", "quay learners 2026-01 town sex=female 3") == [
        0,
        "?",
        "?",
        "?",
    ]
    counts = list_town_counts("quay learners 2026-01 town 0", "quay learners 2026-01 town sex=female c")
    assert counts == [0, "c", "?", "?"]


def test_cells_are_not_returned_without_a_return():
    assert set(list_learners().values()) == {"-"}
    assert list_town_counts(*QUAY) == list_town_counts(*QUAY, "quay learners 2026-02 town 9")


def test_unknown_cell_has_no_count():
    counts, nodes = build_true_counts(list_scopes()[JANUARY], QUAY[0], "quay learners 2026-01 town sex=female c:1-4")
    at = {format_node(node): index for index, node in enumerate(nodes)}
    women, men = at["2026-01 town sex=female"], at["2026-01 town sex=male"]
    assert counts.counts[[women, men]].tolist() == [0, 0]
    assert counts.known[[women, men]].tolist() == [False, False]
    assert counts.confidential[[women, men]].tolist() == [True, False]


def test_services_of_an_organisation_are_summed():
    evening = [row.replace("quay", "quay/evening") for row in QUAY]
    assert list_town_counts(*QUAY, *evening) == [100, 40, 60, 0]


def test_cell_missing_from_one_service_is_not_filled_from_another():
    """Evening classes return only a total, so the 5 in the east belong to the day classes."""
    evening = ["quay/evening learners 2026-01 town 10"]
    assert list_quarter_counts(*QUAY, *WARDS[:2], *evening) == [60, "?", "?", "?"]
    assert list_town_counts(*QUAY, *evening) == [60, "?", "?", "?"]
    assert list_town_counts(*QUAY, "quay/evening learners 2026-01 nil") == [50, 20, 30, 0]


def test_quarters_by_sex_agree_with_their_total_and_with_the_town():
    rows = [*QUAY, *WARDS]
    counts = list_learners(*rows, "quay learners 2026-01 east sex=female 20", "quay learners 2026-01 east sex=male 10")
    assert [counts[f"east sex={sex}"] for sex in ("female", "male", "unknown")] == [20, 10, "?"]
    assert [counts[f"west sex={sex}"] for sex in ("female", "male", "unknown")] == ["?", "?", "?"]
    counts = list_learners(*rows, "quay learners 2026-01 east sex=female 21")
    assert [counts[f"east sex={sex}"] for sex in ("female", "male", "unknown")] == ["?", "?", "?"]
    assert (counts["town sex=female"], counts["east"]) == (20, 30), "totals and margins are used"


NEEDS = ["quay learners 2026-01 town need=travel 15", "quay learners 2026-01 town need=childcare 40"]


def make_needs_catalogue(*rows: str):
    counts = list_learners(*QUAY, *rows)
    return [counts[f"town need={need}"] for need in ("travel", "childcare")]


def test_overlapping_categories_do_not_add_up():
    assert make_needs_catalogue(*NEEDS) == [15, 40]
    assert make_needs_catalogue(NEEDS[0]) == [15, "?"]
    assert make_needs_catalogue("quay learners 2026-01 town need=travel 50") == [50, "?"], (
        "somebody may have both needs"
    )
    assert make_needs_catalogue("quay learners 2026-01 town need=travel 51") == ["?", "?"], "nobody else is there"


def test_cells_by_two_dimensions_agree_with_their_margins():
    cross = "quay learners 2026-01 town need=travel sex="

    def counts(*cells: str):
        got = list_learners(*QUAY, *NEEDS, *cells)
        return [got[f"town need=travel sex={sex}"] for sex in ("female", "male", "unknown")]

    assert counts(f"{cross}female 10", f"{cross}male 5", f"{cross}unknown 0") == [10, 5, 0]
    assert counts(f"{cross}female 10", f"{cross}male 6") == ["?", "?", "?"]
    assert counts(f"{cross}female 10", f"{cross}male 4", f"{cross}unknown 0") == ["?", "?", "?"], "one is of no sex"
    assert counts() == ["?", "?", "?"]


def test_contradiction_with_a_margin_does_not_stop_a_release():
    """25 of the 40 who need childcare are women, but there are only 20 women: the margins are used."""
    cross = "quay learners 2026-01 town need=childcare sex="
    rows = [*QUAY, *NEEDS, f"{cross}female 25", f"{cross}male 15", f"{cross}unknown 0"]
    counts = list_learners(*rows)
    assert [counts[f"town need=childcare sex={sex}"] for sex in ("female", "male", "unknown")] == ["?", "?", "?"]
    assert (counts["town need=childcare"], counts["town sex=female"]) == (40, 20)
    assert protect_rows(list_scopes()[JANUARY], *rows).left_out == ()


RATE = "pass-rate/headline 2026-01"


def list_rates(*rows: str, scope=None, catalogue=HARBOUR_CATALOGUE):
    return filter_by_words(
        list_true_counts(scope or list_scopes()[RATE], *rows, catalogue=catalogue), "2026-01", "town"
    )


def test_proportion_is_two_counts():
    counts = list_true_counts(
        list_scopes()[RATE], "quay pass-rate 2026-01 town 8/10", "quay/evening pass-rate 2026-01 town 30/60"
    )
    assert (counts["pass-rate: 2026-01 town"], counts["2026-01 town"]) == (38, 70)
    counts = list_true_counts(list_scopes()[RATE], "quay pass-rate 2026-01 nil")
    assert (counts["pass-rate: 2026-01 town"], counts["2026-01 town"]) == (0, 0)
    counts = list_true_counts(
        list_scopes()[RATE], "quay pass-rate 2026-01 town 0/0", "quay pass-rate 2026-01 town sex=male c"
    )
    assert counts["pass-rate: 2026-01 town sex=male"] == "c", "though nobody was examined"
    counts = list_true_counts(
        list_scopes()[RATE], "quay pass-rate 2026-01 town 9/12", "quay pass-rate 2026-01 town sex=male c"
    )
    assert (counts["pass-rate: 2026-01 town sex=male"], counts["2026-01 town sex=male"]) == ("c", "c")


def test_numerator_above_its_denominator_is_unknown():
    """12 of 10 women passed: only the total of 20 who passed is known."""
    rows = [
        "quay pass-rate 2026-01 town 20/30",
        "quay pass-rate 2026-01 town sex=female 12/10",
        "quay pass-rate 2026-01 town sex=male 8/20",
    ]
    counts = list_true_counts(list_scopes()[RATE], *rows)
    passed = [counts[f"pass-rate: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")]
    assert passed == [20, "?", "?"]
    assert [counts[f"2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [30, 10, 20]
    protect_rows(list_scopes()[RATE], *rows)
    counts = list_true_counts(list_scopes()[RATE], "quay pass-rate 2026-01 town 40/30")
    assert (counts["pass-rate: 2026-01 town"], counts["2026-01 town"]) == ("?", 30)


def make_joined_catalogue(kind: MeasureKind = MeasureKind.FLOW, overlap: Overlap = Overlap.UNKNOWN, **more):
    """The people who passed are a part of the learners."""
    schemes = [Scheme(dimensions=["sex"], exclusive=True, exhaustive=more.pop("exhaustive", True), finest_level="town")]
    one = make_measure("learners", kind=kind, schemes=schemes, overlap=overlap, contains=["passes"])
    other = replace(one, slug="passes", contains=[])
    catalogue = make_catalogue(make_plan(one, other, duties=["quay learners", "pier learners", "quay passes"]))
    scope = next(iter(list_scopes(catalogue).values()))
    assert [member.measure.slug for member in scope.members] == ["learners", "passes"]
    return scope, catalogue


def test_part_larger_than_its_whole_is_unknown_except_its_total():
    scope, catalogue = make_joined_catalogue()
    learned = [
        "quay learners 2026-01 town 20",
        *(f"quay learners 2026-01 town sex={sex} 10" for sex in ("female", "male")),
    ]
    passed = [row.replace("learners", "passes") for row in learned]
    fits = list_true_counts(scope, *learned, *passed, catalogue=catalogue)
    assert [fits[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [20, 10, 10]
    twelve = [passed[0], "quay passes 2026-01 town sex=female 12", "quay passes 2026-01 town sex=male 8"]
    counts = list_true_counts(scope, *learned, *twelve, catalogue=catalogue)
    assert [counts[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [20, "?", "?"]
    protect_rows(scope, *learned, *twelve, catalogue=catalogue)
    counts = list_true_counts(scope, *learned, "quay passes 2026-01 town 21", catalogue=catalogue)
    assert counts["passes: 2026-01 town"] == "?"


def test_confidential_part_of_a_known_whole_is_only_unknown():
    """3 of the 20 women passed, returned as confidential: nothing follows except that the count is unknown."""
    scope, catalogue = make_joined_catalogue()
    learned = [f"quay learners 2026-01 town {cell}" for cell in ("50", "sex=female 20", "sex=male 30")]
    passed = [f"quay passes 2026-01 town {cell}" for cell in ("20", "sex=female c", "sex=male 17", "sex=unknown 0")]
    counts = list_true_counts(scope, *learned, *passed, catalogue=catalogue)
    assert [counts[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [20, "c", 17]
    protect_rows(scope, *learned, *passed, catalogue=catalogue)


def test_people_outside_a_part_must_fit_as_well():
    """The sex of 20 of 100 learners is unknown, and of 40 of the 60 who passed. So 60 of the 40 who did not pass would
    have a known sex."""
    scope, catalogue = make_joined_catalogue(exhaustive=False)
    rows = [
        *("quay learners 2026-01 town 100", "quay passes 2026-01 town 60"),
        *(f"quay learners 2026-01 town sex={sex} 40" for sex in ("female", "male")),
        *(f"quay passes 2026-01 town sex={sex} 10" for sex in ("female", "male")),
        *("quay learners 2026-01 town sex=unknown 0", "quay passes 2026-01 town sex=unknown 0"),
    ]
    counts = list_true_counts(scope, *rows, catalogue=catalogue)
    assert [counts[f"passes: 2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male")] == [60, "?", "?"]
    protect_rows(scope, *rows, catalogue=catalogue)


def test_part_of_an_unknown_whole_is_unknown():
    scope, catalogue = make_joined_catalogue()
    assert list_true_counts(scope, "quay passes 2026-01 town 21", catalogue=catalogue)["passes: 2026-01 town"] == "?"
    rows = ["quay learners 2026-01 town c:1-9", "quay passes 2026-01 town 5"]
    assert list_true_counts(scope, *rows, catalogue=catalogue)["passes: 2026-01 town"] == "?"
    counts = list_true_counts(
        scope, "quay/evening learners 2026-01 town 20", "quay learners 2026-01 nil", catalogue=catalogue
    )
    assert counts["passes: 2026-01 town"] == "-", "an organisation without a part adds nothing"


def test_shared_denominator_needs_every_numerator():
    """20 of 60 in the day, and 60 in the evening without a number of prizes: not 20 of 120."""
    duties = [f"{who} {slug}" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]
    one = make_measure("pass-rate", shares_denominator=["prize-rate"])
    catalogue = make_catalogue(make_plan(one, make_measure("pass-rate", slug="prize-rate"), duties=duties))
    scope = list_scopes(catalogue)[RATE]
    rows = [
        "quay pass-rate 2026-01 town 30/60",
        "quay/evening pass-rate 2026-01 town 30/60",
        "quay prize-rate 2026-01 town 20/60",
    ]
    counts = list_rates(*rows, scope=scope, catalogue=catalogue)
    assert counts == filter_by_words(counts) | {"": 120, "pass-rate:": 60, "prize-rate:": "?"}
    counts = list_rates(*rows, "quay/evening prize-rate 2026-01 town 10/60", scope=scope, catalogue=catalogue)
    assert counts["prize-rate:"] == 30
    more = ["quay/weekend pass-rate 2026-01 town 1/10", "quay/evening prize-rate 2026-01 town 10/60"]
    assert list_rates(*rows, *more, scope=scope, catalogue=catalogue)["prize-rate:"] == "?"
    counts = list_rates("quay prize-rate 2026-01 town 20/60", scope=scope, catalogue=catalogue)
    assert (counts["prize-rate:"], counts[""]) == ("?", "-"), "without a denominator it is no proportion"


def list_cumulative_counts(*rows: str, part: str = ""):
    """Return Quay's enrolments since the start of the quarter, by month: total, women, men, sex unknown."""
    counts = list_true_counts(
        list_scopes()["enrolments/headline CY2026-Q1"], *(f"quay enrolments {row}" for row in rows)
    )
    months = ("2026-01", "2026-02", "2026-03")
    return [[counts[f"{month_counts} town{cell}"] for cell in ("", *SEXES)] for month_counts in months]


SEXES = (" sex=female", " sex=male", " sex=unknown")


def make_month(code: str, total: int, *sexes: int):
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
        # An organisation that has not begun contributes nothing.
        (["2026-02 town 25", "2026-03 town 40"], ["-", 25, 40]),
        (["2026-01 town 10", "2026-02 town c:10-20", "2026-03 town 40"], [10, "c", 40]),
        # A nil return keeps the count; it is 0 if the count has just begun.
        (["2026-01 town 10", "2026-02 nil", "2026-03 town 40"], [10, 10, 40]),
        (["2026-01 town 40", "2026-02 nil", "2026-03 nil"], [40, 40, 40]),
        (["2026-01 nil", "2026-02 town 5", "2026-03 nil"], [0, 5, 5]),
        (["2026-01 town c:10-20", "2026-02 nil", "2026-03 town 40"], ["c", "c", 40]),
    ],
)
def test_cumulative_total_never_falls(rows, expected):
    assert [counts[0] for counts in list_cumulative_counts(*rows)] == expected


def test_later_breakdown_leaves_only_the_earlier_total():
    """30 of unknown sex in January are women and men in February, so January has only a total."""
    rows = [
        *make_month("2026-01", 50, 10, 10, 30),
        *make_month("2026-02", 60, 30, 30, 0),
        *make_month("2026-03", 70, 35, 35, 0),
    ]
    assert list_cumulative_counts(*rows) == [[50, "?", "?", "?"], [60, 30, 30, 0], [70, 35, 35, 0]]
    # Two months later it is all the same: a month between them is no witness of what it does not say.
    rows = [
        *make_month("2026-01", 30, 15, 15, 0),
        *make_month("2026-02", 50, 10, 10, 30),
        *make_month("2026-03", 70, 35, 35, 0),
    ]
    assert list_cumulative_counts(*rows) == [[30, 15, 15, 0], [50, "?", "?", "?"], [70, 35, 35, 0]]


def test_services_of_a_cumulative_count_are_followed_separately():
    """The 40 in February are Quay's day classes alone. The evening's 10 of January still exist, and there may be more."""
    rows = [
        "quay enrolments 2026-01 town 20",
        "quay enrolments 2026-02 town 40",
        "quay/evening enrolments 2026-01 town 10",
    ]
    counts = list_true_counts(list_scopes()["enrolments/headline CY2026-Q1"], *rows)
    assert [counts[f"2026-0{n} town"] for n in (1, 2)] == [30, "?"]


def test_cumulative_part_is_followed_like_its_whole():
    scope, catalogue = make_joined_catalogue(kind=MeasureKind.CUMULATIVE)
    rows = [
        f"quay {slug} {code} town {n}"
        for slug, code, n in (
            ("learners", "2026-01", 20),
            ("learners", "2026-02", 30),
            ("passes", "2026-01", 9),
            ("passes", "2026-02", 8),
        )
    ]
    counts = list_true_counts(scope, *rows, catalogue=catalogue)
    assert [counts[f"passes: 2026-0{n} town"] for n in (1, 2)] == ["?", 8]


def test_distinct_people_of_quarters_may_overlap_but_cover_the_town():
    schemes = make_measure("learners").schemes[:1]
    catalogue = make_catalogue(make_plan(make_measure("members", schemes=schemes), duties=["quay members"]))
    scope = list_scopes(catalogue)["members/headline 2026-01"]

    def quarters(*cells: str):
        counts = list_true_counts(scope, *(f"quay members 2026-01 {cell}" for cell in cells), catalogue=catalogue)
        return [counts[f"2026-01 {place}"] for place in ("town", "east", "west", "nowhere")]

    assert quarters("town 50", "east 40", "west 30", "nowhere 0") == [50, 40, 30, 0]
    assert quarters("town 50", "east 50") == [50, 50, "?", "?"], "those of the east may be in the west too"
    assert quarters("town 50", "east 51") == [50, "?", "?", "?"]
    small = ("town 50", "east 20", "west 29", "nowhere 0")
    assert quarters(*small) == [50, "?", "?", "?"], "the fiftieth is nowhere"
    protect_rows(scope, *(f"quay members 2026-01 {cell}" for cell in small), catalogue=catalogue)


def test_people_of_two_services_are_counted_twice():
    """The display of figures accounts for the overlap."""
    counts = list_true_counts(
        list_scopes()["members/headline 2026-01"],
        "quay members 2026-01 town 30",
        "quay/evening members 2026-01 town 20",
    )
    assert counts["2026-01 town"] == 50


def test_cells_that_the_plan_no_longer_collects_are_unknown():
    """The sexes were released, then the plan dropped their scheme: nobody returns them any more."""
    before = list_scopes()[JANUARY]
    first = protect_rows(before, *QUAY)
    catalogue = make_catalogue(
        make_plan(make_measure("learners", schemes=[]), duties=["quay learners", "pier learners"])
    )
    now = list_scopes(catalogue)[JANUARY]
    assert [place.code for place in now.shape.places] == [before.shape.places[0].code]
    shape = merge_shapes(before.shape, now.shape)
    counts, nodes = build_true_counts(now, *QUAY[:1], catalogue=catalogue, shape=shape)
    known = {format_node(node) for node, unknown in zip(nodes, counts.unknown, strict=True) if not unknown}
    assert known == {"2026-01 town"}
    second = protect_rows(now, *QUAY[:1], catalogue=catalogue, chain=[first])
    names = [format_node(node) for node in nodes]
    assert build_nodes(second.shape).nodes == nodes
    assert {name for name, present in zip(names, second.contribution.present, strict=True) if present} == known


def test_cross_table_without_margins_is_compared_with_the_total():
    crossed = [Scheme(dimensions=["sex", "colour"], exclusive=True, exhaustive=True, finest_level="town")]
    catalogue = make_catalogue(make_plan(make_measure("learners", schemes=crossed), duties=["quay learners"]))
    rows = ["quay learners 2026-01 town 30", "quay learners 2026-01 town sex=female colour=red 30"]
    counts = filter_by_words(
        list_true_counts(list_scopes(catalogue)[JANUARY], *rows, catalogue=catalogue), "2026-01", "town"
    )
    assert counts.pop("") == 30
    assert counts.pop("colour=red sex=female") == 30
    assert set(counts.values()) == {"?"}


def test_numerator_with_fewer_breakdowns_than_its_denominator():
    duties = [f"quay {slug}" for slug in ("pass-rate", "prize-rate")]
    prizes = make_measure("pass-rate", slug="prize-rate", schemes=[])
    catalogue = make_catalogue(
        make_plan(make_measure("pass-rate", shares_denominator=["prize-rate"]), prizes, duties=duties)
    )
    counts = list_rates("quay pass-rate 2026-01 town 30/60", scope=list_scopes(catalogue)[RATE], catalogue=catalogue)
    assert {name: count for name, count in counts.items() if "prize-rate:" in name} == {"prize-rate:": "?"}
