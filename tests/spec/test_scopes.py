"""Which measures, periods, areas and breakdowns are protected together, by the plan and the calendar alone."""

from datetime import date

import pytest
from msgspec.structs import replace

from api.commands import PLAN_FILE
from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import find_disclosure_class
from api.plan.queries_loading import read_plan
from api.plan.scope_members import may_publish_alone
from api.plan.scope_shapes import GeographyChanged, list_scope_areas, merge_shapes
from api.protection.scopes import (
    AuditScope,
    exclude_periods,
    find_regrouped_measures,
    group_returned_periods,
    iterate_series_periods,
    list_released_periods,
)
from api.statistics import periods
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table
from schema.areas import Scheme
from schema.disclosure import DisclosureClass, Policy
from schema.measures import Cadence, Collection, MeasureKind
from schema.periods import PeriodType
from schema.submissions import ReturnKind
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, HARBOUR_PLAN, NOW, TOWN, WEST, make_catalogue
from tests.fixtures.release_fixtures import list_scopes, list_series_scopes, make_measure, make_plan


def make_cadence(type_: PeriodType, months: int | None = None) -> Cadence:
    return replace(HARBOUR_PLAN.measures[0].cadence, period_type=type_, months=months)


def list_codes(scopes):
    return [period.code for period in scopes]


def list_measures(scope: AuditScope) -> list[str]:
    return [member.measure.slug for member in scope.members]


# fmt: off
#  kind        cadence                        on            of returns                            longer ones
CALENDAR = [
    ("flow",  "month",             "2026-01-31", [],                                    []),
    ("flow",  "month",             "2026-02-01", ["2026-01"],                           []),
    ("flow",  "month",             "2026-04-01", ["2026-01", "2026-02", "2026-03"],     ["FY2025-26-Q4"]),
    ("flow",  "financial-quarter", "2026-10-01", ["FY2025-26-Q4", "FY2026-27-Q1", "FY2026-27-Q2"], ["FY2026-27-H1"]),
    # Halves and years that the window holds in part are none of it, however late it is.
    ("flow",  "financial-quarter", "2030-01-01", ["FY2025-26-Q4", "FY2026-27-Q1", "FY2026-27-Q2", "FY2026-27-Q3"],
     ["FY2026-27-H1"]),
    ("flow",  "calendar-quarter",  "2027-01-01", ["CY2026-Q1", "CY2026-Q2", "CY2026-Q3", "CY2026-Q4"], ["CY2026"]),
    ("flow",  "calendar-quarter",  "2026-12-31", ["CY2026-Q1", "CY2026-Q2", "CY2026-Q3"], []),
    ("flow",  "calendar-year",     "2027-01-01", ["CY2026"],                            []),
    # So have stocks, counts of different people, and what has no count.
    ("stock", "month",             "2026-04-01", ["2026-01", "2026-02", "2026-03"],     ["FY2025-26-Q4"]),
    ("distinct", "month",          "2026-04-01", ["2026-01", "2026-02", "2026-03"],     ["FY2025-26-Q4"]),
    ("evidence", "month",          "2026-04-01", ["2026-01", "2026-02", "2026-03"],     ["FY2025-26-Q4"]),
]
# fmt: on


@pytest.mark.parametrize(("kind", "type_", "today", "own", "longer"), CALENDAR)
def test_calendar_determines_the_released_periods(kind, type_, today, own, longer):
    one = make_measure("learners", kind=MeasureKind(kind), cadence=make_cadence(PeriodType(type_)))
    scopes = list_released_periods(one, HARBOUR_CATALOGUE, [], today=date.fromisoformat(today))
    assert (list_codes(scopes[0]), list_codes(scopes[1])) == (own, longer)


def test_excluded_periods_take_their_scopes_and_longer_periods_with_them():
    displayed = {(("learners", "headline"), "2026-02"), (("enrolments", "headline"), "2026-01")}
    kept = {one.key: one for one in exclude_periods(list_series_scopes(), displayed)}
    assert "FY2025-26-Q4" in {one.key: one for one in list_series_scopes()}["learners/headline"].periods
    learners = kept["learners/headline"]
    assert "2026-01" in learners.periods
    assert {"2026-02", "FY2025-26-Q4"}.isdisjoint(learners.periods)
    assert "learners/headline 2026-02" not in {scope.key for scope in learners.scopes}
    assert "2026-02" not in kept["enrolments/headline"].periods, "all months to the next reset share a scope"
    assert exclude_periods(list_series_scopes(), set()) == list_series_scopes()


