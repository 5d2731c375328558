"""The template as a workbook: what is locked, what is listed, and that equal templates are equal bytes."""

import csv
import io

import pytest
from msgspec.structs import replace
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from api.returns import template, template_workbook
from api.returns.template import NoTemplate, ReturnTemplate
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, TOWN

FILLED_IN = {"value", "numerator", "denominator", "lower", "upper", "status", "note"}


def make_template(measure: str = "learners") -> ReturnTemplate:
    return template.build_template(
        HARBOUR_CATALOGUE, "quay-college", measure=measure, series=None, service=None, period="2026-02"
    )


def open_workbook(return_template: ReturnTemplate) -> Workbook:
    return load_workbook(io.BytesIO(template_workbook.write_workbook(return_template, HARBOUR_CATALOGUE)))


def list_values(sheet: Worksheet) -> list[list[str]]:
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("measure", ["learners", "pass-rate", "on-roll"])
def test_first_sheet_has_the_rows_of_the_csv_template(measure):
    text = template.write_csv(make_template(measure), HARBOUR_CATALOGUE).decode("utf-8-sig")
    book = open_workbook(make_template(measure))
    assert book.sheetnames == ["Return", "Codes"]
    assert list_values(book["Return"]) == [*csv.reader(io.StringIO(text, newline=""))]


def test_only_the_cells_to_fill_in_are_unlocked():
    book = open_workbook(make_template("pass-rate"))
    for sheet in book.worksheets:
        assert (sheet.protection.sheet, sheet.protection.password, sheet.freeze_panes) == (True, None, "A2")
        names = [cell.value for cell in sheet[1]]
        for number, row in enumerate(sheet.iter_rows(), 1):
            unlocked = {name for name, cell in zip(names, row, strict=True) if not cell.protection.locked}
            assert unlocked == (FILLED_IN - {"value"} if sheet.title == "Return" and number > 1 else set())


def test_drop_downs_list_the_codes_of_the_second_sheet():
    """Each list is a range, because Excel refuses a list of more than 255 characters in the rule of a cell."""
    book = open_workbook(make_template())
    sheet, codes = book["Return"], book["Codes"]
    names = [cell.value for cell in sheet[1]]
    lists = {}
    for rule in sheet.data_validations.dataValidation:
        [cells] = rule.sqref.ranges
        assert (rule.type, cells.min_row, cells.max_row) == ("list", 2, sheet.max_row)
        title, _, reference = rule.formula1.partition("!")
        [name] = {names[column - 1] for column in range(cells.min_col, cells.max_col + 1)}
        lists[name] = [cell.value for (cell,) in book[title][reference.replace("$", "")]]
    areas = [area for area in HARBOUR_CATALOGUE.areas if area in {area for area, _ in make_template().cells}]
    assert lists == {
        "area": areas,
        "need": ["travel", "childcare"],
        "sex": ["female", "male", "unknown"],
        "status": ["c", "x", "z", "w"],
    }
    rows = list_values(codes)
    assert rows[0] == ["area", "area_label", "need", "need_label", "sex", "sex_label", "status", "status_label"]
    assert rows[1][:2] == [TOWN, "Harbour"]
    assert rows[4][4:] == ["", "", "w", "none recorded"]


def test_equal_templates_have_equal_bytes():
    """The workbook states no time, so that a client can ask whether it has changed."""
    first = template_workbook.write_workbook(make_template(), HARBOUR_CATALOGUE)
    assert template_workbook.write_workbook(make_template(), HARBOUR_CATALOGUE) == first
    assert b"dcterms:created" not in first


def test_return_without_observations_has_no_workbook():
    with pytest.raises(NoTemplate):
        template_workbook.write_workbook(replace(make_template(), list_name="items", cells=()), HARBOUR_CATALOGUE)
