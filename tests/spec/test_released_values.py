"""The displayed value of one cell: a number with its bounds, bounds only, or the reason why there is none."""

import pytest
from msgspec.structs import fields, replace

from api.figures.blank import NULL_FIELDS
from api.protection.stored_contributions import UsedContribution
from api.releases.released_values import (
    NO_DATA,
    NOT_A_COUNT,
    NOT_KNOWN_FOR_ALL,
    SUPPRESSED,
    ReleasedValue,
    to_proportion,
)
from api.releases.scope_counts import PeriodCounts, add_contributions
from api.statistics import intervals
from api.statistics.disclosure.displayed_counts import DisplayedCount, Percentage
from api.statistics.intervals import RatioCounts
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, DisclosureClass, Policy
from schema.intervals import Confidence
from schema.measures import Overlap
from schema.released_figures import PublishedFigure
from schema.submissions import Status
from tests.fixtures.example_plan import TOWN, make_catalogue
from tests.fixtures.release_fixtures import (
    format_node,
    list_released_values,
    list_scopes,
    make_measure,
    make_plan,
    make_snapshot,
    protect_rows,
    release_figures,
)

MEMBERS = ["quay members 2026-01 town", "pier members 2026-01 town"]


def find_value(
    slug: str,
    *rows: str,
    catalogue,
    area: str = TOWN,
    period: str = "2026-01",
    breakdown: str = "",
    earlier_rows: tuple[str, ...] = (),
) -> ReleasedValue:
    """Return a value of a release, which follows a release of the earlier rows if there are any."""
    _, chains = make_snapshot(*earlier_rows, catalogue=catalogue)
    snapshot, _ = make_snapshot(*rows, catalogue=catalogue, earlier=chains, number=2)
    return list_released_values(snapshot)[slug, "headline"][period, area, breakdown]


def summarise(one: ReleasedValue) -> tuple[float | None, float | None, float | None, str | None]:
    return one.value, one.low, one.high, one.reason


LEARNERS = make_catalogue(make_plan(make_measure("learners"), duties=["quay learners", "pier learners"]))


def make_returns(**totals: int) -> list[str]:
    """Return rows, such as Quay College's 50 learners in January for `quay_01=50`."""
    names = [(*name.split("_"), total) for name, total in totals.items()]
    return [f"{who} learners 2026-{month} town {total}" for who, month, total in names]


# fmt: off
#   returned before        returned now                       period           value, least, greatest, error in 95 %
SUMS = [
    ({},                   {"quay_01": 52, "pier_01": 31},    "2026-01",       (80, 66, 94, 6)),     # 50 and 30
    ({},                   {"quay_01": 53, "pier_01": 33},    "2026-01",       (90, 76, 104, 6)),    # 55 and 35
    # A contribution may be held back as soon as the organisation has contributed once, changed or not.
    ({"quay_01": 52},      {"quay_01": 52, "pier_01": 31},    "2026-01",       (80, 59, 101, 10)),
    ({"quay_01": 52, "pier_01": 31}, {"quay_01": 52, "pier_01": 31}, "2026-01", (80, 52, 108, 13)),
    ({"quay_01": 52, "pier_01": 31}, {"quay_01": 59, "pier_01": 31}, "2026-01", (80, 52, 108, 13)),
    ({"quay_01": 52, "pier_01": 31}, {"quay_01": 60, "pier_01": 31}, "2026-01", (90, 62, 118, 13)),
    # A quarter is the sum of the displayed months, however many are returned.
    ({},                   {"quay_01": 52, "pier_01": 31},    "FY2025-26-Q4",  (80, 66, 94, 6)),
    ({},                   {"quay_01": 12, "pier_01": 22, "quay_02": 12, "pier_02": 22}, "FY2025-26-Q4", (60, 32, 88, 9)),
    ({},                   {"quay_01": 4, "pier_01": 4},      "2026-01",       (10, 0, 24, 6)),
    # Displayed counts below 10 show `c`, in a quarter as well as in a month.
    ({},                   {"quay_01": 4, "pier_01": 2},      "2026-01",       (None, None, None, None)),
    ({},                   {"quay_01": 0, "pier_01": 0},      "2026-01",       (None, None, None, None)),
    ({},                   {"quay_01": 4, "pier_01": 2, "quay_02": 3, "pier_02": 0}, "FY2025-26-Q4", (10, 0, 38, 9)),
]
# fmt: on