def test_released_snapshots_are_those_with_a_return():
    one = make_measure("on-roll", cadence=make_cadence(PeriodType.SNAPSHOT))
    days = [periods.parse(code) for code in ("D2026-05-20", "D2026-02-20", "D2026-05-20", "D2026-09-01")]
    assert list_released_periods(one, HARBOUR_CATALOGUE, days, today=date(2026, 9, 1)) == ([days[1], days[0]], [])


def test_each_month_of_a_flow_is_a_scope_and_longer_periods_are_sums():
    [learners] = [one for one in list_series_scopes() if one.key == "learners/headline"]
    assert [scope.key for scope in learners.scopes[:2]] == ["learners/headline 2026-01", "learners/headline 2026-02"]
    assert learners.scopes[0].shape.periods == {"2026-01": ("2026-01",)}
    assert list(learners.scopes[0].collected_periods) == ["2026-01"]
    sums = {code: [part for _, part in parts] for code, parts in learners.periods.items()}
    assert list(sums)[:12] == [f"2026-{month:02}" for month in range(1, 13)]
    assert sums["2026-01"] == ["2026-01"]
    assert sums["FY2025-26-Q4"] == ["2026-01", "2026-02", "2026-03"]
    assert sums["FY2026-27-H1"] == [f"2026-{month:02}" for month in range(4, 10)]
    assert list(sums)[12:] == ["FY2025-26-Q4", "FY2026-27-Q1", "FY2026-27-Q2", "FY2026-27-Q3", "FY2026-27-H1"]
    assert all(scope.key.endswith(part) for parts in learners.periods.values() for scope, part in parts)
    assert (learners.disclosure_class, learners.measures) == (DisclosureClass.PERSONS, ["learners"])


def test_every_series_is_released_for_the_periods_of_its_scopes():
    catalogue = make_catalogue(make_plan(make_measure("learners", contains=["passes"]), PASSES, duties=DUTIES))
    pairs = [(key[0], period.code) for key, period in iterate_series_periods(list_series_scopes(catalogue))]
    assert pairs[0] == ("learners", "2026-01")
    assert len(pairs) == len(set(pairs)) == 2 * 17
    assert ("passes", "FY2026-27-H1") in pairs


JANUARY, FEBRUARY = periods.parse("2026-01"), periods.parse("2026-02")
REVISION = SelectedRevision(
    id=1,
    is_counted=True,
    measure="learners",
    series="headline",
    organisation="quay-college",
    service="main",
    period=JANUARY,
    kind=ReturnKind.DATA,
    first_recorded_at=NOW,
)


def test_only_counted_returns_give_periods():
    returns = [
        REVISION,
        replace(REVISION, id=2, organisation="pier-college", period=FEBRUARY),
        replace(REVISION, id=3, measure="visits", is_counted=False),
    ]
    assert group_returned_periods(returns) == {("learners", "headline"): [JANUARY, FEBRUARY]}


def test_each_period_of_a_stock_or_distinct_count_is_a_scope():
    scopes = list(list_scopes(today=date(2026, 3, 1)))
    assert [key for key in scopes if key.startswith(("on-roll", "members"))] == [
        "on-roll/headline 2026-01",
        "on-roll/headline 2026-02",
        "members/headline 2026-01",
        "members/headline 2026-02",
    ]
    assert list_scopes()["members/headline 2026-01"].shape.overlapping_places
    assert not list_scopes()["on-roll/headline 2026-01"].shape.overlapping_places


