"""Comparators as rows, and the compact columns: the tables that a person or a chart reads. Pure: no database."""

import io

import msgspec
import pandas
import pytest

from api.outcomes.formats import table_rows
from schema.intervals import Confidence
from schema.outcomes import Comparator, Marker, PreviewFigure
from schema.released_figures import PublishedFigure
from schema.submissions import Status
from schema.verdicts import ComparisonMethod, Verdict
from tests.spec.test_formats import preview_learners
from tests.spec.test_resolution import HARBOUR, TOWN
from tests.spec.test_sdmx import make_published

REGION, ENGLAND = "E12999999", "E92999999"
COMPARATORS = [
    Comparator(
        area=REGION,
        name="Coast",
        value=9.5,
        verdict=Verdict.BETTER,
        confidence=Confidence.P95,
        reason=None,
        method=ComparisonMethod.STANDARD,
    ),
    Comparator(
        area=ENGLAND, name="The Country", value=None, verdict=None, confidence=None, reason="no_published_equivalent"
    ),
]
FEMALE = msgspec.structs.replace(
    preview_learners("quay 2026-01 town sex=female 12", breakdowns=["sex:female"])[0][0], comparators=COMPARATORS
)
HIDDEN = make_published(FEMALE, value=None, status=Status.CONFIDENTIAL, reason="suppressed")


def read_full(figure, **options) -> list[dict]:
    content = table_rows.write_full_table([figure], HARBOUR, kind=type(figure), **options)
    return pandas.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str).to_dict("records")


def read_compact(figure, *, with_comparators: bool) -> list[dict]:
    rows = table_rows.build_compact_rows([figure], HARBOUR, with_comparators=with_comparators)
    content = table_rows.write_compact_table(rows)
    return pandas.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str).to_dict("records")


#   role          comparator_of  area     value   verdict   confidence  reason
BENCHMARK = [
    ("figure",     "",            TOWN,    "12",   "",       "",         ""),
    ("comparator", TOWN,          REGION,  "9.5",  "better", "95",       ""),
    ("comparator", TOWN,          ENGLAND, "",     "",       "",         "no_published_equivalent"),
]  # fmt: skip
BENCHMARK_COLUMNS = ("role", "comparator_of", "area", "value", "verdict", "verdict_confidence", "reason")


@pytest.mark.parametrize("read", [read_full, read_compact])
def test_each_comparator_is_a_row_after_its_figure(read):
    rows = read(FEMALE, with_comparators=True)
    assert [tuple(row[name] for name in BENCHMARK_COLUMNS) for row in rows] == BENCHMARK
    for name in ("measure", "series", "unit"):
        assert len({row[name] for row in rows}) == 1
    assert {row["lower_bound"] for row in rows[1:]} == {""}


def test_comparator_has_the_period_and_breakdown_of_its_figure():
    for row in read_full(FEMALE, with_comparators=True, labels=True):
        assert (row["period_code"], row["period_end"], row["breakdown_sex"]) == ("2026-01", "2026-01-31", "female")
        assert (row["measure_label"], row["breakdown_label"]) == ("Learners", "Female")
        assert row["area_label"] == {TOWN: "Harbour", REGION: "Coast", ENGLAND: "The Country"}[row["area"]]


@pytest.mark.parametrize(("kind", "figure"), [(PreviewFigure, FEMALE), (PublishedFigure, HIDDEN)])
def test_columns_do_not_depend_on_the_rows(kind, figure):
    headers = {
        tuple(
            table_rows.write_full_table(figures, HARBOUR, kind=kind, with_comparators=flag).splitlines()[0].split(b",")
        )
        for figures in ([], [figure])
        for flag in (False, True)
    }
    [header] = headers
    assert [name.decode() for name in header[-5:]] == list(table_rows.ROLE_COLUMNS)
    assert len(read_full(figure)) == 1


def test_compact_row_has_what_a_person_needs():
    marked = msgspec.structs.replace(FEMALE, markers=[Marker.PROVISIONAL, Marker.BREAK], lower=8.2, upper=16.4)
    [row] = read_compact(marked, with_comparators=False)
    assert row == {
        "role": "figure",
        "comparator_of": "",
        "measure": "learners",
        "measure_label": "Learners",
        "series": "headline",
        "period": "2026-01",
        "period_label": "January 2026",
        "area": TOWN,
        "area_label": "Harbour",
        "breakdown": "sex:female",
        "breakdown_label": "Female",
        "value": "12",
        "lower_bound": "12",
        "upper_bound": "12",
        "lower": "8.2",
        "upper": "16.4",
        "error_95": "",
        "unit": "people",
        "status": "",
        "markers": "p b",
        "reason": "",
        "complete": "false",
        "verdict": "",
        "verdict_confidence": "",
        "verdict_method": "",
    }
    [row, comparator, _] = read_compact(make_published(FEMALE, error_95=4), with_comparators=True)
    assert (row["error_95"], comparator["error_95"]) == ("4", "")
    [row] = read_compact(HIDDEN, with_comparators=False)
    assert (row["value"], row["status"], row["reason"]) == ("", "c", "suppressed")
