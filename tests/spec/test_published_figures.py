"""Published figures, figure by figure, by Nottingham's own plan."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest

from api.plan import queries_loading
from api.returns import forms
from api.submissions.checks import content, published_figures
from api.submissions.checks.findings import Findings
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.parsed import to_columns
from schema.submissions import NewSubmission, PublisherFigure
from tests.fixtures.example_plan import make_catalogue

PLAN = queries_loading.read_plan(Path(__file__).parents[2] / "schema" / "plans" / "work-and-health-2025-2028.yaml")
HERE = make_catalogue(PLAN)
INACTIVE, GAP = HERE.measures["economic-inactivity-ill-health"], HERE.measures["ltc-employment-gap"]


def figure(text: str, **more: object) -> PublisherFigure:
    """`30.1`, `30.1 25.0..35.2`, `30.1 15100/50200`, `c`."""
    said, *rest = text.split()
    made: dict = {"area": "E06000018", "status" if said.isalpha() else "value": said}
    for part in rest:
        if ".." in part:
            lower, upper = part.split("..")
            made.setdefault("limits", []).append({"lower": lower, "upper": upper})
        else:
            made["numerator"], made["denominator"] = part.split("/")
    return msgspec.convert(made | more, PublisherFigure)


def found(*given: PublisherFigure, measure=INACTIVE) -> list[str]:
    findings = Findings()
    published_figures.check_figures(given, measure, HERE, path="", findings=findings)
    return [one.code for one in findings.listed()]


#   figure                           what is found
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
def test_a_figure(text, expected):
    assert found(figure(text)) == expected


def test_a_gap_is_no_fraction_of_a_hundred():
    assert found(figure("-0.4 -2.0..1.2 1/2"), measure=GAP) == []
    in_people = msgspec.structs.replace(INACTIVE, unit="people")
    assert found(figure("3 1/2"), measure=in_people) == []


#   figures                                                                what is found
PLACES = [
    ([figure("1", area=area) for area in HERE.areas],                      []),
    ([figure("1", area="E08000026")],                                      ["unknown-area"]),
    ([figure("1", breakdown={"sex": "female"}), figure("1")],              []),
    ([figure("1", breakdown={"sex": "womn"})],                             ["unknown-category"]),
    ([figure("1", breakdown={"employer-size": "micro-0-9"})],              ["breakdown-not-collected"]),
    ([figure("1"), figure("1")],                                           ["duplicate-cell"]),
    ([PublisherFigure(area="E06000018")],                                  ["value-missing"]),
    ([figure("1", status="c")],                                            ["value-and-status"]),
    ([figure("1", numerator="1")],                                         ["wrong-value-fields"]),
    ([figure("c", markers=["p"])],                                         ["wrong-value-fields"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), PLACES)
def test_where_a_figure_belongs(given, expected):
    assert found(*given) == expected


def test_what_has_changed_is_told_by_place():
    was = [figure("30.1 25.0..35.2 15100/50200"), figure("c", breakdown={"sex": "male"})]
    now = [
        figure("31.0", markers=["r"], note="Revised"),
        figure("c", breakdown={"sex": "male"}),
        figure("1", area="E92000001"),
    ]
    assert list(content.describe_changes(was, now)) == [
        ("The figure E06000018", "30.1, 15100/50200, 25.0 to 35.2 (95 %)", "31.0, r, Revised"),
        ("The figure E92000001", "nothing", "1"),
    ]
    counts = content.count_changes(now, was)
    assert (counts.added, counts.changed, counts.unchanged, counts.withdrawn) == (1, 1, 1, 0)


def examine(organisation: str, period: str, **more: object) -> CheckedSubmission:
    given = {"measure": GAP.slug, "period": period, "figures": [msgspec.to_builtins(figure("1.0"))]} | more
    submission = msgspec.convert({"returns": [given]}, NewSubmission)
    return check_submission(to_columns(submission), HERE, organisation, {}, now=datetime(2026, 5, 1, tzinfo=UTC))


def test_a_publication_is_never_late_and_never_too_early_for_the_programme():
    assert examine("ohid", "FY2012-13").returns[0].deadlines is None
    for organisation, period, more, code in (
        ("ohid", "FY2026-27", {}, "period-not-over"),
        ("ohid", "FY2012-13", {"kind": "nil", "figures": []}, "nil-published"),
        ("nottingham-city-council", "FY2012-13", {}, "not-submittable"),
    ):
        with pytest.raises(Rejected) as refusal:
            examine(organisation, period, **more)
        assert [one.code for one in refusal.value.findings] == [code]


def test_the_template_of_a_published_series():
    made = forms.build_template(HERE, "ohid", measure=GAP.slug, series=None, service=None, period="FY2012-13")
    schema = msgspec.to_builtins(forms.build_schema(made))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    one = {"measure": GAP.slug, "series": "headline", "service": "main", "period": "FY2012-13"}
    good = [
        {"area": "E92000001", "value": "-0.4", "limits": [{"lower": "-1", "upper": "1"}]},
        {"area": "E06000018", "status": "x"},
    ]
    assert check.is_valid(one | {"figures": good})
    for bad in (
        {"area": "E92000001", "value": 1},
        {"area": "E92000001"},
        {"area": "nowhere", "value": "1"},
        {"area": "E92000001", "value": "1", "status": "c"},
    ):
        assert not check.is_valid(one | {"figures": [bad]})
    assert not check.is_valid(one | {"figures": [], "kind": "nil"})
    with pytest.raises(forms.NoTemplate, match=r"\bfigures\b"):
        forms.write_csv(made, HERE)