def test_longer_period_is_calculated_from_the_last_or_from_every_period_inside_it():
    """A stock of a quarter is that of its last month. Distinct people have a scope of their own for each longer period."""
    parts = {
        member.measure.slug: {code: [part for _, part in parts] for code, parts in one.periods.items()}
        for one in list_series_scopes()
        for member in one.members
    }
    second = ["2026-04", "2026-05", "2026-06"]
    assert parts["learners"]["FY2026-27-Q1"] == second
    assert parts["on-roll"]["FY2026-27-Q1"] == ["2026-06"]
    assert parts["on-roll"]["FY2026-27-H1"] == ["2026-09"]
    assert parts["enrolments"]["FY2026-27-H1"] == ["2026-09"]
    assert parts["members"]["FY2026-27-Q1"] == ["FY2026-27-Q1", *second]
    assert parts["members"]["FY2026-27-H1"][:3] == ["FY2026-27-Q1", "FY2026-27-Q2", "FY2026-27-H1"]
    assert "members/headline FY2026-27-H1" in list_scopes()
    assert "learners/headline FY2026-27-H1" not in list_scopes()


def test_cumulative_count_is_the_sum_of_increments_since_its_reset():
    plan = make_plan(make_measure("enrolments"))
    scopes = list_scopes(make_catalogue(plan), today=date(2026, 5, 1))
    assert list(scopes) == [
        "enrolments/headline CY2026-Q1",
        "enrolments/headline CY2026-Q2",
        "enrolments/ever to-date",
    ]
    assert scopes["enrolments/headline CY2026-Q1"].shape.periods == {
        "2026-01": ("2026-01",),
        "2026-02": ("2026-01", "since 2026-01"),
        "2026-03": ("2026-01", "since 2026-01", "since 2026-02"),
    }
    assert list(scopes["enrolments/headline CY2026-Q2"].shape.periods) == ["2026-04"]
    assert len(scopes["enrolments/ever to-date"].shape.periods["2026-04"]) == 4
    assert list_scopes(make_catalogue(plan), today=date(2026, 1, 31)) == {}, "nothing is over yet"


def test_measure_that_partners_do_not_count_has_no_scope():
    [series] = make_measure("learners").series
    published = replace(series, slug="published", headline=False, collection=Collection.PUBLISHED)
    plan = make_plan(
        make_measure("learners", series=[series, published]), make_measure("prospectus"), make_measure("learner-voice")
    )
    assert {key.split()[0] for key in list_scopes(make_catalogue(plan))} == {"learners/headline"}


def test_other_series_than_the_headline_have_their_own_scope():
    """A contained measure is a part of the headline series only."""
    visits = make_measure("visits", contains=["learners"], disclosure_class=DisclosureClass.PERSONS)
    scopes = list_scopes(make_catalogue(make_plan(visits, make_measure("learners"))), today=date(2026, 2, 1))
    assert {key: list_measures(scope) for key, scope in scopes.items()} == {
        "visits/by-day 2026-01": ["visits", "learners"],
        "visits/by-door 2026-01": ["visits"],
    }


PASSES = make_measure("learners", slug="passes")
DUTIES = ["quay learners", "pier learners", "quay passes"]


def whole_and_part(*duties, part=PASSES, **changes):
    whole = make_measure("learners", contains=["passes"], **changes)
    catalogue = make_catalogue(make_plan(whole, part, duties=duties or DUTIES))
    return [(scope.key, list_measures(scope)) for scope in list_scopes(catalogue, today=date(2026, 2, 1)).values()]


TOGETHER = [("learners/headline 2026-01", ["learners", "passes"])]
SEPARATE = [("learners/headline 2026-01", ["learners"]), ("passes/headline 2026-01", ["passes"])]


@pytest.mark.parametrize(
    ("duties", "part", "expected"),
    [
        (DUTIES, PASSES, TOGETHER),
        # Every organisation that returns the part also returns the whole.
        (["quay learners", "quay passes", "pier passes"], PASSES, SEPARATE),
        (DUTIES, replace(PASSES, cadence=make_cadence(PeriodType.FINANCIAL_QUARTER)), [*SEPARATE[:1]]),
        (DUTIES, replace(PASSES, disclosure_class=DisclosureClass.NONE), SEPARATE),
        (DUTIES, replace(PASSES, kind=MeasureKind.STOCK), [*SEPARATE[:1], ("passes/headline 2026-01", ["passes"])]),
        (DUTIES, replace(PASSES, series=[replace(PASSES.series[0], collection=Collection.PUBLISHED)]), [*SEPARATE[:1]]),
    ],
)
def test_part_is_audited_with_its_whole_if_counted_in_the_same_way(duties, part, expected):
    assert whole_and_part(*duties, part=part) == expected


