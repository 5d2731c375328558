"""The question: which filters choose what, in which order, and what is refused. Pure: no database."""

from datetime import UTC, datetime

import pytest

from api.figures import query, verdicts
from api.figures.query import FigureCursor, IncompatibleFilters, OutcomeQuery, ResultTooLarge
from api.figures.returns_data import SelectedRevision
from api.http import pagination
from api.http.pagination import InvalidCursor
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.statistics import periods
from schema.submissions import ReturnKind
from tests.spec.test_outcome_rules import EAST, HARBOUR, NOTTINGHAM, TOWN, WEST, make_returns

UNKNOWN, FAR = f"{TOWN}-unknown", "E06999998"


def standing(*codes: str, measure: str = "learners", series: str = "headline") -> list[SelectedRevision]:
    return [
        SelectedRevision(
            id=n,
            measure=measure,
            series=series,
            organisation="quay-college",
            service="main",
            period=periods.parse(code),
            kind=ReturnKind.NIL,
            first_recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for n, code in enumerate(codes, 1)
    ]


def places(**filters):
    return query.resolve_axes(OutcomeQuery(**filters), HARBOUR)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [TOWN]),
        ({"areas": [WEST, EAST]}, [EAST, WEST]),
        ({"within": [TOWN]}, [TOWN, EAST, WEST, UNKNOWN]),
        ({"within": [TOWN], "areas": [FAR]}, [TOWN, EAST, WEST, UNKNOWN, FAR]),
        ({"levels": ["quarter"]}, [EAST, WEST, UNKNOWN]),
        ({"group_by": ["quarter"]}, [EAST, WEST, UNKNOWN]),
        ({"levels": ["quarter"], "areas": [EAST]}, [EAST]),
        ({"levels": ["quarter", "town"], "within": [TOWN]}, [TOWN, EAST, WEST, UNKNOWN]),
    ],
)
def test_areas_are_in_the_order_of_the_plan(filters, expected):
    assert places(**filters).areas == expected


