"""The proposals of `mapping init` for exports of the shapes that other systems write."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import jsonschema
import pytest

from work_health import ColumnMapping, Period, PeriodType
from work_health.age_bands import find_containing_band
from work_health.grids import read_grid
from work_health.mapping_decisions import list_open_decisions
from work_health.mapping_proposals import propose_mapping
from work_health.mapping_schema import MAPPING_SCHEMA
from work_health.mapping_writing import write_mapping
from work_health.period_spellings import find_period, find_period_in_title
from work_health.proposal_answers import LATER, SKIP, answer_open_questions, find_named_measure
from work_health.proposal_structs import PlanFacts
from work_health.return_forms import Labels
from work_health.table_building import build_table

BANDS = {"16-24": "16 to 24", "25-34": "25 to 34", "65-plus": "65 and over", "unknown": "Not known"}
LABELS = Labels(
    {"sex": {"female": "Female", "male": "Male", "unknown": "Not known"}, "age-band": BANDS},
    {"E06000018": "Nottingham", "E06000018-unknown": "Nottingham, ward unknown", "E05012270": "Aspley", "E05012281": "Hyson Green & Arboretum", "E05000001": "Clifton",
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
    document = tomllib.loads(write_mapping({"": proposal}, "financial-quarter"))
    jsonschema.validate(document, MAPPING_SCHEMA)
    table = build_table(grid, list(LABELS.dimensions), ColumnMapping.from_document(document))
    names = ("area", "sex", "age-band", "period", "value", "status", "upper")
    cells = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return document, list_open(document), [[row[name] for name in names if row.get(name)] for row in cells]


def list_open(document: dict) -> list[str]:
    """Return the values that the mapping leaves open."""
    return [line.partition(" = ")[0] for line in list_open_decisions(document)]


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
    assert (document["header"], document["columns"]["Comments"], questions) == (3, "", ["Grand total"])
    assert rows == [["E06000018", "female", "80"], ["E06000018", "male", "57"], ["?E06000018", "137"]]


def test_total_of_wards_is_the_total_of_the_city():
    wards = "Ward,Clients\nAspley,55\nHyson Green & Arboretum,80\n"
    document, questions, rows = propose(f"{wards}Nottingham total,135\n")
    assert (document["codes"]["area"]["Nottingham total"], questions) == ("E06000018", [])
    assert rows == [["E05012270", "55"], ["E05012281", "80"], ["E06000018", "135"]]
    document, questions, rows = propose(f"{wards}Nottingham,135\nTotal Nottingham,135\n")
    assert (questions, "skip" in document, len(rows)) == (["Total Nottingham"], False, 4)


def test_column_of_unknown_ages_is_a_category():
    header = "Ward,Age 16 to 24,Age 25 to 34,Age not recorded,Total,Rate"
    document, questions, _ = propose(f"{header}\nAspley,4,6,1,11,3\n")
    assert document["unpivot"]["columns"]["Age not recorded"] == "unknown"
    assert document["unpivot"]["columns"]["Age 25 to 34"] == "25-34"
    assert questions == ["Rate"]


def test_finer_bands_go_into_ours():
    document, questions, rows = propose("Area,Age,Count\nNottingham,16-17,3\nNottingham,18 to 24,4\nNottingham,65+,9\n")
    assert (document["sum"], questions) == (True, [])
    assert rows == [["E06000018", "16-24", "7"], ["E06000018", "65-plus", "9"]]


def test_what_is_not_certain_is_a_question():
    _, questions, _ = propose("Area,Age,Count\nNottingham,16-24,3\nAspley,25-34,~\nClifton,20-29,4\nAspley,65+,4\n")
    assert questions == ["Clifton", "20-29", "~"]
    _, questions, _ = propose("Area,Age,Count\nAspley,16-24,3\nAspley,25-34,3\nAspley,All,6\nAspley,Total,7\n")
    assert questions == ["Total"]


EXPORT = """Ward,Local code,Women,Men,Other / not stated,All clients
Aspley,NG-01,3,4,0,7
Bulwel,NG-02,8,9,0,17
Hyson Green,NG-03,1,1,0,2
Ward not known,,2,1,0,3
City total,,14,15,0,29
Outside Nottingham,,3,2,0,5
Basford,,1,2,0,3
Castle,,1,2,0,3
Dales,,1,2,0,3
Meadows,,1,2,0,3
Radford,,1,2,0,3
Ward,,Women,Men,,
Source: the system
"""
WARDS = {
    f"E050122{number}": name
    for number, name in (
        (71, "Basford"),
        (75, "Bulwell"),
        (77, "Castle"),
        (80, "Dales"),
        (85, "Meadows"),
        (86, "Radford"),
    )
}
BULWELL = replace(
    FACTS,
    labels=Labels(LABELS.dimensions, LABELS.areas | WARDS),
    areas=FACTS.areas | {*WARDS},
)
OPEN = {
    "Bulwel": "?E05012275",
    "Hyson Green": "?E05012281",
    "Ward not known": "?E06000018-unknown",
    "City total": "?E06000018",
    "Outside Nottingham": "?",
}


def test_row_with_numbers_is_never_left_out_without_a_decision():
    document, questions, rows = propose(EXPORT, BULWELL)
    assert {text: document["codes"]["area"].get(text) for text in OPEN} == OPEN
    assert questions == [*OPEN, "Other / not stated"]
    assert document["unpivot"]["columns"]["Other / not stated"] == "?unknown"
    assert document["skip"]["where"] == {"Ward": ["Source: the system", "Ward"]}
    assert len(rows) == 4 * 11  # each row with numbers is read, and reported as long as it is open


def test_text_above_rows_of_its_area_does_not_leave_them_out():
    document, questions, rows = propose("Ward,Sex,Clients\nAspley,,\nAspley,F,17\nAspley,M,9\n,,17\n")
    assert ("skip" in document, questions, len(rows)) == (False, [], 3)


def test_answers_of_a_person_decide():
    answers = {"'Bulwel'": "E05012275", "'City total'": LATER, "'Outside Nottingham'": SKIP, "'Other": "unknown"}
    proposal = propose_mapping(read_grid(EXPORT.encode()), BULWELL)

    def answer(question: str, choices: Mapping[str, str], default: str | None) -> str:
        chosen = next((chosen for text, chosen in answers.items() if text in question), LATER)
        assert (chosen in choices, default) == (True, LATER)
        return chosen

    answer_open_questions(proposal, BULWELL, answer)
    document = tomllib.loads(write_mapping({"": proposal}, "financial-quarter"))
    assert list_open(document) == ["Hyson Green", "Ward not known", "City total"]
    assert document["skip"]["where"]["Ward"][-1] == "Outside Nottingham"
    assert document["codes"]["area"]["Bulwel"] == "E05012275"
    assert document["unpivot"]["columns"]["Other / not stated"] == "unknown"
    answers["'Other"] = SKIP
    proposal = propose_mapping(read_grid(EXPORT.encode()), BULWELL)
    answer_open_questions(proposal, BULWELL, answer)
    assert proposal.columns["Other / not stated"].text == ""


def test_measure_is_the_one_that_the_titles_name():
    labels = {
        "ips-primary-care-referrals": "Referrals to IPS in primary care",
        "ips-engagements": "People engaged in IPS",
        "hub-job-placements": "Job placements",
    }
    assert find_named_measure(labels, "IPS in Primary Care - activity, new referrals") == "ips-primary-care-referrals"
    assert find_named_measure(labels, "Job placements") == "hub-job-placements"
    assert find_named_measure(labels, "New people by locality") is None


def test_sheet_without_areas_or_numbers_leaves_them_open():
    proposal = propose_mapping(read_grid(b"Age,Sex\n16-24,F\n"), FACTS)
    assert proposal.constants["area"].text == "?E06000018"
    assert len(proposal.questions) == 1
    proposal = propose_mapping(read_grid(b"Area,First,Second\nNottingham,3,4\n"), FACTS)
    assert [proposal.columns[name].text for name in ("First", "Second")] == ["?value", "?value"]


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
