"""Marks, counts, names and bands as people write them. The SDK's copy reads the same."""

from importlib import import_module

import pytest

from api.statistics.period_candidates import list_periods_meant
from schema.periods import PeriodType
from work_health._spelling import period_candidates, period_structs

NAMES = ["api.spelling", "work_health._spelling"]
AGES = ["16-24", "25-34", "35-49", "50-64", "65-plus", "unknown"]
CODES = ["E05012281", "E05012282"]


@pytest.fixture(params=NAMES)
def spelling(request):
    def find(module: str, name: str):
        return getattr(import_module(f"{request.param}.{module}"), name)

    return find


# fmt: off
MARKS = {
    "<5": ("c", None, 4), "≤4": ("c", None, 4), "1-9": ("c", 1, 9), "1 to 9": ("c", 1, 9), ">10": ("c", 11, None),
    "at least": None, "(c)": ("c", None, None), "Suppressed": ("c", None, None), "[x]": ("x", None, None),
    "Not applicable": ("z", None, None), "*": None, "n/a": None, "9-1": None, "5-5": None, "<0": None, "": None,
    "938*": None, "12 [e]": None, "[" + " " * 100_000: None,
}
FAULTS = {
    "*": "unclear-mark", "n/a": "unclear-mark", "<0": "unclear-mark", "938*": "marked-number", "12 [e]": "marked-number",
    "1,234": "thousands-separator", "12%": "percentage", "-3": "negative-number", "1.5": "not-whole", "#N/A": "not-a-number",
    "=A1": "formula", "about 12": "not-a-number", "9-1": "not-a-number", "1" * 81: "field-too-long", str(2**53): "number-too-large",
}
# fmt: on


@pytest.mark.parametrize("text", MARKS)
def test_mark_is_understood_only_if_it_has_one_meaning(spelling, text):
    assert spelling("marks", "read_mark")(text) == MARKS[text]


@pytest.mark.parametrize("text", FAULTS)
def test_text_that_is_neither_count_nor_mark_has_a_fault(spelling, text):
    assert spelling("counts", "read_value")(text).code == FAULTS[text]


@pytest.mark.parametrize(("text", "count"), [("140", 140), (" 140.0 ", 140), ("0", 0), ("", None), (" ", None)])
def test_whole_number_is_a_count(spelling, text, count):
    assert spelling("counts", "read_value")(text) == count
    assert spelling("counts", "read_count")(text) == count


def test_mark_is_no_count(spelling):
    assert spelling("counts", "read_count")("[c]").code == "unclear-mark"


# fmt: off
SAME_NAMES = [
    ("Hyson Green & Arboretum", "Hyson Green and Arboretum"), ("St. Ann's", "St Ann’s"), ("St. Ann's", "ST ANNS"),
    ("Bulwell  Forest", "bulwell-forest"), ("65+", "65 plus"), ("Ynys Môn", "Ynys Mon"),
]
SIMILAR = {
    ("femal", ("female", "male")): ["female"],
    ("Male", ("value", "area")): [],                            # a category is no column
    ("Bulwell Total", ("Bulwell", "Bulwell Forest")): [],
    ("E05001831", ("E05012281", "E05012282")): [],              # well-formed codes are never similar
    ("E050012281", ("E05012281",)): [],
    ("35-44", ("35-49", "25-34")): [],
    ("quintile 1", ("quintile 2", "quintile 1 ")): ["quintile 1 "],
    ("140", ("141",)): [],
    ("Leen Vally", ("Leen Valley", "Lenton")): ["Leen Valley"],
    ("x", ("a-very-long-name",)): [],
}
# fmt: on


@pytest.mark.parametrize(("first", "second"), SAME_NAMES)
def test_spellings_of_a_name_are_equal(spelling, first, second):
    assert spelling("names", "fold_name")(first) == spelling("names", "fold_name")(second)


@pytest.mark.parametrize(("text", "known"), SIMILAR)
def test_only_words_with_nearly_the_same_spelling_are_suggested(spelling, text, known):
    assert spelling("names", "find_similar")(text, known) == SIMILAR[text, known]


