"""Results of the SDK are short to read, in a notebook too; figures become compact frames."""

import re

import pytest

from work_health._generated.models import Outcomes, PublishedFigure, SubmissionReport
from work_health._structs import MAX_REPR_CHARACTERS
from work_health.errors import RequestRejected
from work_health.frames import COMPACT_COLUMNS, build_pandas_frame, build_polars_frame
from work_health.results import CheckResult, PartResult, PartsResult, SubmissionResult
from work_health.row_accounts import RowAccount

COVERAGE = {"expected": 2, "received": 1, "approved": 1, "late": 0, "exempt": 0}
EMPTY = dict.fromkeys(
    [
        "value",
        "lower_bound",
        "upper_bound",
        "largest_error",
        "numerator",
        "denominator",
        "lower",
        "upper",
        "lower_99_8",
        "upper_99_8",
        "interval_method",
        "status",
        "reason",
        "trend",
        "movement",
        "target",
        "numerator_lower_bound",
        "numerator_upper_bound",
        "denominator_lower_bound",
        "denominator_upper_bound",
    ]
)


def make_figure(quarter: int, **fields: object) -> PublishedFigure:
    period = {
        "code": f"FY2025-26-Q{quarter}",
        "type": "financial-quarter",
        "start": f"2025-{3 * quarter + 1:02}-01",
        "end": f"2025-{3 * quarter + 3:02}-28",
        "label": f"Q{quarter} 2025/26",
    }
    figure = {
        "measure": "learners",
        "series": "headline",
        "kind": "flow",
        "unit": "learners",
        "period": period,
        "area": "E06999999",
        "breakdown": {"sex": "female"},
        "markers": [],
        "coverage": COVERAGE,
        "comparators": [],
        "release": 1,
        "policy_version": 1,
    }
    return PublishedFigure.from_dict(EMPTY | figure | fields)


ENGLAND = {"area": "E92000001", "name": "England", "value": 44.0, "verdict": None, "confidence": None, "reason": None}
FIGURES = [
    make_figure(3, value=60, lower=52, upper=70, comparators=[ENGLAND | {"value": None, "reason": "no_value"}]),
    make_figure(1, value=40, lower=33, upper=48, comparators=[ENGLAND]),
    make_figure(2, status="c", reason="suppressed"),
]
REPORT = SubmissionReport.from_dict(
    {
        "programme": "harbour",
        "organisation": "quay-college",
        "plan_version": 1,
        "change_count": 0,
        "dry_run": True,
        "outcome": "accepted",
        "counts": {"received": 3, "added": 3, "changed": 0, "unchanged": 0, "withdrawn": 0},
        "returns": [],
        "findings": [],
        "changes": [],
        "effects": [],
        "rows": {"read": 3, "used": 3, "left_out": []},
        "receipt": None,
        "dry_run_token": None,
    }
)
REFUSAL = RequestRejected(422, "It has errors.", "<b> is wrong.")


@pytest.mark.parametrize(
    "result",
    [
        FIGURES[0],
        FIGURES[2],
        REPORT,
        SubmissionResult(REPORT, None),
        PartsResult(
            (PartResult(("learners 2026-02",), 3, "accepted"), PartResult(("learners 2026-03",), 2, "rejected"))
        ),
        CheckResult(["learners 2026-02"], 3, RowAccount(read=4, used=3)),
    ],
    ids=lambda result: type(result).__name__,
)
def test_result_is_short_and_has_no_unset_value(result):
    assert len(repr(result)) <= MAX_REPR_CHARACTERS + len("…)")
    for text in (repr(result), str(result), getattr(result, "_repr_html_", str)()):
        assert "unset" not in text.lower()
        assert "None" not in text
    assert "\n" not in repr(result)


def test_notebook_shows_a_row_for_each_figure_and_only_filled_columns():
    page = Outcomes.from_dict(
        {
            "programme": "harbour",
            "release": 1,
            "plan_version": 1,
            "policy_version": 1,
            "protection": "Rounded.",
            "items": [figure.to_dict() for figure in FIGURES] * 30,
        }
    )
    html = page._repr_html_()
    header = re.findall("<th>(.*?)</th>", html)
    assert (html.count("<tr>"), "40 more" in html) == (51, True)
    assert {"measure", "period", "value", "lower", "upper", "status"} <= set(header)
    assert {"trend", "numerator", "additional_properties"} & set(header) == set()
    assert "FY2025-26-Q3" in html
    assert len(repr(page)) <= MAX_REPR_CHARACTERS + len("…)")


def test_refusal_in_a_notebook_is_escaped():
    html = SubmissionResult(None, REFUSAL)._repr_html_()
    assert "&lt;b&gt; is wrong." in html


def test_frames_are_compact_with_labels_and_the_dimensions_in_use():
    columns = [*COMPACT_COLUMNS, "breakdown_sex", "breakdown_age", "kind", "role", "comparator_of", "verdict"]
    values = {"measure": "learners", "measure_label": "Learners", "area_label": "Harbour", "breakdown_sex": "female"}
    row = ",".join(values.get(name, "") for name in columns)
    content = "\ufeff{}\r\n{}\r\n".format(",".join(columns), row).encode()
    place = COMPACT_COLUMNS.index("area") + 1
    expected = [*COMPACT_COLUMNS[:place], "breakdown_sex", *COMPACT_COLUMNS[place:]]
    assert list(build_pandas_frame(content).columns) == expected
    assert build_polars_frame(content).columns == expected
    assert list(build_pandas_frame(content, all_columns=True).columns) == columns
    assert build_polars_frame(content, all_columns=True).columns == columns
    for build in (build_pandas_frame, build_polars_frame):
        frame = build(content, with_comparators=True)
        assert list(frame.columns) == ["role", "comparator_of", *expected, "verdict"]


def test_mean_of_figures_leaves_out_their_comparators():
    content = (
        b"measure,period_code,area,value,error_95,trend_verdict,movement_verdict,source_publisher,role,comparator_of\r\n"
        b"neet,CY2025,E06000018,4.2,0.5,better,worse,DfE,figure,\r\n"
        b"neet,CY2025,E92000001,3.2,,,,,comparator,E06000018\r\n"
    )
    frame = build_pandas_frame(content, with_comparators=True)
    assert frame[frame["role"] == "figure"]["value"].mean() == 4.2
    assert frame[frame["comparator_of"] == "E06000018"]["value"].tolist() == [3.2]
    assert frame.loc[0, ["error_95", "trend_verdict", "movement_verdict", "source_publisher"]].tolist() == [
        0.5, "better", "worse", "DfE"
    ]  # fmt: skip


def test_frame_of_the_compact_table_has_all_its_columns():
    content = b"role,comparator_of,period,area,value\r\ncomparator,E06000018,CY2025,E92000001,3.2\r\n"
    expected = ["role", "comparator_of", "period", "area", "value"]
    assert list(build_pandas_frame(content).columns) == expected
    assert build_polars_frame(content, with_comparators=True).columns == expected
