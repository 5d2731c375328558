"""Cells are checked against the schema of their duty, with the row, the column and the fix."""

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.returns import template, template_schema
from tests.fixtures.example_plan import HARBOUR_CATALOGUE
from work_health import ReturnSchema, new_return, observation
from work_health.return_forms import Labels, ReturnForm
from work_health.table_checks import check_cells, convert_returns_to_table, group_rows_by_return
from work_health.tables import Table


def build_schema(measure: str) -> dict:
    duty = template.build_template(
        HARBOUR_CATALOGUE, "quay-college", measure=measure, series=None, service=None, period="2026-02"
    )
    return msgspec.json.decode(msgspec.json.encode(template_schema.build_schema(duty)))


FORMS = {name: build_schema(name) for name in ("learners", "pass-rate")}
LABELS = Labels(
    {d.slug: {c.code: c.label for c in d.categories} for d in HARBOUR_CATALOGUE.plan.dimensions},
    {a.code: a.name for a in HARBOUR_CATALOGUE.plan.areas},
)


def check_rows(measure: str, *rows: dict[str, str]) -> list[tuple]:
    form = ReturnForm.from_schema(ReturnSchema.from_dict(FORMS[measure]))
    assert form
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = Table("Rows", columns, [[row.get(name, "") for name in columns] for row in rows], list(range(len(rows))))
    [(key, numbers)] = group_rows_by_return(table, {"measure": measure, "period": "2026-02"}).items()
    findings = check_cells(table, {key: form}, {key: numbers}, LABELS)
    return [(finding.code, finding.rows, finding.column, finding.fix or None) for finding in findings]


TOWN = {"area": "E06999999"}


@pytest.mark.parametrize(
    ("measure", "row", "code", "column", "word"),
    [
        ("learners", {"area": "", "value": "1"}, "empty-cell", "area", "Fill it in"),
        ("learners", {"area": "E06999998", "value": "1"}, "unknown-area", "area", "template"),
        ("learners", {"area": "Harbour", "value": "1"}, "unknown-area", "area", "E06999999"),
        ("learners", TOWN | {"sex": "Females", "value": "1"}, "unknown-category", "sex", "female?"),
        ("learners", TOWN | {"sex": "x", "value": "1"}, "unknown-category", "sex", "female, "),
        ("learners", TOWN | {"colour": "red", "value": "1"}, "breakdown-not-collected", "colour", "template"),
        ("learners", {"area": "E05999991", "need": "travel", "value": "1"}, "area-too-fine", "area", "template"),
        ("learners", TOWN | {"value": ""}, "value-missing", "value", "reason"),
        ("learners", TOWN | {"value": "12.5"}, "not-whole", "value", "count"),
        ("learners", TOWN | {"value": "1,234"}, "thousands-separator", "value", "digits"),
        ("learners", TOWN | {"value": "-3"}, "negative-number", "value", "0 or more"),
        ("learners", TOWN | {"value": "47%"}, "percentage", "value", "denominator"),
        ("learners", TOWN | {"value": "*"}, "unclear-mark", "value", "confidential"),
        ("learners", TOWN | {"value": "n/a"}, "unclear-mark", "value", "confidential"),
        ("learners", TOWN | {"value": "#REF!"}, "not-a-number", "value", "formula"),
        ("learners", TOWN | {"value": "about 140"}, "not-a-number", "value", "such as 12"),
        ("learners", TOWN | {"value": "9" * 17}, "number-too-large", "value", "run together"),
        ("learners", TOWN | {"value": "3", "status": "c"}, "value-and-status", "status", "Clear"),
        ("learners", TOWN | {"value": "", "status": "s"}, "unknown-status", "status", "c, x, z"),
        ("learners", TOWN | {"value": "[x]", "lower": "1"}, "bounds-without-c", "lower", "Clear"),
        ("learners", TOWN | {"numerator": "1", "denominator": "2"}, "wrong-value-fields", "denominator", "Leave"),
        ("pass-rate", TOWN | {"value": "1"}, "wrong-value-fields", "value", "Leave"),
        ("pass-rate", TOWN | {"numerator": "1"}, "value-missing", "denominator", "reason"),
    ],
)
def test_faulty_cell_is_a_finding_with_row_and_fix(measure, row, code, column, word):
    [(*place, fix)] = check_rows(measure, row)
    assert place == [code, [0], column]
    assert word in fix