def test_part_of_a_published_whole_has_its_own_scope():
    """Partners return nothing for the whole, but the part is still released."""
    published = [replace(PASSES.series[0], collection=Collection.PUBLISHED)]
    assert whole_and_part(series=published) == SEPARATE[1:]


def test_part_that_is_also_a_whole_still_has_a_scope():
    inner = make_measure("learners", slug="honours")
    whole, part = (
        make_measure("learners", contains=["passes"]),
        make_measure("learners", slug="passes", contains=["honours"]),
    )
    duties = [f"{who} {slug}" for who in ("quay", "pier") for slug in ("learners", "passes", "honours")]
    for order in ((whole, part, inner), (part, whole, inner), (inner, part, whole)):
        scopes = list_scopes(make_catalogue(make_plan(*order, duties=duties)), today=date(2026, 2, 1)).values()
        assert sorted(slug for scope in scopes for slug in list_measures(scope)) == ["honours", "learners", "passes"]


RATE, OTHER = make_measure("pass-rate"), make_measure("pass-rate", slug="prize-rate")
EVERYBODY = [f"{who} {slug}" for who in ("quay", "pier") for slug in ("pass-rate", "prize-rate")]


@pytest.mark.parametrize(
    ("first", "second", "duties", "expected"),
    [
        ({"shares_denominator": ["prize-rate"]}, {}, EVERYBODY, [["pass-rate", "prize-rate"]]),
        # Either may say so: two audits of the same denominators could show in one what is withheld in the other.
        ({}, {"shares_denominator": ["pass-rate"]}, EVERYBODY, [["pass-rate", "prize-rate"]]),
        ({}, {}, EVERYBODY, [["pass-rate"], ["prize-rate"]]),
        # Pier College returns no prizes: those that it examined are no denominator of the prize rate.
        ({"shares_denominator": ["prize-rate"]}, {}, EVERYBODY[:3], [["pass-rate"], ["prize-rate"]]),
        # One proportion may contain another without having its denominator.
        ({"contains": ["prize-rate"]}, {}, EVERYBODY, [["pass-rate"], ["prize-rate"]]),
    ],
)
def test_proportions_with_a_shared_denominator_are_audited_together(first, second, duties, expected):
    catalogue = make_catalogue(make_plan(replace(RATE, **first), replace(OTHER, **second), duties=duties))
    assert [list_measures(scope) for scope in list_scopes(catalogue, today=date(2026, 2, 1)).values()] == expected


def test_numerator_is_a_part_of_its_denominator():
    catalogue = make_catalogue(make_plan(replace(RATE, shares_denominator=["prize-rate"]), OTHER, duties=EVERYBODY))
    [scope] = list_scopes(catalogue, today=date(2026, 2, 1)).values()
    assert [(t.part, t.dimensions) for t in scope.shape.tables] == [
        (None, ()),
        (None, ("sex",)),
        ("pass-rate", ()),
        ("pass-rate", ("sex",)),
        ("prize-rate", ()),
        ("prize-rate", ("sex",)),
    ]


@pytest.mark.parametrize(
    ("excluded", "expected"),
    [
        ([], TOGETHER),
        # Both stay in one chain of contributions; the figures of the excluded measure are not published.
        (["learners"], TOGETHER),
        (["passes"], TOGETHER),
        (["learners", "passes"], []),
    ],
)
def test_scope_has_all_its_measures_while_one_of_them_is_released(excluded, expected):
    catalogue = make_catalogue(make_plan(make_measure("learners", contains=["passes"]), PASSES, duties=DUTIES))
    scopes = list_scopes(catalogue, today=date(2026, 2, 1), excluded_measures=excluded)
    assert [(scope.key, list_measures(scope)) for scope in scopes.values()] == expected


def test_measure_of_another_area_family_has_no_scope():
    families = [*HARBOUR_PLAN.families, replace(HARBOUR_PLAN.families[0], slug="sea", levels=["sea"])]
    plan = make_plan(make_measure("learners", area_family="sea", schemes=[]), families=families)
    assert list_scope_areas(plan.measures[0], make_catalogue(plan)) == []
    assert list_scopes(make_catalogue(plan)) == {}


