"""A plot states what it shows: names, units, release, and whether its shades are intervals or errors."""

from collections.abc import Iterator

import pytest
from matplotlib import pyplot

from tests.spec.test_sdk_results import ENGLAND, FIGURES, make_figure
from work_health._generated.models import OutcomesLabels
from work_health.plot_lines import LimitKind, build_point
from work_health.plots import PlotNames, plot_figures

LABELS = {
    "measure": {"learners": "Adult learners", "places": "Places"},
    "series": {"places/a": "Places by day", "places/b": "Places at night"},
    "area": {"E06999999": "Harbour"},
    "sex": {"female": "Women"},
}


def make_names(**fields) -> PlotNames:
    names = PlotNames(**fields)
    names.add(OutcomesLabels.from_dict(LABELS))
    return names


@pytest.fixture(autouse=True)
def close_pictures() -> Iterator[None]:
    yield
    pyplot.close("all")


def read_legend(axes) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in axes.get_legend().get_texts()]


def test_plot_has_the_values_the_interval_and_the_comparator():
    axes = plot_figures(FIGURES, names=make_names(is_invented=True))
    line, comparator = axes.get_lines()
    assert [str(value) for value in line.get_ydata()] == ["40.0", "nan", "60.0"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Q1 2025/26", "Q2 2025/26", "Q3 2025/26"]
    assert (comparator.get_linestyle(), [str(value) for value in comparator.get_ydata()]) == ("--", ["44.0"])
    limits = {
        tuple(point) for band in axes.collections for path in band.get_paths() for point in path.vertices.tolist()
    }
    assert {(0.0, 33.0), (0.0, 48.0), (2.0, 52.0), (2.0, 70.0)} <= limits
    assert (axes.get_ylabel(), read_legend(axes)) == ("learners", ["Harbour, Women", "England, Women"])
    assert axes.get_title() == "Adult learners (learners)\nRelease 1 · Invented values"
    assert LimitKind.INTERVAL in axes.get_xlabel()
    assert axes.get_legend().get_window_extent().x0 >= axes.get_window_extent().x1
    assert plot_figures(FIGURES[:1], axes) is axes


#   fields of a figure                                                                     kind                lower upper
LIMITS = [
    ({"value": 60, "lower": 52, "upper": 70, "error_95": 9},                               LimitKind.INTERVAL,      52,   70),
    ({"value": 60, "lower_bound": 46, "upper_bound": 74, "largest_error": 14, "error_95": 9}, LimitKind.ERROR_95,   51,   69),
    ({"value": 5, "error_95": 9},                                                          LimitKind.ERROR_95,      0,    14),
    ({"value": 60, "lower_bound": 46, "upper_bound": 74, "largest_error": 14},             LimitKind.LARGEST_ERROR, 46,   74),
    ({"lower_bound": 46, "upper_bound": 74},                                               LimitKind.BOUNDS,        46,   74),
    ({"lower_bound": 46},                                                                  None,                    46,   None),
    ({"value": 60, "lower_bound": 60, "upper_bound": 60, "largest_error": 0, "error_95": 0}, None,                  None, None),
    ({"status": "c"},                                                                      None,                    None, None),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "kind", "lower", "upper"), LIMITS)
def test_limits_are_those_that_a_page_draws(fields, kind, lower, upper):
    point = build_point(make_figure(1, **fields))
    assert (point.limits, point.lower, point.upper) == (kind, lower, upper)


def test_periods_of_two_measures_are_in_order_of_time():
    figures = [
        *(make_figure(quarter, measure="learners", value=quarter) for quarter in (2, 3)),
        *(make_figure(quarter, measure="places", series=series, value=9) for series in "ab" for quarter in (1, 2)),
    ]
    axes = plot_figures(figures, names=make_names())
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Q1 2025/26", "Q2 2025/26", "Q3 2025/26"]
    assert read_legend(axes) == [
        "Adult learners, Harbour, Women", "Places by day, Harbour, Women", "Places at night, Harbour, Women"
    ]  # fmt: skip
    assert axes.get_title().startswith("Adult learners and Places (learners)\n")


def test_one_period_is_a_ranking_of_bars_with_comparators_and_reasons():
    areas = [make_figure(1, area=f"E0599900{place}", value=place, error_95=2) for place in (3, 1, 2)]
    areas[0].comparators = make_figure(1, comparators=[ENGLAND]).comparators
    axes = plot_figures([*areas, make_figure(1, area="E05999009", status="c")])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [f"{area}, female" for area in ("E05999009", "E05999001", "E05999002", "E05999003", "England")]
    assert [bar.get_width() for bar in axes.patches] == [0, 1, 2, 3, 44]
    assert "hidden" in axes.texts[0].get_text()
    assert axes.get_xlabel().startswith("learners\n")
    assert LimitKind.ERROR_95 in axes.get_xlabel()
    assert axes.get_title() == "learners (learners)\nQ1 2025/26 · Release 1"


def test_many_lines_have_no_shades_and_the_caption_states_it():
    figures = [
        make_figure(quarter, area=f"E050000{place}", value=9, error_95=4)
        for place in range(10, 21)
        for quarter in (1, 2)
    ]
    axes = plot_figures(figures)
    assert len(axes.collections) == 0
    assert LimitKind.ERROR_95 in axes.get_xlabel()
    assert len({line.get_color() for line in axes.get_lines()}) == 11


def make_window(month: int, value: float):
    end = {1: 31, 2: 28, 3: 31}.get(month, 30)
    figure = make_figure(1, value=value)
    window = {
        "code": f"R12-2025-{month:02}", "type": "months-ending", "start": f"2024-{month:02}-01",
        "end": f"2025-{month:02}-{end}", "label": f"12 months ending month {month}",
    }  # fmt: skip
    return type(figure).from_dict(figure.to_dict() | {"period": window})


def test_negative_gap_stays_in_sight_and_many_periods_have_room():
    axes = plot_figures([make_window(month, -2) for month in range(1, 10)])
    assert axes.get_ylim()[0] < -2
    labels = axes.get_xticklabels()
    assert (labels[0].get_text(), labels[0].get_rotation()) == ("12 months to Jan 2025", 90)


def test_plot_of_no_figures_is_empty():
    assert plot_figures([]).get_lines() == []
