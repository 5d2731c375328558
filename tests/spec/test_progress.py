"""Progress of each measure: its latest value, those before, who is missing, and what is due next. Pure: no database."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from api.figures import verdicts
from api.figures.query import OutcomeQuery, resolve_axes
from api.outcomes import released_views
from api.outcomes.progress import MeasureDescriber, MeasurePreview, build_progress
from api.outcomes.progress_periods import HISTORY_PERIODS, assess_since, list_companion_queries, resolve_progress
from api.outcomes.released_progress import find_newest_periods, group_figures
from api.reviews.concessions import NO_CONCESSIONS, Concessions
from api.statistics import periods
from schema.measures import UNCOUNTED_KINDS, Collection
from schema.outcomes import ResolvedPeriod, RevisionBasis
from schema.progress import MeasureProgress
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, make_catalogue
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE, release_figures
from tests.spec.test_resolution import HARBOUR, NOTTINGHAM, make_returns

APRIL = date(2026, 4, 10)  # January to March are over; returns are due 10 days after their period


def preview_progress(
    *rows: str, today: date = APRIL, catalogue=HARBOUR, approved: set[str] | None = None, concessions=NO_CONCESSIONS
) -> dict[str, MeasureProgress]:
    """Return the progress of each measure. With `approved`, only the returns of these colleges count."""
    revisions, data = make_returns(*rows) if rows else ([], make_returns("learners")[1])
    if approved is not None:
        revisions = [replace(one, is_counted=one.organisation.split("-")[0] in approved) for one in revisions]
    query = OutcomeQuery(periods=HISTORY_PERIODS)
    measures = resolve_progress(query, resolve_axes(query, catalogue), catalogue, revisions, today=today)
    previews: list[MeasurePreview] = []
    for one in measures:
        newest, missing = assess_since(one, catalogue, concessions)
        history = [
            figure
            for point in one.points
            for figure in verdicts.build_judged_figures(point, data, catalogue, concessions)
        ]
        previews.append(MeasurePreview(history=history, newest_period=newest, missing=missing, companions=[]))
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    progress = build_progress(catalogue, previews, RevisionBasis.LATEST, now=now)
    return {measure.measure: measure for theme in progress.themes for measure in theme.measures}


def describe(measure: MeasureProgress) -> tuple[object, ...]:
    """Return latest value, returns of it, newest period with its returns, and the missing returns, as texts."""
    newest = measure.newest_period
    assert newest is not None
    return (
        f"{measure.latest.period.code} {measure.latest.value}",
        f"{measure.latest.coverage.received}/{measure.latest.coverage.expected}",
        f"{newest.period.code} {newest.coverage.received}/{newest.coverage.expected}",
        [f"{missing.holder} {missing.period} {missing.reason}" for missing in measure.missing],
    )


def list_missing(reason: str, *names: str) -> list[str]:
    return [f"{name} {reason}" for name in names]


CLUB = [f"job-club 2026-{month} no_organisation" for month in ("01", "02", "03")]
# fmt: off
#   returns                                        latest value      returns  newest period  missing
MISSING = {
    "nothing was returned": (
        [],                                       ("2026-03 None",  "0/3",   "2026-03 0/3",
         ["quay-college 2026-03 not_received", "pier-college 2026-03 not_received", CLUB[2]])),
    "everybody who can has returned": (
        ["quay 2026-03 town 9", "pier 2026-03 town 8"],
                                                  ("2026-03 17",  "2/3",   "2026-03 2/3",  [CLUB[2]])),
    "one college is missing": (
        ["quay 2026-03 town 9"],                  ("2026-03 9",   "1/3",   "2026-03 1/3",
         ["pier-college 2026-03 not_received", CLUB[2]])),
    "both stopped in January": (
        ["quay 2026-01 town 9", "pier 2026-01 town 8"],
                                                  ("2026-01 17",  "2/3",   "2026-03 0/3",
         [CLUB[0], "quay-college 2026-02 not_received", "pier-college 2026-02 not_received", CLUB[1],
          "quay-college 2026-03 not_received", "pier-college 2026-03 not_received", CLUB[2]])),
}
# fmt: on


@pytest.mark.parametrize(("rows", "expected"), MISSING.values(), ids=MISSING)
def test_progress_names_who_is_missing(rows, expected):
    rows = ["learners", *rows] if rows else []
    assert describe(preview_progress(*rows)["learners"]) == expected


def test_pending_return_is_missing_where_only_approved_ones_count():
    progress = preview_progress("learners", "quay 2026-03 town 9", "pier 2026-03 town 8", approved={"quay"})["learners"]
    assert describe(progress) == (
        "2026-03 9",
        "2/3",
        "2026-03 2/3",
        ["pier-college 2026-03 not_approved", "job-club 2026-03 no_organisation"],
    )


def test_exempt_return_is_not_missing_and_an_extension_moves_its_deadline():
    exempt = ("pier-college", "learners", "headline", "main", "2026-03")
    until = datetime(2026, 6, 1, tzinfo=UTC)
    granted = Concessions(exempt=frozenset({exempt}), extended_until={("quay-college", *exempt[1:]): until})
    progress = preview_progress(concessions=granted)["learners"]
    assert [(one.holder, one.due_at == until) for one in progress.missing] == [
        ("quay-college", True),
        ("job-club", False),
    ]
    assert progress.newest_period is not None
    assert (progress.newest_period.coverage.expected, progress.newest_period.coverage.exempt) == (2, 1)


@pytest.mark.parametrize("catalogue", [HARBOUR, NOTTINGHAM], ids=["harbour", "the plan"])
def test_no_measure_is_null_without_a_reason(catalogue):
    """Every measure has a definition, its returns and a reason, before anything is returned."""
    for slug, progress in preview_progress(catalogue=catalogue, today=date(2026, 4, 10)).items():
        measure = catalogue.measures[slug]
        is_published = progress.series.collection is Collection.PUBLISHED
        assert (progress.latest.value, bool(progress.latest.reason), bool(progress.series.definition)) == (
            None,
            True,
            True,
        )
        assert (progress.newest_period is None) == is_published, slug
        assert (progress.next_return is None) == (progress.no_next_return_reason is not None), slug
        assert progress.previous is None
        if not is_published:
            assert progress.latest.coverage.expected == len(progress.missing), slug
            assert {one.measure for one in progress.missing} <= {slug, *_list_parts(measure)}, slug
            assert set(progress.unassigned) >= {m.holder for m in progress.missing if m.organisation is None}, slug


def _list_parts(measure) -> list[str]:
    return [part for series in measure.series if series.formula for part in series.formula.measures]


def test_milestones_have_coverage_and_no_history():
    progress = preview_progress("prospectus", "quay 2026-02 nil")
    prospectus = progress["prospectus"]
    assert prospectus.kind in UNCOUNTED_KINDS
    assert (prospectus.latest.reason, prospectus.latest.coverage.received, prospectus.history) == ("not_a_count", 1, [])
    assert [f"{one.holder} {one.period}" for one in prospectus.missing] == ["quay-college 2026-03"]


HISTORY = [f"quay 2026-{month:02} town {10 + month}" for month in (1, 2, 4, 5, 6, 7, 8, 9, 10)]
#   returns                 values of the last eight months; the last value before the latest
HISTORIES = [
    (HISTORY,               [None, 14, 15, 16, 17, 18, 19, 20],   ("2026-09", 19)),
    (HISTORY[:2],           [11, 12],                             ("2026-01", 11)),
    (HISTORY[:1],           [11],                                 None),
    (HISTORY[:4],           [11, 12, None, 14, 15],               ("2026-04", 14)),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "values", "previous"), HISTORIES)
def test_history_has_the_last_values_with_gaps(rows, values, previous):
    progress = preview_progress("learners", *rows, today=date(2026, 12, 1))["learners"]
    assert [point.value for point in progress.history] == values
    assert [(point.reason, point.status) for point in progress.history if point.value is None] in (
        [],
        [("no_data", "x")],
    )
    assert previous == (progress.previous and (progress.previous.period.code, progress.previous.value))


def test_history_has_the_bounds_of_people_who_cannot_be_added():
    progress = preview_progress("members", "quay 2026-01 town 30", "pier 2026-01 town 5")["members"]
    assert [(one.value, one.lower_bound, one.upper_bound) for one in progress.history] == [(None, 30, 35)]
    progress = preview_progress("pass-rate", "quay 2026-01 town 8/10")["pass-rate"]
    [point] = progress.history
    assert (point.value, round(point.lower or 0, 1), round(point.upper or 0, 1)) == (80, 49.0, 94.3)  # Wilson


#   measure, day                                next period, reason
NEXT = [
    (("learners", date(2025, 12, 1)),           ("2026-01", None)),
    (("learners", date(2026, 4, 10)),           ("2026-03", None)),   # March is due 10 days after its end
    (("learners", date(2026, 4, 20)),           ("2026-04", None)),
    (("learners", date(2027, 6, 1)),            (None, "programme_over")),
    (("jobless", date(2026, 4, 20)),            (None, "nobody_owes")),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expected"), NEXT)
def test_next_return_is_by_the_calendar_of_the_programme(case, expected):
    (slug, today), plan = case, HARBOUR.plan
    if slug == "jobless":
        slug = "learners"
        plan = replace(plan, duties=[replace(duty, required=False) for duty in plan.duties])
    progress = preview_progress(today=today, catalogue=make_catalogue(plan))[slug]
    following = progress.next_return
    assert (following.period.code if following else None, progress.no_next_return_reason) == expected


def test_publishers_set_their_own_dates():
    progress = preview_progress(catalogue=NOTTINGHAM)
    published = {slug for slug, one in progress.items() if one.no_next_return_reason == "publisher_sets_dates"}
    assert published == {"economic-inactivity-ill-health", "neet-16-17", "ltc-employment-gap", "ltc-employment-rate"}


def test_companions_are_read_for_the_area_that_is_published():
    queries = {
        (query.measures[0], query.series): query.areas
        for measure in NOTTINGHAM.plan.measures
        for query in list_companion_queries(measure, NOTTINGHAM)
    }
    assert queries == {
        ("ips-secondary-care-engagement", "mhs116"): ["E38000243"],
        ("ips-secondary-care-engagement", "mhs116a"): ["E38000243"],
        ("neet-16-17", "neet-or-not-known"): ["E06000018"],
        ("neet-16-17", "not-known"): ["E06000018"],
        ("ltc-employment-gap", "overall-employment-rate"): ["E06000018"],
    }


COVERED = {
    ("on-roll", "headline"): [
        *((periods.parse(f"2026-0{month}"), month < 2) for month in (1, 2, 3)),
        (periods.parse("FY2025-26-Q4"), True),
    ]
}


def read_released(*rows: str, latest: str | None) -> dict[str, object]:
    figures = [one for one in release_figures(*rows, catalogue=HARBOUR_CATALOGUE) if not one.breakdown]
    figures = [one for one in figures if one.measure == "on-roll" and one.area == "E06999999"]
    resolved = [ResolvedPeriod(token="latest", measure="on-roll", series="headline", period=latest)]
    newest = find_newest_periods(COVERED, HARBOUR_CATALOGUE)
    grouped = group_figures(figures, [], newest, resolved, HARBOUR_CATALOGUE)
    progress = released_views.build_progress(EXAMPLE_RELEASE, grouped, HARBOUR_CATALOGUE)
    return {measure.measure: measure for theme in progress.themes for measure in theme.measures}


def test_release_shows_the_coverage_of_its_newest_period():
    rows = ("quay on-roll 2026-01 town 50", "pier on-roll 2026-01 town 30")
    measure = read_released(*rows, latest="2026-01")["on-roll"]
    assert (measure.latest.period.code, measure.newest_period.period.code) == ("2026-01", "2026-03")
    assert (measure.newest_period.coverage.received, measure.newest_period.coverage.expected) == (0, 2)
    assert [point.period.code for point in measure.history] == ["2026-01"]
    assert (measure.reason, measure.companions) == (None, [])


def test_release_without_returns_of_a_measure_shows_its_newest_period():
    measure = read_released("quay learners 2026-01 town 50", latest=None)["on-roll"]
    assert (measure.latest.period.code, measure.latest.value, bool(measure.latest.reason)) == ("2026-03", None, True)
    assert (measure.latest.coverage.received, measure.latest.coverage.expected) == (0, 2)


def test_release_names_roles_without_an_organisation_and_no_other_holder():
    progress = read_released("quay on-roll 2026-01 town 50", latest="2026-01")
    assert {slug: one.unassigned for slug, one in progress.items() if one.unassigned} == {
        "learners": ["job-club"],
        "learner-voice": ["local-choirs"],
    }
    assert not hasattr(progress["learners"], "missing")


def test_statistic_without_a_publication_has_that_reason():
    describe = MeasureDescriber(NOTTINGHAM, now=datetime(2026, 11, 30, tzinfo=UTC))
    assert describe.explain_no_figure(NOTTINGHAM.measures["neet-16-17"]) == "no_publication"
