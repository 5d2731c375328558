"""Checks of published figures, with Nottingham's plan."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest

from api.plan import queries_loading
from api.returns import template, template_schema
from api.submissions.checks import content, published_figures
from api.submissions.checks.findings import Findings
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.parsed import to_columns
from schema.submissions import NewSubmission, PublisherFigure
from tests.fixtures.example_plan import make_catalogue

PLAN = queries_loading.read_plan(Path(__file__).parents[2] / "schema" / "plans" / "work-and-health-2025-2028.yaml")
CATALOGUE = make_catalogue(PLAN)
INACTIVITY, GAP = CATALOGUE.measures["economic-inactivity-ill-health"], CATALOGUE.measures["ltc-employment-gap"]


def make_figure(text: str, **fields: object) -> PublisherFigure:
    """Return a figure from text such as `30.1`, `30.1 25.0..35.2`, `30.1 15100/50200` or `c`."""
    value, *rest = text.split()
    record: dict = {"area": "E06000018", "status" if value.isalpha() else "value": value}
    for part in rest:
        if ".." in part:
            lower, upper = part.split("..")
            record.setdefault("limits", []).append({"lower": lower, "upper": upper})
        else:
            record["numerator"], record["denominator"] = part.split("/")
    return msgspec.convert(record | fields, PublisherFigure)


def check_figures(*figures: PublisherFigure, measure=INACTIVITY) -> list[str]:
    findings = Findings()
    published_figures.check_figures(figures, measure, CATALOGUE, path="", findings=findings)
    return [finding.code for finding in findings.listed()]


#   figure                           finding codes
FIGURES = [
    ("30.1",                         []),
    ("c",                            []),
    ("30.1 25.0..35.2",              []),
    ("30.1 30.1..30.1",              []),
    ("30.1 30.2..35.2",              ["limits-not-around-value"]),
    ("30.1 35.2..25.0",              ["bounds-reversed"]),
    ("30.1 25..35 26..34",           ["duplicate-limits"]),
    ("30.1 15100/50200",             []),  # 30.08, each rounded to hundreds
    ("30.2 15100/50200",             []),  # 30.15 of 15,149 and 50,151 rounds to 30.2
    ("30.4 15100/50200",             ["ratio-differs-from-value"]),
    ("30.08 15103/50207",            []),
    ("30.1 15103/50207",             []),
    ("30.2 15103/50207",             ["ratio-differs-from-value"]),
    ("3.0 19280/635370",             []),  # England 2025, 16 and 17, female; DfE
    ("0.0 0/50200",                  []),
    ("50 12.50/25.0",                []),
    ("60 12.50/25.0",                ["ratio-differs-from-value"]),
    ("60 0/0",                       []),
    ("c 1/3",                        []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FIGURES)
def test_figure_yields_its_findings(text, expected):
    assert check_figures(make_figure(text)) == expected


def test_numerator_and_denominator_are_not_compared_with_a_gap():
    assert check_figures(make_figure("-0.4 -2.0..1.2 1/2"), measure=GAP) == []
    in_people = msgspec.structs.replace(INACTIVITY, unit="people")
    assert check_figures(make_figure("3 1/2"), measure=in_people) == []


#   figures                                                             finding codes
PLACES = [
    ([make_figure("1", area=area) for area in CATALOGUE.areas],         []),
    ([make_figure("1", area="E08000026")],                              ["unknown-area"]),
    ([make_figure("1", breakdown={"sex": "female"}), make_figure("1")], []),
    ([make_figure("1", breakdown={"sex": "womn"})],                     ["unknown-category"]),
    ([make_figure("1", breakdown={"employer-size": "micro-0-9"})],      ["breakdown-not-collected"]),
    ([make_figure("1"), make_figure("1")],                              ["duplicate-cell"]),
    ([PublisherFigure(area="E06000018")],                               ["value-missing"]),
    ([make_figure("1", status="c")],                                    ["value-and-status"]),
    ([make_figure("1", numerator="1")],                                 ["wrong-value-fields"]),
    ([make_figure("c", markers=["p"])],                                 ["wrong-value-fields"]),
    ([make_figure("c", trend={"tendency": "increasing"})],              ["wrong-value-fields"]),
    ([make_figure("1", trend={"tendency": "increasing"})],              []),
]  # fmt: skip


@pytest.mark.parametrize(("figures", "expected"), PLACES)
def test_figure_is_checked_against_the_plan(figures, expected):
    assert check_figures(*figures) == expected


def test_changes_are_described_by_area():
    before = [make_figure("30.1 25.0..35.2 15100/50200"), make_figure("c", breakdown={"sex": "male"})]
    after = [
        make_figure("31.0", markers=["r"], note="Revised", trend={"tendency": "increasing", "verdict": "worse"}),
        make_figure("c", breakdown={"sex": "male"}),
        make_figure("1", area="E92000001"),
    ]
    assert list(content.describe_changes(before, after)) == [
        ("The figure E06000018", "30.1, 15100/50200, 25.0 to 35.2 (95 %)", "31.0, r, Revised, trend increasing, worse"),
        ("The figure E92000001", "nothing", "1"),
    ]
    counts = content.count_changes(after, before)
    assert (counts.added, counts.changed, counts.unchanged, counts.withdrawn) == (1, 1, 1, 0)


def check_return(organisation: str, period: str, **fields: object) -> CheckedSubmission:
    return_ = {"measure": GAP.slug, "period": period, "figures": [msgspec.to_builtins(make_figure("1.0"))]} | fields
    submission = msgspec.convert({"returns": [return_]}, NewSubmission)
    return check_submission(to_columns(submission), CATALOGUE, organisation, {}, now=datetime(2026, 5, 1, tzinfo=UTC))


def test_published_figures_have_no_deadline_and_no_earliest_period():
    assert check_return("ohid", "FY2012-13").returns[0].deadlines is None
    for organisation, period, changes, code in (
        ("ohid", "FY2026-27", {}, "period-not-over"),
        ("ohid", "FY2012-13", {"kind": "nil", "figures": []}, "nil-published"),
        ("nottingham-city-council", "FY2012-13", {}, "not-submittable"),
    ):
        with pytest.raises(Rejected) as refusal:
            check_return(organisation, period, **changes)
        assert [finding.code for finding in refusal.value.findings] == [code]


def test_template_of_a_published_series_matches_its_schema():
    return_template = template.build_template(
        CATALOGUE, "ohid", measure=GAP.slug, series=None, service=None, period="FY2012-13"
    )
    schema = msgspec.to_builtins(template_schema.build_schema(return_template))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    identity = {"measure": GAP.slug, "series": "headline", "service": "main", "period": "FY2012-13"}
    good = [
        {"area": "E92000001", "value": "-0.4", "limits": [{"lower": "-1", "upper": "1"}]},
        {"area": "E06000018", "status": "x"},
    ]
    assert validator.is_valid(identity | {"figures": good})
    for bad in (
        {"area": "E92000001", "value": 1},
        {"area": "E92000001"},
        {"area": "nowhere", "value": "1"},
        {"area": "E92000001", "value": "1", "status": "c"},
    ):
        assert not validator.is_valid(identity | {"figures": [bad]})
    assert not validator.is_valid(identity | {"figures": [], "kind": "nil"})
    with pytest.raises(template.NoTemplate, match=r"\bfigures\b"):
        template.write_csv(return_template, CATALOGUE)