@pytest.mark.parametrize(("before", "now", "period", "expected"), SUMS)
def test_figure_is_the_sum_of_displayed_contributions(before, now, period, expected):
    """Each contribution is rounded to the nearest multiple of 5 here."""
    value = find_value(
        "learners", *make_returns(**now), catalogue=LEARNERS, period=period, earlier_rows=tuple(make_returns(**before))
    )
    assert (value.value, value.low, value.high, value.error_95) == expected
    assert (value == SUPPRESSED) == (expected[0] is None)


@pytest.mark.parametrize(
    ("duties", "returns", "is_shown"),
    [
        (["quay learners", "pier learners"], {"quay_01": 52, "pier_01": 31}, True),
        (["quay learners", "pier learners"], {"quay_01": 52}, False),
        (["quay learners alone", "pier learners"], {"quay_01": 52}, True),
        (["quay learners alone", "pier learners"], {"pier_01": 31}, False),
        (["quay learners"], {"quay_01": 52, "pier_01": 31}, True),  # the plan has dropped a duty
    ],
)
def test_organisation_alone_is_shown_only_with_publish_alone(duties, returns, is_shown):
    catalogue = make_catalogue(make_plan(make_measure("learners"), duties=duties))
    value = find_value("learners", *make_returns(**returns), catalogue=catalogue)
    assert (value.value is not None) == is_shown
    assert is_shown or value == SUPPRESSED


def test_quarter_is_withheld_if_one_of_its_months_is():
    rows = make_returns(quay_01=52, pier_01=31, quay_02=40)
    values = [find_value("learners", *rows, catalogue=LEARNERS, period=code) for code in ("2026-01", "FY2025-26-Q4")]
    assert [value.value for value in values] == [80, None]


SHOW_SMALL = replace(PERSONS_RULE, hide_below=0)


def test_programme_may_show_small_figures():
    plan = replace(LEARNERS.plan, disclosure=Policy(persons=SHOW_SMALL))
    small = make_returns(quay_01=4, pier_01=2)
    assert summarise(find_value("learners", *small, catalogue=make_catalogue(plan))) == (5, 0, 19, None)
    zero = make_returns(quay_01=0, pier_01=0)
    assert summarise(find_value("learners", *zero, catalogue=make_catalogue(plan))) == (0, 0, 14, None)


SCOPE = list_scopes(LEARNERS)["learners/headline 2026-01"]


def test_sum_below_0_is_displayed_as_0():
    """A count of 0 can display as -5."""
    plan = replace(LEARNERS.plan, disclosure=Policy(persons=SHOW_SMALL))
    catalogue = make_catalogue(plan)
    rows = make_returns(quay_01=0, pier_01=0)
    snapshot, chains = make_snapshot(*rows, catalogue=catalogue)
    for key, (stored,) in chains.items():
        low = replace(stored.contribution, displayed=stored.contribution.displayed - 5)
        chains[key] = (replace(stored, contribution=low),)
    snapshot, _ = make_snapshot(*rows, catalogue=catalogue, earlier=chains)
    value = list_released_values(snapshot)["learners", "headline"]["2026-01", TOWN, ""]
    assert (value.value, value.low) == (0, 0)


def test_totals_of_organisations_are_exact_and_their_breakdowns_rounded():
    employers = make_measure("learners", disclosure_class=DisclosureClass.ORGANISATIONS)
    catalogue = make_catalogue(make_plan(employers, duties=["quay learners", "pier learners"]))
    sexes = [f"{who} learners 2026-01 town sex={sex} 10" for who in ("quay", "pier") for sex in ("female", "male")]
    rows = [*make_returns(quay_01=20, pier_01=20), *sexes]
    total = find_value("learners", *rows, catalogue=catalogue)
    assert (summarise(total), total.error_95, total.largest_error) == ((40, 40, 40, None), 0, 0)
    women = find_value("learners", *rows, catalogue=catalogue, breakdown="sex=female")
    assert (summarise(women), women.error_95) == ((18, 14, 22, None), 3)
    one = [*make_returns(quay_01=2, pier_01=0), "quay learners 2026-01 town sex=female 2"]
    assert find_value("learners", *one, catalogue=catalogue).value == 2
    none = [f"{who} learners 2026-01 town sex=unknown 0" for who in ("quay", "pier")]
    hidden = find_value("learners", *one, *none, catalogue=catalogue, breakdown="sex=unknown")
    assert (hidden, ORGANISATIONS_RULE.hide_below) == (SUPPRESSED, 3)