@pytest.mark.parametrize(
    ("filters", "refusal", "words"),
    [
        ({"areas": ["E06999990"]}, UnknownCode, "E06999999"),
        ({"within": ["x"]}, UnknownCode, "not an area"),
        ({"levels": ["ward"]}, UnknownCode, "quarter, town"),
        ({"group_by": ["sax"]}, UnknownCode, r"\bsex\b"),
        ({"breakdowns": ["sex=female"]}, IncompatibleFilters, "sex:female"),
        ({"breakdowns": ["sax:female"]}, UnknownCode, "sex"),
        ({"breakdowns": ["sex:femal"]}, UnknownCode, "female"),
        ({"levels": ["quarter"], "areas": [FAR]}, IncompatibleFilters, r"\bquarter\b.*\btown\b"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(filters, refusal, words):
    with pytest.raises(refusal, match=words):
        places(**filters)


def test_a_breakdown_keeps_the_categories_that_are_named():
    found = places(group_by=["sex"], breakdowns=["need:travel"])
    assert found.dimensions == ["sex", "need"]
    assert found.categories == {"sex": ["female", "male", "unknown"], "need": ["travel"]}
    assert places(breakdowns=["sex:male", "sex:female"]).categories == {"sex": ["female", "male"]}


def ask(returns=(), **filters):
    question = OutcomeQuery(**{"measures": ["learners"], **filters})
    return query.resolve_query(question, query.resolve_axes(question, HARBOUR), HARBOUR, returns)


@pytest.mark.parametrize(
    ("filters", "codes"),
    [
        ({}, ["2026-03"]),
        ({"periods": ["latest-1", "2026-03", "latest"]}, ["2026-02", "2026-03"]),
        ({"periods": ["CY2026-Q1", "2026-03"]}, ["CY2026-Q1", "2026-03"]),
        ({"from_period": "2026-02"}, ["2026-02", "2026-03"]),
        ({"from_period": "latest-1", "to_period": "latest"}, ["2026-02", "2026-03"]),
        ({"from_period": "CY2026-Q1", "to_period": "2026-04"}, ["2026-01", "2026-02", "2026-03", "2026-04"]),
        ({"to_period": "2026-02"}, ["2026-01", "2026-02"]),
    ],
)
def test_periods_are_in_the_order_of_time(filters, codes):
    every, _ = ask(standing("2026-01", "2026-03"), **filters)
    assert [one.period.code for one in every] == codes


def test_relative_tokens_say_what_they_stood_for():
    _, resolved = ask(standing("2026-03"), periods=["latest", "latest-2", "latest"])
    assert [(one.token, one.period) for one in resolved] == [("latest", "2026-03"), ("latest-2", "2026-01")]
    [one], [told] = ask()
    assert (one.period, one.reason, told.period) == (None, "no_data", None)


@pytest.mark.parametrize("filters", [{"from_period": "2026-01"}, {"to_period": "latest"}, {"periods": ["latest-3"]}])
def test_nothing_ever_returned_has_no_latest(filters):
    [one], _ = ask(**filters)
    assert (one.period, one.reason) == (None, "no_data")


def test_a_range_that_holds_no_period_of_the_measure_says_so():
    [one], _ = ask(standing("2026-03"), from_period="D2026-03-02", to_period="D2026-03-05")
    assert (one.period, one.reason) == (None, "no_period_in_range")


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"periods": ["latest"], "from_period": "2026-01"}, IncompatibleFilters),
        ({"from_period": "2026-03", "to_period": "2026-01"}, IncompatibleFilters),
        ({"periods": ["2026"]}, UnclearPeriod),
        ({"periods": ["latest-999"]}, UnclearPeriod),
        ({"periods": ["latest-x"]}, UnclearPeriod),
        (
            {"from_period": "CY1990", "to_period": "CY2100", "group_by": ["sex", "need"], "within": [TOWN, FAR]},
            ResultTooLarge,
        ),
    ],
)
def test_periods_that_cannot_be_are_refused(filters, refusal, monkeypatch):
    monkeypatch.setattr(query, "MAX_FIGURES", 10_000)
    with pytest.raises(refusal):
        ask(standing("2026-03"), **filters)


def test_published_periods_of_a_range_are_those_that_were_returned():
    [measure] = [m for m in NOTTINGHAM.plan.measures if m.slug == "neet-16-17"]
    question = OutcomeQuery(measures=["neet-16-17"], from_period="CY2020", to_period="CY2026")
    wanted = query.resolve_axes(question, NOTTINGHAM)
    [(_, series)] = wanted.series
    make_returns = standing("R3-2025-02", "R3-2024-02", measure=measure.slug, series=series.slug)
    every, _ = query.resolve_query(question, wanted, NOTTINGHAM, make_returns)
    assert [one.period.code for one in every] == ["R3-2024-02", "R3-2025-02"]
    before = OutcomeQuery(measures=["neet-16-17"], periods=["latest-1", "latest-2"])
    _, resolved = query.resolve_query(before, wanted, NOTTINGHAM, make_returns)
    assert [one.period for one in resolved] == ["R3-2024-02", None]


def test_pages_are_of_figures_and_none_is_told_twice_or_left_out():
    returns = standing("2026-01", "2026-02") + standing("2026-01", measure="pass-rate")
    filters = {"measures": ["pass-rate", "learners"], "periods": ["2026-01", "2026-02"]}
    every, _ = ask(returns, **filters, group_by=["sex", "quarter"])
    whole = query.select_page(every, None, 1000, HARBOUR)
    assert (whole.skipped_figures, whole.figure_count, whole.next_cursor) == (0, 36, None)
    seen, after = [], None
    while True:
        page = query.select_page(every, after, 5, HARBOUR)
        keys = [(o.measure.slug, o.period.code, a, b) for o in page.queries for a in o.areas for b in o.breakdowns]
        seen += keys[page.skipped_figures : page.skipped_figures + page.figure_count]
        if page.next_cursor is None:
            break
        after = pagination.decode_cursor(pagination.encode_cursor(page.next_cursor), FigureCursor)
    assert len(seen) == len(set(seen)) == 36
    assert seen == [(o.measure.slug, o.period.code, a, b) for o in every for a in o.areas for b in o.breakdowns]


