"""Names of areas and labels of categories in files, by the plan's own areas."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from api.submissions.checks.code_words import explain_category, resolve_area
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.json_parts import JsonPartsReader
from api.submissions.reading.json_reader import parse_fast
from api.submissions.reading.ndjson_reader import NdjsonReader
from schema.problems import Finding
from schema.submissions import NewSubmission
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, HARBOUR_PLAN, WEST, make_catalogue
from tools.answer_examples import CATALOGUE, COUNCIL, MAY_2026

CASES = Path(__file__).parents[1] / "cases"
HEAD = "measure,period,area,sex,age-band,value\n"
ROW = "ips-primary-care-referrals,FY2025-26-Q3,"
TOTAL = f"{HEAD}{ROW}E06000018,,,140\n"


def check(text: str | bytes) -> CheckedSubmission:
    reader = CsvReader(list(CATALOGUE.dimensions), NewSubmission(returns=[]))
    reader.feed(text.encode() if isinstance(text, str) else text)
    return check_parsed(reader.finish())


def check_parsed(parsed: ParsedSubmission) -> CheckedSubmission:
    return check_submission(parsed, CATALOGUE, COUNCIL, {}, now=MAY_2026)


def reject(text: str | bytes) -> dict[str | None, Finding]:
    """Return the findings by the word that was sent, except those about names that are resolved."""
    with pytest.raises(Rejected) as refusal:
        check(text)
    return {finding.actual: finding for finding in refusal.value.findings if finding.code != "name-resolved"}


# fmt: off
AREAS = {
    "Hyson Green & Arboretum": "E05012281", "Hyson Green and Arboretum": "E05012281", "St Ann’s": "E05012287",
    "ST ANN'S": "E05012287", "castle": "E05012277", "E05012281 ": "E05012281", "e05012282": "E05012282",
    "Bulwell": "E05012275",
}
CATEGORIES = {
    ("sex", "Female"): "female", ("sex", "Not known"): "unknown", ("sex", "MALE"): "male", ("age-band", "65+"): "65-plus",
    ("age-band", "65 and over"): "65-plus", ("age-band", "16 to 24"): "16-24", ("age-band", "16–24"): "16-24",
}
# fmt: on


@pytest.mark.parametrize("word", AREAS)
def test_exact_name_of_an_area_is_its_code(word):
    cells = check(f"{TOTAL}{ROW}{word},,,12\n").cells
    assert CATALOGUE.area_codes[cells.area[1]] == AREAS[word]


CELLS = [
    {"area": "E06000018", "value": 140},
    {"area": "Hyson Green & Arboretum", "value": 12},
    {"area": "E06000018", "breakdown": {"sex": "Not known"}, "value": 140},
    {"area": "E06000018", "breakdown": {"sex": "unknown", "age-band": "65+"}, "value": 3},
]
FILE = f"{TOTAL}{ROW}Hyson Green & Arboretum,,,12\n{ROW}E06000018,Not known,,140\n{ROW}E06000018,unknown,65+,3\n"
RETURN = {"measure": "ips-primary-care-referrals", "period": "FY2025-26-Q3"}


def read_body(cells: list[dict]) -> ParsedSubmission:
    body = json.dumps({"returns": [RETURN | {"observations": cells}]}).encode()
    fast = parse_fast(body)
    assert fast is not None
    assert to_columns(msgspec.json.decode(body, type=NewSubmission)).distinct_areas == fast.distinct_areas
    return fast


def read_parts(cells: list[dict]) -> ParsedSubmission:
    return JsonPartsReader().read(json.dumps({"returns": [RETURN | {"observations": cells}]}).encode())


def read_lines(cells: list[dict]) -> ParsedSubmission:
    reader = NdjsonReader()
    reader.feed("\n".join(map(json.dumps, [{"returns": [RETURN]}, *cells])).encode())
    return reader.finish()


@pytest.mark.parametrize(("read", "first_row"), [(read_body, 1), (read_parts, 1), (read_lines, 2), (None, 2)])
def test_names_and_labels_are_codes_in_every_format_and_the_report_states_them(read, first_row):
    checked = check(FILE) if read is None else check_parsed(read(CELLS))
    keys = [CATALOGUE.breakdown_keys[key] for key in checked.cells.breakdown.tolist()]
    assert keys == ["", "", "sex=unknown", "age-band=65-plus;sex=unknown"]
    findings = [
        (finding.code, finding.severity, finding.column, finding.actual, finding.expected, finding.rows)
        for finding in checked.findings.listed()
        if finding.code == "name-resolved"
    ]
    assert findings == [
        ("name-resolved", "warning", "area", "Hyson Green & Arboretum", "E05012281", [first_row + 1]),
        ("name-resolved", "warning", "sex", "Not known", "unknown", [first_row + 2]),
    ], "`65+` is the code `65-plus` in another spelling"


@pytest.mark.parametrize("read", [read_body, read_parts, read_lines])
def test_ambiguous_name_is_refused_with_both_codes(read):
    with pytest.raises(Rejected) as refusal:
        check_parsed(read([CELLS[0], {"area": "Clifton", "value": 2}]))
    [finding] = refusal.value.findings
    assert {"E05012278", "E05012279"} <= set(re.findall(r"\w+", finding.fix or ""))


@pytest.mark.parametrize(("dimension", "word"), CATEGORIES)
def test_label_of_a_category_is_its_code(dimension, word):
    sex, age = (word if dimension == name else "" for name in ("sex", "age-band"))
    cells = check(f"{TOTAL}{ROW}E06000018,{sex},{age},140\n").cells
    assert CATALOGUE.breakdown_keys[cells.breakdown[1]] == f"{dimension}={CATEGORIES[dimension, word]}"


def test_words_of_a_partners_file_are_resolved_or_explained_without_a_guess():
    fixes = {word: finding.fix or "" for word, finding in reject((CASES / "ward-names.csv").read_bytes()).items()}
    assert fixes.pop(None)  # the city and a ward are there twice, under two of their names
    assert set(fixes) == {"E050012281", "Castle Ward", "Clifton", "E05012290", "E05001831", "Nottingham UA"}
    assert "E05012278 (Clifton East) or E05012279 (Clifton West)" in fixes["Clifton"]
    assert "E05012277 (Castle)" in fixes["Castle Ward"]
    assert "E06000018 (Nottingham)" in fixes["Nottingham UA"]
    for word in ("E050012281", "E05012290", "E05001831"):
        assert "Did you mean" not in fixes[word]


# fmt: off
EXPLAINED = {
    ("age-band", "35-44"): "35-49", ("age-band", "30-39"): "25-34 and 35-49", ("sex", "All"): "empty",
    ("sex", "femal"): "female (Female)", ("age-band", "female"): "category of sex",
}
# fmt: on


@pytest.mark.parametrize(("dimension", "word"), EXPLAINED)
def test_word_that_is_no_category_is_explained(dimension, word):
    sex, age = (word if dimension == name else "" for name in ("sex", "age-band"))
    assert EXPLAINED[dimension, word] in (reject(f"{TOTAL}{ROW}E06000018,{sex},{age},140\n")[word].fix or "")


def test_row_of_a_total_gets_no_similar_area():
    fix = reject(f"{TOTAL}{ROW}Bulwell Total,,,12\n{ROW}Aspley,,,1\n")["Bulwell Total"].fix or ""
    assert "Bulwell Forest" not in fix


def test_old_code_is_replaced_by_its_successor_and_the_report_states_it():
    findings = reject(f"{TOTAL}{ROW}E08000019,,,12\n")
    assert (findings["E08000019"].code, findings["E08000019"].expected) == ("replaced-area", "E08000039")
    assert findings["E08000039"].code == "area-outside-duty"


def test_two_spellings_of_an_area_are_one_cell():
    text = f"{TOTAL}{ROW}Aspley,,,12\n{ROW}E05012270,,,12\n"
    assert [finding.code for finding in reject(text).values()] == ["duplicate-cell"]


def make_twins():
    """Return the catalogue with two areas of one name, and two categories of one label."""
    areas = [replace(area, name="Twin") if area.code in (EAST, WEST) else area for area in HARBOUR_PLAN.areas]
    sex = next(dimension for dimension in HARBOUR_PLAN.dimensions if dimension.slug == "sex")
    twins = replace(sex, categories=[replace(category, label="Twin") for category in sex.categories])
    dimensions = [twins if dimension is sex else dimension for dimension in HARBOUR_PLAN.dimensions]
    return make_catalogue(replace(HARBOUR_PLAN, areas=areas, dimensions=dimensions))


def test_name_of_two_areas_and_label_of_two_categories_are_ambiguous():
    catalogue = make_twins()
    assert resolve_area("twin", catalogue, [], None).is_ambiguous
    explanation = explain_category("sex", "Twin", catalogue)
    assert explanation is not None
    assert {"female", "male"} <= set(re.findall(r"\w+", explanation))


def test_word_like_no_name_gets_no_area():
    assert resolve_area("qqqqqq", HARBOUR_CATALOGUE, [], None).fix is None


def test_thousands_of_unknown_areas_are_listed_up_to_the_limit():
    rows = "".join(f"{ROW}X{number:05},,,1\n" for number in range(1100))
    with pytest.raises(Rejected) as refusal:
        check(f"{HEAD}{rows}")
    assert len(refusal.value.findings) <= 1001