@pytest.mark.parametrize(
    "row",
    [
        TOWN | {"value": "12"},
        TOWN | {"value": "12.0"},
        TOWN | {"value": "[c]", "lower": "1", "upper": "4"},
        TOWN | {"value": "", "status": "[Z]"},
        TOWN | {"sex": "female", "need": "travel", "value": "0"},
        {"area": "", "value": "", "kind": "nil"},
    ],
)
def test_cell_of_the_duty_passes(row):
    assert check_rows("learners", row) == []


def test_equal_faults_are_one_finding():
    [(code, rows, _, _)] = check_rows("learners", *[TOWN | {"value": "n/a", "sex": sex} for sex in SEX[:3]])
    assert (code, rows) == ("unclear-mark", list(range(len(SEX[:3]))))


def test_duplicate_cells_are_one_finding_with_all_rows():
    [(code, rows, column, _)] = check_rows("learners", *[TOWN | {"value": "3"}] * 3)
    assert (code, rows, column) == ("duplicate-cell", [0, 1, 2], "area")


def test_rows_beyond_the_limit_are_counted():
    form = ReturnForm.from_schema(ReturnSchema.from_dict(FORMS["learners"]))
    table = Table("Rows", ["area", "value"], [["E06999999", "n/a"]] * 1500, list(range(1500)))
    [(key, numbers)] = group_rows_by_return(table, {"measure": "learners", "period": "2026-02"}).items()
    assert form
    finding, duplicate = check_cells(table, {key: form}, {key: numbers}, LABELS)
    assert duplicate.row_count == 1500
    assert (len(finding.rows or []), finding.row_count) == (1000, 1500)


@pytest.mark.parametrize("measure", ["prospectus", "learner-voice"])
def test_return_without_observations_has_no_form(measure):
    assert ReturnForm.from_schema(ReturnSchema.from_dict(build_schema(measure))) is None


SEX = [c.code for d in HARBOUR_CATALOGUE.plan.dimensions if d.slug == "sex" for c in d.categories]
NEED = [c.code for d in HARBOUR_CATALOGUE.plan.dimensions if d.slug == "need" for c in d.categories]
cells = st.fixed_dictionaries(
    {"area": st.sampled_from([a.code for a in HARBOUR_CATALOGUE.plan.areas] + ["E06000018"])},
    optional={
        "sex": st.sampled_from(SEX),
        "need": st.sampled_from(NEED),
        "colour": st.sampled_from(["red"]),
        **dict.fromkeys(("value", "numerator", "denominator", "lower", "upper"), st.sampled_from(["0", "7"])),
        "status": st.sampled_from("cxzw"),
    },
)


@given(measure=st.sampled_from(sorted(FORMS)), row=cells)
def test_check_agrees_with_the_schema(measure, row):
    """The client reads the areas, breakdowns and numbers of the schema; a validator of JSON Schema reads all of it."""
    validator = jsonschema.Draft202012Validator(FORMS[measure])
    cell = {name: int(row[name]) for name in ("value", "numerator", "denominator", "lower", "upper") if name in row}
    cell |= {name: row[name] for name in ("area", "status") if name in row}
    cell["breakdown"] = {name: row[name] for name in ("sex", "need", "colour") if name in row}
    properties = FORMS[measure]["properties"]
    new_return = {name: properties[name]["const"] for name in ("measure", "series", "service", "period")}
    assert validator.is_valid(new_return | {"observations": [cell]}) == (check_rows(measure, row) == [])


def test_returns_are_checked_as_rows():
    table = convert_returns_to_table(
        [
            new_return("learners", "2026-02", [observation("E06999999", 12), observation("E06999999", status="c")]),
            new_return("learners", "2026-03", [observation("E06999999", 3, breakdown={"sex": "female"})]),
        ]
    )
    assert table.row_numbers == [1, 2, 3]
    assert list(table.iter_column("value")) == ["12", "", "3"]
    assert list(table.iter_column("status")) == ["", "c", ""]
    assert list(table.iter_column("sex")) == ["", "", "female"]
