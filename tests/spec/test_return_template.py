"""Templates of returns, as CSV and as JSON Schema."""

import csv
import io

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from api.http.refusals import NotAllowed
from api.returns import template
from api.returns.template import ReturnTemplate
from api.returns.template_schema import build_schema
from schema.measures import MeasureKind
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, TOWN, WEST


def make_template(measure: str, organisation: str = "quay-college", **query: str) -> ReturnTemplate:
    return template.build_template(
        HARBOUR_CATALOGUE,
        organisation,
        **({"measure": measure, "series": None, "service": None, "period": "2026-02"} | query),
    )


def read_rows(return_template: ReturnTemplate) -> list[dict[str, str]]:
    return list(
        csv.DictReader(
            io.StringIO(template.write_csv(return_template, HARBOUR_CATALOGUE).decode("utf-8-sig"), newline="")
        )
    )


def test_template_has_exactly_the_owed_cells():
    return_template = make_template("learners")
    rows = read_rows(return_template)
    assert return_template.filename == "learners_headline_main_2026-02"
    cells = [(row["area"], row["sex"], row["need"]) for row in rows]
    sexes, needs = ("female", "male", "unknown"), ("travel", "childcare")
    town = [("", ""), *((sex, "") for sex in sexes), *(("", need) for need in needs)]
    town += [(sex, need) for sex in sexes for need in needs]
    quarters = [("", ""), *((sex, "") for sex in sexes)]
    assert len(cells) == len(set(cells))
    assert set(cells) == {(TOWN, *breakdown) for breakdown in town} | {
        (area, *breakdown) for area in (EAST, WEST, f"{TOWN}-unknown") for breakdown in quarters
    }
    labelled = next(row for row in rows if row["sex"] == "unknown" and row["area"] == TOWN)
    assert (labelled["area_label"], labelled["sex_label"], labelled["need_label"]) == ("Harbour", "Not known", "")
    assert {row["value"] for row in rows} == {""}


def test_template_of_a_ratio_has_numerator_and_denominator():
    [header, *_] = template.write_csv(make_template("pass-rate"), HARBOUR_CATALOGUE).decode("utf-8-sig").split("\r\n")
    assert header.endswith("area_label,sex,sex_label,numerator,denominator,lower,upper,status,note")
    schema = msgspec.to_builtins(build_schema(make_template("pass-rate")))
    new_return = {"measure": "pass-rate", "series": "headline", "service": "main", "period": "2026-02"}
    is_valid = jsonschema.Draft202012Validator(schema).is_valid
    assert is_valid(new_return | {"observations": [{"area": TOWN, "numerator": 1, "denominator": 2}]})
    assert not is_valid(new_return | {"observations": [{"area": TOWN, "numerator": 1}]})
    assert not is_valid(new_return | {"observations": [{"area": TOWN, "value": 1}]})


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"measure": "learner"}, ["unknown-measure"]),
        ({"measure": "visits"}, ["series-required"]),
        ({"measure": "visits", "series": "by-dor"}, ["unknown-series"]),
        ({"measure": "visits", "series": "by-door", "service": "x"}, ["no-duty"]),
        ({"measure": "learners", "period": "FY2025-26-Q4"}, ["wrong-period-type"]),
        ({"measure": "learners", "period": "2027-01"}, ["period-outside-programme"]),
        ({"measure": "learner", "period": "2026"}, ["unknown-measure", "unclear-period"]),
    ],
)
def test_refused_template_lists_the_findings_of_its_parameters(query, codes):
    with pytest.raises(template.NoTemplate) as refusal:
        make_template(**query)
    assert [finding.code for finding in refusal.value.findings] == codes
    assert {finding.path for finding in refusal.value.findings} <= {"measure", "series", "service", "period"}


def test_template_is_available_before_its_period_ends():
    assert make_template("learners", period="2026-12").period.code == "2026-12"


def test_templates_are_for_the_own_organisation_and_reviewers():
    assert template.choose_organisation(None, "quay-college", HARBOUR_CATALOGUE, is_reviewer=False) == "quay-college"
    assert (
        template.choose_organisation("quay-college", "quay-college", HARBOUR_CATALOGUE, is_reviewer=False)
        == "quay-college"
    )
    assert (
        template.choose_organisation("pier-college", "quay-college", HARBOUR_CATALOGUE, is_reviewer=True)
        == "pier-college"
    )
    with pytest.raises(NotAllowed, match=r"\bquay-college\b"):
        template.choose_organisation("pier-college", "quay-college", HARBOUR_CATALOGUE, is_reviewer=False)


@pytest.mark.parametrize(("kind", "name"), [(MeasureKind.MILESTONE, "items"), (MeasureKind.EVIDENCE, "entries")])
def test_milestone_and_evidence_have_a_schema_but_no_csv_template(kind, name):
    counts = make_template("learners")
    return_template = replace(
        counts,
        measure=replace(counts.measure, kind=kind, stages=["begun"], domains=["study"]),
        list_name=name,
        cells=(),
    )
    schema = msgspec.to_builtins(build_schema(return_template))
    assert schema["required"][-1] == name
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(template.NoTemplate, match=rf"\b{name}\b"):
        template.write_csv(return_template, HARBOUR_CATALOGUE)


def test_milestone_schema_lists_items():
    schema = msgspec.to_builtins(build_schema(make_template("prospectus")))
    assert "items" in str(schema)