def test_areas_go_down_to_the_finest_collected_level():
    scopes = [
        (place.code, place.level, place.parent)
        for place in list_scope_areas(make_measure("learners"), HARBOUR_CATALOGUE)
    ]
    assert scopes == [(TOWN, 0, None), (EAST, 1, TOWN), (WEST, 1, TOWN), ("E06999999-unknown", 1, TOWN)]
    assert [place.code for place in list_scope_areas(make_measure("on-roll"), HARBOUR_CATALOGUE)] == [TOWN], (
        "no scheme asks for quarters"
    )
    # A scheme that names a level of another family says nothing of this one's.
    strange = make_measure("learners", schemes=[replace(make_measure("learners").schemes[0], finest_level="elsewhere")])
    levels = [
        *HARBOUR_PLAN.families,
        replace(HARBOUR_PLAN.families[0], slug="sea", levels=["sea", "elsewhere", "deep"]),
    ]
    assert [place.code for place in list_scope_areas(strange, make_catalogue(make_plan(strange, families=levels)))] == [
        TOWN
    ]


def test_tables_are_the_schemes_that_the_policy_allows():
    tables = list_scopes()["learners/headline 2026-01"].shape.tables
    assert [(table.dimensions, table.level) for table in tables] == [
        ((), 1),
        (("sex",), 1),
        (("need",), 0),
        (("need", "sex"), 0),
    ]
    fewer = make_catalogue(make_plan(make_measure("learners"), disclosure=Policy(breakdowns=1)))
    tables = list_scopes(fewer)["learners/headline 2026-01"].shape.tables
    assert [table.dimensions for table in tables] == [(), ("sex",), ("need",)]


def test_one_dimensional_scheme_defines_overlap_of_categories():
    scopes = {d.slug: (d.exclusive, d.exhaustive) for d in list_scopes()["learners/headline 2026-01"].shape.dimensions}
    assert scopes == {"sex": (True, True), "need": (False, False)}
    crossed = [Scheme(dimensions=["sex", "need"], exclusive=True, exhaustive=False, finest_level="town")]
    catalogue = make_catalogue(make_plan(make_measure("learners", schemes=crossed)))
    scopes = {
        d.slug: (d.exclusive, d.exhaustive)
        for d in list_scopes(catalogue)["learners/headline 2026-01"].shape.dimensions
    }
    assert scopes == {"sex": (True, False), "need": (True, False)}


OLD = ScopeShape(
    tables=(Table(level=1), Table(dimensions=("sex",), level=1), Table(dimensions=("colour",))),
    dimensions=(Dimension(slug="sex", codes=("f", "m")), Dimension(slug="colour", codes=("red",))),
    places=(Area(code="town"), Area(code="east", level=1, parent="town")),
    periods={"2026-01": ("2026-01",)},
)


def test_merged_shape_has_every_cell_of_earlier_contributions():
    new = ScopeShape(
        tables=(Table(level=1), Table(dimensions=("sex",)), Table(dimensions=("age",))),
        dimensions=(Dimension(slug="sex", codes=("x", "m"), exhaustive=False), Dimension(slug="age", codes=("old",))),
        places=(Area(code="town"), Area(code="west", level=1, parent="town")),
        periods={"2026-02": ("2026-02",)},
    )
    scopes = merge_shapes(OLD, new)
    assert scopes.tables == (
        Table(level=1),
        Table(dimensions=("sex",), level=1),  # once released for quarters, always audited for them
        Table(dimensions=("colour",)),  # a scheme that was dropped
        Table(dimensions=("age",)),
    )
    assert [(d.slug, d.codes, d.exhaustive) for d in scopes.dimensions] == [
        ("sex", ("f", "m", "x"), False),  # a category that was dropped, and a new one
        ("colour", ("red",), True),
        ("age", ("old",), True),
    ]
    assert [place.code for place in scopes.places] == ["town", "east", "west"]
    assert list(scopes.periods) == ["2026-01", "2026-02"]
    assert merge_shapes(OLD, OLD) == OLD


