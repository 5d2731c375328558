"""Outcome queries: the effect of each filter, the order of results, and refusals. Pure: no database."""

from datetime import UTC, datetime

import pytest

from api.figures import resolution, verdicts
from api.figures.explanations import collect_labels, explain_not_collected, select_page_figures
from api.figures.paging import FigureCursor, select_page
from api.figures.query import IncompatibleFilters, OutcomeQuery, ResultTooLarge, describe_for_audit, resolve_axes
from api.figures.resolution import resolve_query
from api.figures.returns_data import SelectedRevision
from api.http import pagination
from api.http.pagination import InvalidCursor
from api.plan.filters import UnknownCode
from api.plan.periods import UnclearPeriod
from api.statistics import periods
from schema.submissions import ReturnKind
from tests.spec.test_resolution import EAST, HARBOUR, NOTTINGHAM, TOWN, WEST, make_returns

UNKNOWN, FAR = f"{TOWN}-unknown", "E06999998"


def make_nil_revisions(*codes: str, measure: str = "learners", series: str = "headline") -> list[SelectedRevision]:
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


def select(**filters):
    return resolve_axes(OutcomeQuery(**filters), HARBOUR)


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
def test_areas_follow_the_order_of_the_plan(filters, expected):
    assert select(**filters).areas == expected


@pytest.mark.parametrize(
    ("filters", "refusal", "words"),
    [
        ({"areas": ["E06999990"]}, UnknownCode, "E06999999"),
        ({"within": ["x"]}, UnknownCode, "not an area"),
        ({"areas": ["Harbor"]}, UnknownCode, r"E06999999 \(Harbour\)"),
        ({"levels": ["ward"]}, UnknownCode, "quarter, town"),
        ({"group_by": ["sax"]}, UnknownCode, r"\bsex\b"),
        ({"breakdowns": ["sex=female"]}, IncompatibleFilters, "sex:female"),
        ({"breakdowns": ["sax:female"]}, UnknownCode, "sex"),
        ({"breakdowns": ["sex:femal"]}, UnknownCode, "female"),
        ({"levels": ["quarter"], "areas": [FAR]}, IncompatibleFilters, r"\bquarter\b.*\btown\b"),
    ],
)
def test_unknown_code_is_refused_with_the_known_codes(filters, refusal, words):
    with pytest.raises(refusal, match=words):
        select(**filters)


def test_breakdown_selects_the_named_categories():
    axes = select(group_by=["sex"], breakdowns=["need:travel"])
    assert axes.dimensions == ["sex", "need"]
    assert axes.categories == {"sex": ["female", "male", "unknown"], "need": ["travel"]}
    assert select(breakdowns=["sex:male", "sex:female"]).categories == {"sex": ["female", "male"]}


def resolve(returns=(), **filters):
    outcome_query = OutcomeQuery(**{"measures": ["learners"], **filters})
    return resolve_query(outcome_query, resolve_axes(outcome_query, HARBOUR), HARBOUR, returns)


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
def test_periods_are_in_chronological_order(filters, codes):
    queries, _ = resolve(make_nil_revisions("2026-01", "2026-03"), **filters)
    assert [resolved_query.period.code for resolved_query in queries] == codes


def test_relative_tokens_are_returned_with_their_period():
    _, resolved = resolve(make_nil_revisions("2026-03"), periods=["latest", "latest-2", "latest"])
    assert [(item.token, item.period) for item in resolved] == [("latest", "2026-03"), ("latest-2", "2026-01")]
    [resolved_query], [item] = resolve()
    assert (resolved_query.period, resolved_query.reason, item.period) == (None, "no_data", None)


@pytest.mark.parametrize("filters", [{"from_period": "2026-01"}, {"to_period": "latest"}, {"periods": ["latest-3"]}])
def test_measure_without_returns_has_no_latest_period(filters):
    [resolved_query], _ = resolve(**filters)
    assert (resolved_query.period, resolved_query.reason) == (None, "no_data")


def test_range_without_period_of_the_measure_states_its_reason():
    [resolved_query], _ = resolve(make_nil_revisions("2026-03"), from_period="D2026-03-02", to_period="D2026-03-05")
    assert (resolved_query.period, resolved_query.reason) == (None, "no_period_in_range")


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"periods": ["latest"], "from_period": "2026-01"}, IncompatibleFilters),
        ({"from_period": "2026-03", "to_period": "2026-01"}, IncompatibleFilters),
        ({"periods": ["2026"]}, UnclearPeriod),
        ({"periods": ["latest-999"]}, UnclearPeriod),
        ({"periods": ["latest-x"]}, UnclearPeriod),
        (
            {"from_period": "CY2010", "to_period": "CY2029", "group_by": ["sex", "need"], "within": [TOWN, FAR]},
            ResultTooLarge,
        ),
        ({"from_period": "CY2010", "to_period": "2030-01"}, ResultTooLarge),
    ],
)
def test_impossible_periods_are_refused(filters, refusal, monkeypatch):
    monkeypatch.setattr(resolution, "MAX_FIGURES", 1000)
    with pytest.raises(refusal):
        resolve(make_nil_revisions("2026-03"), **filters)