def test_a_page_goes_on_after_a_figure_that_is_no_longer_there():
    every, _ = ask(standing("2026-03"))
    gone = FigureCursor("learners", "headline", "2026-01", TOWN, "")
    assert query.select_page(every, gone, 10, HARBOUR).figure_count == 1
    last = FigureCursor("visits", "by-door", "2026-01", TOWN, "")
    assert query.select_page(every, last, 10, HARBOUR).figure_count == 0
    nothing, _ = ask()
    assert query.select_page(nothing, FigureCursor("learners", "headline", "", TOWN, ""), 10, HARBOUR).figure_count == 0


@pytest.mark.parametrize(
    "place",
    [
        ("x", "headline", "", TOWN, ""),
        ("learners", "headline", "2026", TOWN, ""),
        ("learners", "headline", "", "E06000001", ""),
        ("learners", "headline", "", TOWN, "sex"),
        ("learners", "headline", "", TOWN, "sex=x"),
    ],
)
def test_a_cursor_of_something_else_is_refused(place):
    every, _ = ask(standing("2026-03"))
    with pytest.raises(InvalidCursor):
        query.select_page(every, FigureCursor(*place), 10, HARBOUR)


def figures(**filters):
    question = OutcomeQuery(**filters)
    wanted = query.resolve_axes(question, HARBOUR)
    every, _ = query.resolve_query(question, wanted, HARBOUR, standing("2026-03"))
    page = query.select_page(every, None, 1000, HARBOUR)
    _, empty = make_returns("learners:")
    return query.select_page_figures(
        [f for one in page.queries for f in verdicts.build_judged_figures(one, empty, HARBOUR)], page, HARBOUR
    )


@pytest.mark.parametrize(
    ("measure", "area", "breakdown", "reason"),
    [
        ("learners", TOWN, [], None),
        ("learners", EAST, ["sex"], None),
        ("learners", EAST, ["need"], "level_not_collected"),
        ("on-roll", EAST, [], "level_not_collected"),
        ("learners", EAST, ["colour"], None),
    ],
)
def test_what_nobody_could_return_says_so(measure, area, breakdown, reason):
    assert query.explain_not_collected(HARBOUR.measures[measure], area, breakdown, HARBOUR) == reason


def test_an_area_of_another_family_says_so():
    [other] = [a.code for a in NOTTINGHAM.plan.areas if "administrative" not in a.families][:1]
    measure = NOTTINGHAM.measures["ips-primary-care-referrals"]
    assert query.explain_not_collected(measure, other, [], NOTTINGHAM) == "area_of_another_family"


def test_figures_without_data_say_whether_anybody_could_have_returned_them():
    found = figures(measures=["on-roll"], within=[TOWN], periods=["2026-01"])
    assert {figure.reason for figure in found} == {"no_data", "level_not_collected"}
    assert [figure.value for figure in figures(measures=["learners"])] == [0]


def test_labels_are_of_the_codes_that_occur():
    found = query.collect_labels(figures(measures=["learners"], breakdowns=["sex:female"]), HARBOUR)
    assert found == {
        "measure": {"learners": "Learners"},
        "series": {"learners/headline": "As counted here"},
        "area": {TOWN: "Harbour"},
        "dimension": {"sex": "Sex"},
        "sex": {"female": "Female"},
    }


def test_the_audit_keeps_what_was_asked():
    question = OutcomeQuery(measures=["learners"], from_period="2026-01", breakdowns=["sex:female"], within=[TOWN])
    wanted = query.resolve_axes(question, HARBOUR)
    assert query.describe_for_audit(question, wanted, "csv") == {
        "series": "learners/headline",
        "period": "2026-01..",
        "within": TOWN,
        "breakdown": "sex:female",
        "format": "csv",
    }
    assert query.describe_for_audit(OutcomeQuery(measures=["learners"]), wanted, "json")["period"] == "latest"