def test_area_with_a_new_parent_is_refused():
    moved = replace(OLD, places=(*OLD.places, Area(code="west", level=1, parent="town")))
    with pytest.raises(GeographyChanged, match="^west "):
        merge_shapes(moved, replace(OLD, places=(Area(code="town"), Area(code="west", level=2, parent="east"))))


@pytest.mark.parametrize(
    ("duties", "alone"),
    [
        (["quay learners alone"], True),
        (["quay learners"], False),
        (["quay learners alone", "quay/evening learners"], False),
        (["quay learners alone", "pier learners"], True),
        (["pier learners alone"], False),
    ],
)
def test_publish_alone_needs_the_consent_of_all_duties(duties, alone):
    catalogue = make_catalogue(make_plan(make_measure("learners"), duties=duties))
    scope = list_scopes(catalogue)["learners/headline 2026-01"]
    assert may_publish_alone(scope.members, "quay-college", catalogue) is alone


def test_period_outside_every_reset_span_is_its_own_scope():
    """A count that is reset each month but returned for quarters."""
    series = replace(make_measure("enrolments").series[0], resets=PeriodType.MONTH)
    one = make_measure("enrolments", series=[series], cadence=make_cadence(PeriodType.FINANCIAL_QUARTER))
    scopes = list_scopes(make_catalogue(make_plan(one)), today=date(2026, 7, 1))
    assert list(scopes) == ["enrolments/headline FY2025-26-Q4", "enrolments/headline FY2026-27-Q1"]


def test_each_returned_snapshot_is_a_scope():
    one = make_measure("on-roll", cadence=make_cadence(PeriodType.SNAPSHOT))
    days = [periods.parse("D2026-05-20")]
    scopes = list_scopes(make_catalogue(make_plan(one)), returned={("on-roll", "headline"): days})
    assert list(scopes) == ["on-roll/headline D2026-05-20"]


@pytest.mark.parametrize(
    ("before", "regrouped"),
    [
        ([], set()),
        ([("on-roll/headline", ["on-roll"]), ("visits/by-day", ["visits"])], set()),
        # Two that were protected together are separated.
        ([("visits/by-day", ["visits", "on-roll"])], {"on-roll"}),
        # The plan has dropped a series, and its figures with it.
        ([("on-roll/headline", ["on-roll"]), ("on-roll/old", ["on-roll"])], set()),
        # The plan has a new series.
        ([("visits/by-day", ["visits"]), ("on-roll/headline", ["on-roll"])], set()),
    ],
)
def test_measure_protected_with_other_measures_than_before_is_regrouped(before, regrouped):
    catalogue = make_catalogue(
        make_plan(make_measure("on-roll"), make_measure("visits"), duties=["quay on-roll", "pier visits"])
    )
    assert find_regrouped_measures(before, list_series_scopes(catalogue)) == regrouped


#   class of the measure             series returned by   rule of its counts
CLASSES = [
    (DisclosureClass.PERSONS,        Collection.PARTNERS, DisclosureClass.PERSONS),
    (DisclosureClass.ORGANISATIONS,  Collection.PARTNERS, DisclosureClass.ORGANISATIONS),
    (DisclosureClass.NONE,           Collection.PARTNERS, DisclosureClass.NONE),
    (DisclosureClass.PUBLISHED,      Collection.PARTNERS, DisclosureClass.PERSONS),  # no publisher has protected them
    (DisclosureClass.PUBLISHED,      Collection.PUBLISHED, DisclosureClass.PUBLISHED),
]  # fmt: skip


@pytest.mark.parametrize(("of_measure", "collection", "expected"), CLASSES)
def test_counts_of_partners_never_have_the_rule_of_published_statistics(of_measure, collection, expected):
    measure = replace(HARBOUR_CATALOGUE.measures["learners"], disclosure_class=of_measure)
    assert find_disclosure_class(measure, replace(measure.series[0], collection=collection)) == expected


def test_provisional_series_of_a_published_measure_is_protected_as_people():
    plan = read_plan(PLAN_FILE)
    [scopes] = [one for one in list_series_scopes(make_catalogue(plan)) if one.key == "neet-16-17/ccis-provisional"]
    assert scopes.disclosure_class is DisclosureClass.PERSONS
    assert plan.disclosure.rule(scopes.disclosure_class).base == 5