def test_range_of_a_published_series_has_only_returned_periods():
    [measure] = [m for m in NOTTINGHAM.plan.measures if m.slug == "neet-16-17"]
    outcome_query = OutcomeQuery(measures=["neet-16-17"], from_period="CY2020", to_period="CY2026")
    axes = resolve_axes(outcome_query, NOTTINGHAM)
    [(_, series)] = axes.series
    make_returns = make_nil_revisions("R3-2025-02", "R3-2024-02", measure=measure.slug, series=series.slug)
    queries, _ = resolve_query(outcome_query, axes, NOTTINGHAM, make_returns)
    assert [resolved_query.period.code for resolved_query in queries] == ["R3-2024-02", "R3-2025-02"]
    relative_query = OutcomeQuery(measures=["neet-16-17"], periods=["latest-1", "latest-2"])
    _, resolved = resolve_query(relative_query, axes, NOTTINGHAM, make_returns)
    assert [item.period for item in resolved] == ["R3-2024-02", None]


def test_pages_list_each_figure_exactly_once():
    returns = make_nil_revisions("2026-01", "2026-02") + make_nil_revisions("2026-01", measure="pass-rate")
    filters = {"measures": ["pass-rate", "learners"], "periods": ["2026-01", "2026-02"]}
    queries, _ = resolve(returns, **filters, group_by=["sex", "quarter"])
    single_page = select_page(queries, None, 1000, HARBOUR)
    assert (single_page.skipped_figures, single_page.figure_count, single_page.next_cursor) == (0, 36, None)
    listed, cursor = [], None
    while True:
        page = select_page(queries, cursor, 5, HARBOUR)
        keys = [
            (resolved_query.measure.slug, resolved_query.period.code, area, breakdown)
            for resolved_query in page.queries
            for area in resolved_query.areas
            for breakdown in resolved_query.breakdowns
        ]
        listed += keys[page.skipped_figures : page.skipped_figures + page.figure_count]
        if page.next_cursor is None:
            break
        cursor = pagination.decode_cursor(pagination.encode_cursor(page.next_cursor), FigureCursor)
    assert len(listed) == len(set(listed)) == 36
    assert listed == [
        (resolved_query.measure.slug, resolved_query.period.code, area, breakdown)
        for resolved_query in queries
        for area in resolved_query.areas
        for breakdown in resolved_query.breakdowns
    ]


def test_page_continues_after_a_cursor_whose_figure_is_missing():
    queries, _ = resolve(make_nil_revisions("2026-03"))
    missing = FigureCursor("learners", "headline", "2026-01", TOWN, "")
    assert select_page(queries, missing, 10, HARBOUR).figure_count == 1
    last = FigureCursor("visits", "by-door", "2026-01", TOWN, "")
    assert select_page(queries, last, 10, HARBOUR).figure_count == 0
    no_queries, _ = resolve()
    assert select_page(no_queries, FigureCursor("learners", "headline", "", TOWN, ""), 10, HARBOUR).figure_count == 0


@pytest.mark.parametrize(
    "key",
    [
        ("x", "headline", "", TOWN, ""),
        ("learners", "headline", "2026", TOWN, ""),
        ("learners", "headline", "", "E06000001", ""),
        ("learners", "headline", "", TOWN, "sex"),
        ("learners", "headline", "", TOWN, "sex=x"),
    ],
)
def test_foreign_cursor_is_refused(key):
    queries, _ = resolve(make_nil_revisions("2026-03"))
    with pytest.raises(InvalidCursor):
        select_page(queries, FigureCursor(*key), 10, HARBOUR)


def preview_page(**filters):
    outcome_query = OutcomeQuery(**filters)
    axes = resolve_axes(outcome_query, HARBOUR)
    queries, _ = resolve_query(outcome_query, axes, HARBOUR, make_nil_revisions("2026-03"))
    page = select_page(queries, None, 1000, HARBOUR)
    _, empty = make_returns("learners:")
    return select_page_figures(
        [
            figure
            for resolved_query in page.queries
            for figure in verdicts.build_judged_figures(resolved_query, empty, HARBOUR)
        ],
        page,
        HARBOUR,
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
def test_figure_that_is_not_collected_states_its_reason(measure, area, breakdown, reason):
    assert explain_not_collected(HARBOUR.measures[measure], area, breakdown, HARBOUR) == reason


def test_area_of_another_family_states_its_reason():
    [area] = [a.code for a in NOTTINGHAM.plan.areas if "administrative" not in a.families][:1]
    measure = NOTTINGHAM.measures["ips-primary-care-referrals"]
    assert explain_not_collected(measure, area, [], NOTTINGHAM) == "area_of_another_family"


def test_figures_without_data_distinguish_not_collected_from_not_returned():
    without_data = preview_page(measures=["on-roll"], within=[TOWN], periods=["2026-01"])
    assert {figure.reason for figure in without_data} == {"no_data", "level_not_collected"}
    assert [figure.value for figure in preview_page(measures=["learners"])] == [0]


def test_labels_cover_only_the_codes_that_occur():
    labels = collect_labels(preview_page(measures=["learners"], breakdowns=["sex:female"]), HARBOUR)
    assert labels == {
        "measure": {"learners": "Learners"},
        "series": {"learners/headline": "As counted here"},
        "area": {TOWN: "Harbour"},
        "dimension": {"sex": "Sex"},
        "sex": {"female": "Female"},
    }


def test_audit_description_names_the_query():
    outcome_query = OutcomeQuery(measures=["learners"], from_period="2026-01", breakdowns=["sex:female"], within=[TOWN])
    axes = resolve_axes(outcome_query, HARBOUR)
    assert describe_for_audit(outcome_query, axes, "csv") == {
        "series": "learners/headline",
        "period": "2026-01..",
        "within": TOWN,
        "breakdown": "sex:female",
        "format": "csv",
    }
    assert describe_for_audit(OutcomeQuery(measures=["learners"]), axes, "json")["period"] == "latest"