def test_part_of_a_name_finds_every_name_that_begins_with_it(spelling):
    names = {"a": ["Clifton East"], "b": ["Clifton West"], "c": ["Cliftonville"]}
    assert spelling("names", "find_by_part_of_name")("clifton", names) == ["a", "b"]
    assert spelling("names", "find_by_part_of_name")(" ", names) == []


# fmt: off
BANDS = {
    "16 to 24": "16-24", "16–24": "16-24", "65+": "65-plus", "65 and over": "65-plus", "aged 25-34": "25-34", "Under 18": None,
    "35-44": None, "24-16": None, "under 0": None, "young": None,
}
EXPLAINED = {
    "35-44": ["35-49"], "30-39": ["25-34", "35-49"], "70+": ["65-plus"],
    "Under 18": ["16-24"], "60+": ["50-64", "65-plus"], "0-4": None, "young": None,
}
# fmt: on


@pytest.mark.parametrize("text", BANDS)
def test_spellings_of_a_band_are_its_code(spelling, text):
    assert spelling("bands", "find_same_band")(text, AGES) == BANDS[text]


@pytest.mark.parametrize("text", EXPLAINED)
def test_band_that_is_not_ours_is_explained(spelling, text):
    explanation = spelling("bands", "explain_band")(text, AGES)
    if EXPLAINED[text] is None:
        assert explanation is None
    else:
        assert all(part in explanation for part in EXPLAINED[text])


# fmt: off
MEANT = [
    ("31/03/2026", "financial-quarter", None, ["FY2025-26-Q4"]),
    ("Oct-25", "financial-quarter", None, ["FY2025-26-Q3"]),
    ("45931", "financial-quarter", None, ["FY2025-26-Q3"]),             # 1 October 2025, as spreadsheets store it
    ("2025-10-01 00:00:00", "financial-quarter", None, ["FY2025-26-Q3"]),
    ("Oct to Dec 2025", "financial-quarter", None, ["FY2025-26-Q3"]),
    ("Q3 2025/26", "financial-quarter", None, ["FY2025-26-Q3"]),
    ("2025-Q2", "financial-quarter", None, ["FY2025-26-Q2", "FY2025-26-Q1"]),
    ("FY2025-26-H1", "financial-quarter", None, ["FY2025-26-Q1", "FY2025-26-Q2"]),
    ("AY2025-26", "financial-quarter", None, []),                       # it begins in the middle of a quarter
    ("31/03/2026", "month", None, ["2026-03"]),
    ("31/03/2026", "months-ending", 12, ["R12-2026-03"]),
    ("31/03/2026", "snapshot", None, ["D2026-03-31"]),
    ("March 2026", "snapshot", None, ["D2026-03-31"]),
    ("Oct to Dec 2025", "to-date", None, ["P2025-10..2025-12"]),
    ("1990-01", "months-ending", 12, []),                               # it would begin before 1990
    ("Q1", "financial-quarter", None, []),
    ("12345", "financial-quarter", None, []),
]
# fmt: on


@pytest.mark.parametrize(("text", "period_type", "months", "codes"), MEANT)
def test_date_means_the_period_of_the_wanted_type(text, period_type, months, codes):

    assert list_periods_meant(text, PeriodType(period_type), months=months) == codes
    of_sdk = period_structs.PeriodType(period_type)
    assert period_candidates.list_periods_meant(text, of_sdk, months=months) == codes


def test_codes_are_listed_by_a_name_in_any_spelling(spelling):
    find = spelling("names", "find_by_name")
    assert find("st anns", {"E05012287": ["St. Ann's"], "E05012288": ["Sherwood"]}) == ["E05012287"]


def test_text_without_a_line_end_decides_nothing_yet(spelling):
    find = spelling("header_search", "find_header")
    assert find(b"measure,period", lambda name: name, is_complete=False) is None


def test_forty_lines_without_a_known_column_decide(spelling):
    find = spelling("header_search", "find_header")
    place = find(b"x;y\n" * 40, lambda _: None, is_complete=False)
    assert place is not None
    assert (place.begin, place.known_columns) == (0, 0)