def test_contributions_are_added_node_by_node():
    quay = protect_rows(
        SCOPE, *make_returns(quay_01=50), "quay learners 2026-01 town sex=female 20", catalogue=LEARNERS
    )
    pier = protect_rows(SCOPE, *make_returns(pier_01=30), "pier learners 2026-01 town sex=female c", catalogue=LEARNERS)
    used = [
        UsedContribution(organisation="quay-college", is_first=False, stored=quay),
        UsedContribution(organisation="pier-college", is_first=True, stored=pier),
    ]
    counts = add_contributions(SCOPE, used)
    at = {format_node(node): index for index, node in enumerate(counts.nodes.nodes)}
    town, women, men = (at[f"2026-01 town{cell}"] for cell in ("", " sex=female", " sex=male"))
    assert counts.totals[town] == quay.contribution.displayed[town] + pier.contribution.displayed[town]
    assert counts.totals[women] == quay.contribution.displayed[women]
    assert counts.unknown[[town, women, men]].tolist() == [False, True, True]
    assert counts.confidential[[town, women, men]].tolist() == [False, True, False]
    both = frozenset(("quay-college", "pier-college"))
    assert counts.periods == {"2026-01": PeriodCounts(organisations=both, first=1, later=1)}


def test_contribution_to_an_earlier_plan_adds_to_the_cells_that_the_plan_still_has():
    quay = protect_rows(
        SCOPE, *make_returns(quay_01=50), "quay learners 2026-01 town sex=female 20", catalogue=LEARNERS
    )
    fewer = make_catalogue(make_plan(make_measure("on-roll", slug="learners", kind=make_measure("learners").kind)))
    scope = list_scopes(fewer)["learners/headline 2026-01"]
    counts = add_contributions(scope, [UsedContribution(organisation="quay-college", is_first=True, stored=quay)])
    assert [format_node(node) for node in counts.nodes.nodes] == ["2026-01 town"]
    assert counts.totals.tolist() == [quay.contribution.displayed[0]]
    old = protect_rows(scope, *make_returns(quay_01=50), catalogue=fewer)
    counts = add_contributions(SCOPE, [UsedContribution(organisation="quay-college", is_first=True, stored=old)])
    assert counts.totals.tolist() == [old.contribution.displayed[0], *[0] * (counts.nodes.size - 1)]
    assert not counts.unknown.any()


def test_organisation_contributes_to_the_periods_in_which_it_returned():
    enrolments = make_catalogue(make_plan(make_measure("enrolments"), duties=["quay enrolments", "pier enrolments"]))
    scope = list_scopes(enrolments)["enrolments/headline CY2026-Q1"]
    stored = protect_rows(scope, "quay enrolments 2026-02 town 20", catalogue=enrolments)
    counts = add_contributions(scope, [UsedContribution(organisation="quay-college", is_first=True, stored=stored)])
    assert [(code, one.first) for code, one in counts.periods.items()] == [
        ("2026-01", 0),
        ("2026-02", 1),
        ("2026-03", 1),
    ]


def make_distinct_catalogue(overlap: Overlap, *duties: str):
    return make_catalogue(
        make_plan(make_measure("members", overlap=overlap), duties=duties or ["quay members", "pier members"])
    )


# fmt: off
#   overlap           returned       value, least, greatest
DISTINCT = [
    # 60 and 40 are 100: 86 to 114. Of two returns the larger has at least half of them.
    (Overlap.UNKNOWN,  ["61", "40"], (None, 43, 114, None)),
    (Overlap.UNKNOWN,  ["63", "41"], (None, 46, 119, None)),  # 105, of which half of 91 is 45.5
    (Overlap.DISJOINT, ["61", "40"], (100, 86, 114, None)),
    (Overlap.UNKNOWN,  ["3", "2"],   (None, None, None, "suppressed")),
    (Overlap.UNKNOWN,  ["61", "c"],  (None, None, None, "suppressed")),
]
# fmt: on


@pytest.mark.parametrize(("overlap", "returns", "expected"), DISTINCT)
def test_distinct_people_of_several_returns_are_at_least_the_largest(overlap, returns, expected):
    rows = [f"{who} {n}" for who, n in zip(MEMBERS, returns, strict=True)]
    assert summarise(find_value("members", *rows, catalogue=make_distinct_catalogue(overlap))) == expected


