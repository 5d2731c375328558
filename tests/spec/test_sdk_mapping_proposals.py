"""The proposals of `mapping init` for exports of the shapes that other systems write."""

import tomllib
from datetime import date

import jsonschema
import pytest

from work_health import ColumnMapping, Period, PeriodType
from work_health.age_bands import find_containing_band
from work_health.grids import read_grid
from work_health.mapping_proposals import PlanFacts, propose_mapping
from work_health.mapping_schema import MAPPING_SCHEMA
from work_health.mapping_writing import write_mapping
from work_health.period_spellings import find_period, find_period_in_title
from work_health.return_forms import Labels
from work_health.table_building import build_table

BANDS = {"16-24": "16 to 24", "25-34": "25 to 34", "65-plus": "65 and over", "unknown": "Not known"}
LABELS = Labels(
    {"sex": {"female": "Female", "male": "Male", "unknown": "Not known"}, "age-band": BANDS},
    {"E06000018": "Nottingham", "E05012270": "Aspley", "E05012281": "Hyson Green & Arboretum", "E05000001": "Clifton",
     "E05000002": "Clifton"},
)  # fmt: skip
QUARTERS = tuple(
    Period(code=f"FY2025-26-Q{n}", type_=PeriodType.FINANCIAL_QUARTER, start=start, end=end, label=label)
    for n, start, end, label in (
        (3, date(2025, 10, 1), date(2025, 12, 31), "Q3 2025/26 (Oct to Dec 2025)"),
        (4, date(2026, 1, 1), date(2026, 3, 31), "Q4 2025/26 (Jan to Mar 2026)"),
    )
)
FACTS = PlanFacts(LABELS, frozenset(LABELS.areas), frozenset(LABELS.dimensions), ("value",), QUARTERS)


def propose(text: str, facts: PlanFacts = FACTS) -> tuple[dict, list[str], list[list[str]]]:
    """Return the mapping, the open questions, and the rows that the mapping reads from the same text."""
    grid = read_grid(text.encode())
    proposal = propose_mapping(grid, facts)
    document = tomllib.loads(write_mapping(proposal, {}, sheet=None, period_type="financial-quarter"))
    jsonschema.validate(document, MAPPING_SCHEMA)
    table = build_table(grid, list(LABELS.dimensions), ColumnMapping.from_document(document))
    names = ("area", "sex", "age-band", "period", "value", "status", "upper")
    cells = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return document, proposal.questions, [[row[name] for name in names if row.get(name)] for row in cells]


def test_wide_table_is_turned():
    document, questions, rows = propose("Ward,Women,Male,Total clients\nNottingham,80,57,140\n")
    assert document["unpivot"] == {
        "dimension": "sex",
        "columns": {"Women": "female", "Male": "male", "Total clients": ""},
    }
    assert (questions, rows) == (
        [],
        [["E06000018", "female", "80"], ["E06000018", "male", "57"], ["E06000018", "140"]],
    )


def test_names_of_areas_and_categories_become_codes():
    text = (
        "ORG_NAME,GENDER,MEASURE_VALUE\nnottingham,All,140\nHyson Green and Arboretum,F,80\nAspley,M,55\n"
        "Aspley,Not stated,<5\n"
    )
    document, questions, rows = propose(text)
    assert (questions, "marks" in document) == ([], False)  # a mark with one meaning needs no entry
    assert rows == [
        ["E06000018", "140"],
        ["E05012281", "female", "80"],
        ["E05012270", "male", "55"],
        ["E05012270", "unknown", "<5"],
    ]


def test_titles_totals_and_notes_around_the_table_are_left_out():
    text = (
        "IPS referrals, Nottingham, Q3 2025/26\n\nCouncil;Sex;Clients;Comments\nNottingham;Female;80;\n"
        "Nottingham;Male;57;rang twice\nGrand total;;137;\nSource: the case system;;;\n"
    )
    document, questions, rows = propose(text)
    assert (document["header"], document["columns"]["Comments"], questions) == (3, "", [])
    assert rows == [["E06000018", "female", "80"], ["E06000018", "male", "57"]]


