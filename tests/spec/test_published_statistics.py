"""Published statistics in a release: the publisher's figures in order, and no row for a cell that was not published."""

from datetime import UTC, datetime
from pathlib import Path

from api.figures.returns_data import SelectedRevision
from api.plan import queries_loading
from api.releases import published_statistics
from api.releases.published_statistics import convert_published_figure
from api.releases.returned_sources import ReturnedSources
from api.releases.snapshot import Snapshot
from api.reviews.concessions import NO_CONCESSIONS
from api.statistics import periods
from schema.submissions import FigureLimits, Marker, PublisherFigure, ReturnKind
from tests.fixtures.example_plan import NOW, make_catalogue
from tests.fixtures.release_fixtures import list_figures

HERE = make_catalogue(
    queries_loading.read_plan(Path(__file__).parents[2] / "schema" / "plans" / "work-and-health-2025-2028.yaml")
)
INACTIVE = HERE.measures["economic-inactivity-ill-health"]
[SERIES] = [series for series in INACTIVE.series if series.slug == "lts-of-population-16-64"]
NOTTINGHAM, ENGLAND = "E06000018", "E92000001"


def make_revision(number: int, code: str) -> SelectedRevision:
    return SelectedRevision(
        id=number,
        measure=INACTIVE.slug,
        series=SERIES.slug,
        organisation=HERE.plan.owner,
        service="main",
        period=periods.parse(code),
        kind=ReturnKind.DATA,
        has_approved_revision=True,
        first_recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


RETURNS = [make_revision(2, "R12-2025-12"), make_revision(1, "R12-2024-12")]
LIMITS = [FigureLimits(lower="7.1", upper="11.5")]
UNRELIABLE = [Marker.ESTIMATED, Marker.LOW_RELIABILITY]
CONTENT = {
    1: (PublisherFigure(area=NOTTINGHAM, value="8.7", limits=LIMITS, markers=UNRELIABLE),),
    2: (
        PublisherFigure(area=ENGLAND, value="6.5"),
        PublisherFigure(area=NOTTINGHAM, breakdown={"sex": "female"}, status="c"),
        PublisherFigure(area=NOTTINGHAM, value="9.3", limits=LIMITS),
    ),
}


def calculate_figures():
    return published_statistics.calculate_published_figures(INACTIVE, SERIES, RETURNS, CONTENT, HERE, NO_CONCESSIONS)


def test_published_cells_are_in_order_of_time_area_and_category():
    order = [area.code for area in HERE.plan.areas if area.code in (NOTTINGHAM, ENGLAND)]
    newest = [(area, {}) for area in order]
    newest.insert(newest.index((NOTTINGHAM, {})) + 1, (NOTTINGHAM, {"sex": "female"}))
    assert [(f.period.code, f.area, f.breakdown) for f in calculate_figures()] == [
        ("R12-2024-12", NOTTINGHAM, {}),
        *(("R12-2025-12", area, breakdown) for area, breakdown in newest),
    ]
    assert published_statistics.calculate_published_figures(INACTIVE, SERIES, [], {}, HERE, NO_CONCESSIONS) == []


def test_release_has_the_figures_of_the_publisher():
    figures = [convert_published_figure(one, 3, 1) for one in calculate_figures()]
    [last] = [f for f in figures if (f.period.code, f.area, f.breakdown) == ("R12-2025-12", NOTTINGHAM, {})]
    assert (last.value, last.lower, last.upper, last.release, last.policy_version) == (9.3, 7.1, 11.5, 3, 1)
    key = (INACTIVE.slug, SERIES.slug)
    release = Snapshot(
        catalogue=HERE,
        number=3,
        frozen_at=NOW,
        scopes=[],
        load_counts=lambda _: None,
        coverage={},
        returned=ReturnedSources(services={}, lacking_at_end=frozenset()),
        published={key: tuple(figures)},
    )
    assert [f for f in list_figures(release) if f.series == SERIES.slug] == figures


def test_unreliable_figure_is_marked_in_the_preview_and_in_the_release():
    preview = next(figure for figure in calculate_figures() if figure.period.code == "R12-2024-12")
    assert preview.series == next(series.slug for series in INACTIVE.series if series.headline)
    assert set(preview.markers) >= set(UNRELIABLE)
    assert set(convert_published_figure(preview, 3, 1).markers) >= set(UNRELIABLE)


def test_excluded_measures_have_no_published_series():
    every = [(measure.slug, one.slug) for measure, one in published_statistics.list_published_series(HERE, [])]
    assert (INACTIVE.slug, SERIES.slug) in every
    assert ("neet-16-17", "neet-la") in every
    assert ("neet-16-17", "ccis-provisional") not in every, "partners return those"
    rest = [
        slug
        for measure, one in published_statistics.list_published_series(HERE, [INACTIVE.slug])
        for slug in [measure.slug]
    ]
    assert INACTIVE.slug not in rest