def test_distinct_people_of_one_return_have_a_value():
    one = make_distinct_catalogue(Overlap.UNKNOWN, "quay members alone", "pier members")
    assert summarise(find_value("members", f"{MEMBERS[0]} 61", catalogue=one)) == (60, 53, 67, None)
    three = make_distinct_catalogue(Overlap.UNKNOWN, "quay members", "quay/evening members", "pier members")
    rows = [f"{MEMBERS[0]} 30", "quay/evening members 2026-01 town 31", f"{MEMBERS[1]} 40"]
    assert summarise(find_value("members", *rows, catalogue=three)) == (None, 29, 114, None), (
        "a third of 86: 28.7 and more"
    )


def test_return_without_a_current_duty_may_count_the_same_people():
    """Pier College returned before the plan dropped its duty: 61 and 40 may share members."""
    rows = [f"{MEMBERS[0]} 61", f"{MEMBERS[1]} 40"]
    assert summarise(
        find_value("members", *rows, catalogue=make_distinct_catalogue(Overlap.UNKNOWN, "quay members"))
    ) == (None, 43, 114, None)


LEARNERS = make_catalogue(make_plan(make_measure("learners"), duties=["quay learners", "pier learners"]))
BOTH = ["quay learners 2026-01 town 50", "pier learners 2026-01 town 30"]


def test_zero_small_confidential_and_missing_show_c_but_not_returned_shows_x():
    sexes = ["quay learners 2026-01 town sex=female 47", "quay learners 2026-01 town sex=male c"]
    rows = [*BOTH, *sexes, *(f"pier learners 2026-01 town sex={sex} 15" for sex in ("female", "male"))]
    assert summarise(find_value("learners", *rows, catalogue=LEARNERS, breakdown="sex=female")) == (60, 46, 74, None)
    assert find_value("learners", *rows, catalogue=LEARNERS, breakdown="sex=male") == SUPPRESSED, "sent as confidential"
    small = ["quay learners 2026-01 town 3", "pier learners 2026-01 town 2"]
    assert find_value("learners", *small, catalogue=LEARNERS) == SUPPRESSED
    assert (
        find_value("learners", "quay learners 2026-01 nil", "pier learners 2026-01 nil", catalogue=LEARNERS)
        == SUPPRESSED
    )
    assert find_value("learners", *BOTH, catalogue=LEARNERS, breakdown="sex=male") == SUPPRESSED, "left out"
    assert find_value("learners", *BOTH, catalogue=LEARNERS, period="2026-02") == NO_DATA


@pytest.mark.parametrize("of_class", [DisclosureClass.ORGANISATIONS, DisclosureClass.NONE])
def test_missing_cells_are_reported_for_non_person_measures(of_class):
    open_ = make_catalogue(
        make_plan(make_measure("learners", disclosure_class=of_class), duties=["quay learners", "pier learners"])
    )
    assert find_value("learners", *BOTH, catalogue=open_, breakdown="sex=male") == NOT_KNOWN_FOR_ALL
    assert (
        find_value("learners", *BOTH, "quay learners 2026-01 town sex=male c", catalogue=open_, breakdown="sex=male")
        == SUPPRESSED
    )


RATES = make_catalogue(make_plan(make_measure("pass-rate"), duties=["quay pass-rate", "pier pass-rate"]))
RATE = ["quay pass-rate 2026-01 town", "pier pass-rate 2026-01 town"]


@pytest.mark.parametrize(
    ("returned", "expected", "status"),
    [
        # 20 and 10 of 60 and 65: 30 ± 14 of 125 ± 14.
        (["21/60", "12/63"], (24.0, 100 * 16 / 139, 100 * 44 / 111, None), None),
        # Below 100 there are no decimals: 35 of 60 are 58 %.
        (["21/30", "13/31"], (58.0, 100 * 21 / 74, 100, None), None),
        # Nearly everybody passed: the others are protected by the audit of each contribution.
        (["58/60", "62/63"], (96.0, 100 * 106 / 139, 100, None), None),
        (["2/60", "2/63"], (None, None, None, "suppressed"), Status.CONFIDENTIAL),
        (["8/8", "7/7"], (None, None, None, "small_denominator"), Status.NOT_AVAILABLE),
        (["0/0", "0/0"], (None, None, None, "suppressed"), Status.CONFIDENTIAL),
    ],
)
def test_proportion_is_calculated_from_displayed_counts(returned, expected, status):
    one = find_value("pass-rate", *(f"{who} {n}" for who, n in zip(RATE, returned, strict=True)), catalogue=RATES)
    assert summarise(one) == expected
    assert one.status is status


def test_percentage_with_a_small_denominator_shows_only_its_counts():
    part, whole = (DisplayedCount(value=value, largest_error=7, error_95=4) for value in (10, 15))
    one = to_proportion(part, whole, Percentage(value=None, reason="small_denominator"))
    assert (one.reason, one.status, one.counts) == ("small_denominator", Status.NOT_AVAILABLE, None)
    assert (one.numerator, one.denominator) == (part, whole)