def test_total_of_wards_is_the_total_of_the_city():
    wards = "Ward,Clients\nAspley,55\nHyson Green & Arboretum,80\n"
    document, questions, rows = propose(f"{wards}Nottingham total,135\n")
    assert (document["codes"]["area"]["Nottingham total"], questions) == ("E06000018", [])
    assert rows == [["E05012270", "55"], ["E05012281", "80"], ["E06000018", "135"]]
    document, _, rows = propose(f"{wards}Nottingham,135\nTotal Nottingham,135\n")
    assert (document["skip"], len(rows)) == ({"where": {"Ward": ["Total Nottingham"]}}, 3)


def test_column_of_unknown_ages_is_a_category():
    header = "Ward,Age 16 to 24,Age 25 to 34,Age not recorded,Total,Rate"
    document, questions, _ = propose(f"{header}\nAspley,4,6,1,11,3\n")
    assert document["unpivot"]["columns"]["Age not recorded"] == "unknown"
    assert document["unpivot"]["columns"]["Age 25 to 34"] == "25-34"
    assert ["'Rate'" in question for question in questions] == [True]


def test_finer_bands_go_into_ours():
    document, questions, rows = propose("Area,Age,Count\nNottingham,16-17,3\nNottingham,18 to 24,4\nNottingham,65+,9\n")
    assert (document["sum"], questions) == (True, [])
    assert rows == [["E06000018", "16-24", "7"], ["E06000018", "65-plus", "9"]]


def test_what_is_not_certain_is_a_question():
    _, questions, _ = propose("Area,Age,Count\nNottingham,16-24,3\nAspley,25-34,~\nClifton,20-29,4\nAspley,65+,4\n")
    assert [any(word in question for question in questions) for word in ("'Clifton'", "'20-29'", "'~'")] == [True] * 3


def test_row_of_units_is_skipped():
    document, _, rows = propose("area,sex,value\nGSS code,category,number\nE06000018,,140\nE06000018,female,80\n")
    assert (document["skip"]["rows"], rows) == ([2], [["E06000018", "140"], ["E06000018", "female", "80"]])


def test_periods_come_from_spellings_and_dates():
    _, _, rows = propose("Area,Quarter,Count\nNottingham,2025-26 Q3,3\nAspley,Q4 2025/26,4\n")
    assert rows == [["E06000018", "FY2025-26-Q3", "3"], ["E05012270", "FY2025-26-Q4", "4"]]
    document, _, rows = propose("Area,Closed on,Count\nNottingham,01/10/2025,3\nNottingham,30/12/2025,4\n")
    assert document["period"] == {"column": "Closed on", "type": "financial-quarter"}
    assert rows == [["E06000018", "FY2025-26-Q3", "7"]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Q3 2025/26", "FY2025-26-Q3"),
        ("2025-26 Q3", "FY2025-26-Q3"),
        ("FY2025-26-Q4", "FY2025-26-Q4"),
        ("Oct to Dec 2025", "FY2025-26-Q3"),
        ("Q3 25/26", "FY2025-26-Q3"),
        ("Q3", None),
        ("2025/26", None),
    ],
)
def test_spelling_of_a_period(text, code):
    period = find_period(text, QUARTERS)
    assert (period and period.code) == code
    if code:
        titled = find_period_in_title(f"Referrals, {text}, final", QUARTERS)
        assert titled
        assert titled.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("16-17", "16-24"),
        ("Aged 18 to 24 years", "16-24"),
        ("65+", "65-plus"),
        ("70 and over", "65-plus"),
        ("20-29", None),
        ("60+", None),
        ("under 20", None),
        ("19", "16-24"),
        ("young", None),
    ],
)
def test_band_goes_into_the_one_that_contains_it(text, code):
    assert find_containing_band(text, BANDS) == code