def test_interval_covers_every_pair_of_counts_in_95_percent_of_roundings():
    one = find_value("pass-rate", f"{RATE[0]} 21/60", f"{RATE[1]} 12/63", catalogue=RATES)
    certain, likely = one.counts
    assert certain == RatioCounts(numerator_low=16, numerator_high=44, denominator_low=111, denominator_high=139)
    assert likely == RatioCounts(numerator_low=24, numerator_high=36, denominator_low=119, denominator_high=131)
    assert one.error_95 == 6.3, "36 of 119 are 30.3 %"
    narrow, wide = one.intervals
    assert (narrow.confidence, wide.confidence) == (Confidence.P95, Confidence.P99_8)
    for x in range(24, 37):
        for n in range(119, 132):
            true = intervals.calculate_proportion_interval(intervals.make_exact_counts(x, n), per=100)
            assert narrow.lower <= true.lower
            assert true.upper <= narrow.upper


def make_count(value: int | None, low: int, high: int | None, error_95: float | None = None) -> ReleasedValue:
    return ReleasedValue(value=value, low=low, high=high, error_95=error_95)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (make_count(100, 93, 107, 4), (96, 104)),
        (make_count(5, 0, 12, 9), (0, 12)),
        (make_count(100, 93, 107), (93, 107)),
        (make_count(None, 43, 114), (43, 114)),
        (SUPPRESSED, (None, None)),
    ],
)
def test_likely_bounds_lie_within_the_certain_ones(value, expected):
    assert value.likely_bounds == expected


def test_largest_error_is_the_distance_to_the_further_bound():
    assert make_count(100, 98, 102).largest_error == 2
    assert make_count(100, 94, 102).largest_error == 6
    assert make_count(None, 94, 102).largest_error is None
    assert make_count(100, 94, None).largest_error is None
    assert NOT_A_COUNT.largest_error is None


def test_denominators_are_released_only_with_their_proportion():
    results, _ = make_snapshot(f"{RATE[0]} 21/60", catalogue=RATES)
    assert set(list_released_values(results)) == {("pass-rate", "headline")}
    assert len({f.breakdown.get("sex", "") for f in release_figures(f"{RATE[0]} 21/60", catalogue=RATES)}) == 4


def test_proportion_without_its_denominator_is_not_known_for_all():
    """Prizes are counted by sex, exams are not: the number examined is unknown for each sex."""
    prizes = make_measure("pass-rate", slug="prize-rate", contains=[])
    exams = make_measure("pass-rate", schemes=[], contains=[], shares_denominator=["prize-rate"])
    duties = [f"{who} {slug}" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]
    catalogue = make_catalogue(make_plan(exams, prizes, duties=duties))
    rows = [f"{who} {slug} 2026-01 town 30/60" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]
    rows += [f"{who} prize-rate 2026-01 town sex=female 15/30" for who in ("quay", "pier")]
    assert summarise(find_value("prize-rate", *rows, catalogue=catalogue))[0] == 50
    assert find_value("prize-rate", *rows, catalogue=catalogue, breakdown="sex=female") == NOT_KNOWN_FOR_ALL


@pytest.mark.parametrize(
    ("kind", "reason"), [(DisclosureClass.NONE, "suppressed"), (DisclosureClass.PERSONS, "suppressed")]
)
def test_proportion_with_a_confidential_denominator_is_confidential(kind, reason):
    rates = make_measure("pass-rate", disclosure_class=kind)
    catalogue = make_catalogue(make_plan(rates, duties=["quay pass-rate", "pier pass-rate"]))
    rows = [*(f"{who} 30/60" for who in RATE), f"{RATE[0]} sex=female c", f"{RATE[1]} sex=female 15/30"]
    one = find_value("pass-rate", *rows, catalogue=catalogue, breakdown="sex=female")
    assert (one.status, one.reason) == (Status.CONFIDENTIAL, reason)
    left_out = find_value("pass-rate", *rows, catalogue=catalogue, breakdown="sex=male")
    assert left_out.reason == (reason if kind is DisclosureClass.PERSONS else "not_known_for_all")


def test_every_number_of_a_figure_without_a_number_is_null():
    numbers = {field.name for field in fields(PublishedFigure) if "float" in str(field.type)}
    assert {"value", "counts_error_95"} <= numbers <= NULL_FIELDS
