"""Reading CSV files, and findings by the rows and columns that a spreadsheet shows."""

import csv
import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.http.refusals import BodyTooLarge, Refusal
from api.submissions.cell_columns import NUMBER_FIELDS, STATUSES
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.rejections import Rejected
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.reading import column_buffer, csv_reader, csv_returns, csv_value_cache, faults
from api.submissions.reading.csv_header import RETURN_COLUMNS
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.limits import CHUNK_BYTES, MAX_COLUMNS, MAX_EXPLAINED_COLUMNS
from schema.problems import Finding
from schema.submissions import NewReturn, NewSubmission, Observation, ReturnKind, Status

TOWN, EAST = "E06000018", "E05001822"
DIMENSIONS = ["sex", "age-band"]
ENVELOPE = NewSubmission(returns=[], note="Monthly")
HEAD = "measure,period,area,value\n"
GOOD = f"learners,2025-07,{TOWN},"


def read(text: str | bytes, *, step: int = 0, chunk: int = CHUNK_BYTES, **parameters: str) -> ParsedSubmission:
    data = text.encode() if isinstance(text, str) else text
    reader = CsvReader(DIMENSIONS, ENVELOPE, chunk_bytes=chunk, **parameters)
    for offset in range(0, len(data), step or max(len(data), 1)):
        reader.feed(data[offset : offset + step] if step else data)
    return reader.finish()


def reject(text: str | bytes, **parameters: str) -> list[Finding]:
    with pytest.raises(Rejected) as refusal:
        read(text, **parameters)
    assert {finding.code for finding in refusal.value.findings} <= set(FINDING_EXPLANATIONS)
    return list(refusal.value.findings)


def list_findings(text: str | bytes, **parameters: str) -> list[tuple[str, list[int], str | None]]:
    return [(finding.code, finding.rows, finding.column) for finding in reject(text, **parameters)]


def list_entries(parsed: ParsedSubmission) -> list[tuple]:
    """Return the cells row by row, with codes instead of their indices."""
    returns = [
        (
            new_return.measure,
            new_return.series,
            new_return.service,
            new_return.period,
            new_return.kind,
            new_return.base_revision,
            new_return.note,
        )
        for new_return in parsed.returns
    ]
    return [
        (
            returns[parsed.cells.item[index]],
            parsed.distinct_areas[parsed.cells.area[index]],
            parsed.distinct_breakdowns[parsed.cells.breakdown[index]],
            *(int(getattr(parsed.cells, name)[index]) for name in NUMBER_FIELDS),
            STATUSES[parsed.cells.status[index]],
            parsed.cells.notes[index],
        )
        for index in range(len(parsed.cells))
    ]


def list_values(text: str | bytes, **parameters: str) -> list[int | str]:
    """Return each row's value, or its status."""
    parsed = read(text, **parameters)
    return [
        str(STATUSES[status]) if status else int(value)
        for value, status in zip(parsed.cells.value, parsed.cells.status, strict=True)
    ]


# Accepted files ------------------------------------------------------------------------------------------------


def test_tidy_file_is_read_as_returns_with_cells():
    parsed = read(
        "measure,series,service,period,area,sex,age-band,value,numerator,denominator,lower,upper,status,note\n"
        f"learners,enrolled,night,2025-07,{TOWN},,,20,,,,,,\n"
        f"pass-rate,,,2025-07,{TOWN},,,,8,10,,,,\n"
        f'learners,enrolled,night,2025-07,{EAST},female,25-34,,,,1,4,c,"Small, but\nreal: ""new"""\n'
    )
    assert parsed.is_tabular
    assert parsed.envelope.note == "Monthly"
    assert [
        (new_return.measure, new_return.series, new_return.service, new_return.period) for new_return in parsed.returns
    ] == [
        ("learners", "enrolled", "night", "2025-07"),
        ("pass-rate", None, "main", "2025-07"),
    ]
    assert parsed.cells.item.tolist() == [0, 1, 0]
    assert parsed.row.tolist() == [2, 3, 4]
    assert [row[1:] for row in list_entries(parsed)] == [
        (TOWN, {}, 20, -1, -1, -1, -1, None, None),
        (TOWN, {}, -1, 8, 10, -1, -1, None, None),
        (
            EAST,
            {"sex": "female", "age-band": "25-34"},
            -1,
            -1,
            -1,
            1,
            4,
            Status.CONFIDENTIAL,
            'Small, but\nreal: "new"',
        ),
    ]


# fmt: off
ACCEPTED = {
    "any order":               f"value,area,period,measure\n12,{TOWN},2025-07,learners\n",
    "no end of the last line": f"{HEAD}{GOOD}12",
    "Windows line ends":       f"{HEAD}{GOOD}12\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
    "old Macintosh line ends": f"{HEAD}{GOOD}12\n".replace("\n", "\r"),
    "byte order mark":         f"\ufeff{HEAD}{GOOD}12\n",
    "UTF-16":                  f"{HEAD}{GOOD}12\r\n".encode("utf-16"),
    "UTF-16, other end first": f"\ufeff{HEAD}{GOOD}12\r\n".encode("utf-16-be"),
    "semicolons":              f"{HEAD}{GOOD}12\n".replace(",", ";"),
    "tabs":                    f"{HEAD}{GOOD}12\n".replace(",", "\t"),
    "named separator":         f"sep=;\nmeasure;period;area;value;note\nlearners;2025-07;{TOWN};12;a, b, c\n",
    "spelt by people":         f" Measure ,PERIOD,area,Value\n{GOOD}12\n",
    "underscores":             f"measure,period,area,Age_Band,value\nlearners,2025-07,{TOWN},,12\n",
    "quoted header":           f'"measure","period","area","value"\n{GOOD}12\n',
    "labels":                  f"measure,measure_label,period,area,Area Label,value\nlearners,Learners,2025-07,{TOWN},Town,12\n",
    "empty columns after":     f"measure,period,area,value,,\n{GOOD}12,,\n{GOOD}12\n{GOOD}12,\n",
    "empty cells after":       f"{HEAD}{GOOD}12,,\n{GOOD}12,, \n",
    "empty column between":    f"measure,,period,area,value\nlearners,,2025-07,{TOWN},12\n",
    "blank rows":              f"\n,,,\n{HEAD}\n{GOOD}12\n,,,\n \n , ,\"\",\n{GOOD}12\n\n\n",
    "as a decimal":            f"{HEAD}{GOOD}12.0\n{GOOD}12.\n{GOOD}12.000\n",
    "with blanks":             f"{HEAD}{GOOD} 12 \n{GOOD}\" 12 \"\n{GOOD}\u00a012\n{GOOD}{' ' * 40}12\n learners ,2025-07 , {TOWN}, 12.0\n",
    "all quoted":              f'{HEAD}"learners","2025-07","{TOWN}","12"\n',
    "leading zeros":           f"{HEAD}{GOOD}0012\n{GOOD}000000000000000000000012\n",
}
# fmt: on


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("step", [0, 1, 7])
def test_variants_written_by_spreadsheets_are_accepted(case, step):
    text = ACCEPTED[case]
    assert set(list_values(text)) == {12}
    stepwise = read(text, step=step, chunk=1)
    assert list_entries(stepwise) == list_entries(read(text))
    assert len(stepwise.returns) == 1


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    parsed = read(f'\n{HEAD}\n{GOOD}1\n,,,\n"learners",2025-07,{TOWN},2\n')
    assert parsed.row.tolist() == [4, 6]
    quoted = read(f'measure,period,area,value,note\n{GOOD}1,"two\nlines"\n{GOOD}2,\n')
    assert quoted.row.tolist() == [2, 3]


def test_shorthand_in_value_is_read_as_a_status():
    text = f"{HEAD}" + "".join(
        f"{GOOD}{mark}\n" for mark in ("[c]", "[x]", "[z]", "[w]", "c", "[C]", " [c] ", "0", "7")
    )
    assert list_values(text) == ["c", "x", "z", "w", "c", "c", "c", 0, 7]


def test_status_may_be_repeated_if_it_is_the_same():
    text = f"measure,period,area,value,status\n{GOOD}[c],c\n{GOOD},[x]\n{GOOD}[z],\n"
    assert list_values(text) == ["c", "x", "z"]


def test_nil_and_withdrawn_returns_have_a_row_without_values():
    parsed = read(
        "measure,period,area,value,kind,base_revision,return_note\n"
        f"learners,2025-07,{TOWN},5,,3,\n"
        f"learners,2025-07,{EAST},5,data,,Late\n"
        "visits,2025-07,,,nil,,\n"
        f"members,2025-07,{TOWN},,Withdrawn,2,Wrong month\n"
    )
    assert [
        (new_return.measure, new_return.kind, new_return.base_revision, new_return.note)
        for new_return in parsed.returns
    ] == [
        ("learners", ReturnKind.DATA, 3, "Late"),
        ("visits", ReturnKind.NIL, None, None),
        ("members", ReturnKind.WITHDRAWN, 2, "Wrong month"),
    ]
    assert parsed.cells.item.tolist() == [0, 0]


def test_file_of_only_nil_returns_needs_neither_area_nor_value():
    parsed = read("measure,period,kind\nlearners,2025-07,nil\nvisits,2025-07,nil\n")
    assert ([new_return.kind for new_return in parsed.returns], len(parsed.cells), parsed.distinct_areas) == (
        [ReturnKind.NIL] * 2,
        0,
        [],
    )


def test_values_of_a_nil_return_are_passed_to_the_checks():
    parsed = read(f"measure,period,area,value,kind\nlearners,2025-07,{TOWN},5,nil\n")
    assert (parsed.returns[0].kind, parsed.cells.value.tolist()) == (ReturnKind.NIL, [5])


def test_request_parameters_apply_to_rows_without_their_own_codes():
    parsed = read(f"area,value\n{TOWN},12\n", measure="learners", period="2025-07")
    assert [(new_return.measure, new_return.period) for new_return in parsed.returns] == [("learners", "2025-07")]
    parsed = read(f"{HEAD},,{TOWN},12\n{GOOD}12\n", measure="learners", period="2025-07")
    assert [(new_return.measure, new_return.period) for new_return in parsed.returns] == [("learners", "2025-07")]


# Invalid files -------------------------------------------------------------------------------------------------

# fmt: off
INVALID = {
    # the file
    "empty":                    ("",                                              [("no-rows", [], None)]),
    "blank":                    ("\n,,\n \n",                                     [("no-rows", [], None)]),
    "header alone":             (HEAD,                                            [("no-rows", [], None)]),
    "header and blank rows":    (f"{HEAD},,,\n\n",                                [("no-rows", [], None)]),
    "workbook":                 (b"PK\x03\x04\x14\x00",                           [("not-text", [1], None)]),
    "NUL":                      (f"{HEAD}{GOOD}1\n{GOOD}1\0\n",                   [("not-text", [3], None)]),
    "NUL after blank lines":    ("\n\nmea\0sure\n",                               [("not-text", [3], None)]),
    "UTF-16 without its mark":  (HEAD.encode("utf-16-le"),                        [("not-text", [1], None)]),
    "broken UTF-16":            (b"\xff\xfe\x00\xd8a\x00",                        [("wrong-encoding", [1], None)]),
    "Windows-1252":             (f"measure,period,area,value,note\n{GOOD}1,\n{GOOD}1,café\n{GOOD}1,é\n".encode("cp1252"),
                                 [("wrong-encoding", [3], None)]),
    "Windows-1252 header":      ("measure,period,area,value,naïf_label\n".encode("cp1252"), [("wrong-encoding", [1], None)]),
    "never-ending quote":       (f'{HEAD}{GOOD}1\n{GOOD}"1\n{GOOD}1\n',           [("stray-quote", [3], None)]),
    "quote in the header":      ('measure,"period\n',                             [("stray-quote", [1], None)]),
    "odd quote in the header":  ('measure,pe"riod","area",value\n',               [("stray-quote", [1], None)]),
    "inches":                   (f'measure,period,area,value,note\n{GOOD}1,\n{GOOD}x,5" pipe\n{GOOD}1,"a"\n{GOOD}x,\n',
                                 [("stray-quote", [3], None)]),
    "after a quote":            (f'{HEAD}{GOOD}y\n{GOOD}"1"2\n',                  [("stray-quote", [3], None), ("not-a-number", [2], "value")]),
    # the header
    "no header":                (f"{GOOD}1\n{GOOD}1\n",                           [("header-missing", [1], None)]),
    "no measure, no period":    (f"area,value\n{TOWN},1\n",                       [("column-missing", [1], "measure"), ("column-missing", [1], "period")]),
    "no area":                  ("measure,period,value\nlearners,2025-07,1\n",    [("column-missing", [1], "area")]),
    "no number":                (f"measure,period,area,note\n{GOOD}1\n",          [("column-missing", [1], "value")]),
    "misspelt":                 (f"measure,period,area,value,Sexe\n{GOOD}1,\n",   [("unknown-column", [1], "Sexe")]),
    "undefined":                (f"measure,period,area,value,Colour\n{GOOD}1,\n", [("unknown-column", [1], "Colour")]),
    "twice":                    (f"measure,period,area,value,Value\n{GOOD}1,2\n", [("repeated-column", [1], "Value")]),
    "cells without a name":     (f"measure,,period,area,value\nlearners,x,2025-07,{TOWN},1\n", [("unnamed-column", [2], None)]),
    # rows
    "missing cells":            (f"{HEAD}{GOOD}1\nlearners,2025-07\n",            [("ragged-row", [3], None)]),
    "too many cells":           (f"{HEAD}{GOOD}1\n{GOOD}1,234\n",                 [("ragged-row", [3], None)]),
    "no area in a row":         (f"{HEAD}{GOOD}1\nlearners,2025-07,,5\n",         [("empty-cell", [3], "area")]),
    "no measure, no period in": (f"{HEAD},, {TOWN},5\n",                          [("empty-cell", [2], "measure"), ("empty-cell", [2], "period")]),
    "a formula for an area":    (f"{HEAD}learners,2025-07,=B2,5\n",               [("formula", [2], "area")]),
    "a command":                (f"{HEAD}+cmd,2025-07,{TOWN},5\n@x,2025-07,{TOWN},5\n", [("formula", [2, 3], "measure")]),
    "a long code":              (f"{HEAD}learners,2025-07,{'E' * 81},5\n",        [("field-too-long", [2], "area")]),
    "a long note":              (f"measure,period,area,value,note\n{GOOD}1,{'a' * 2001}\n", [("field-too-long", [2], "note")]),
    # periods
    "day number":               (f"{HEAD}learners,45748,{TOWN},5\n",              [("spreadsheet-date", [2], "period")]),
    "month name":               (f"{HEAD}learners,Apr-25,{TOWN},5\n",             [("spreadsheet-date", [2], "period")]),
    "day":                      (f"{HEAD}learners,01/04/2025,{TOWN},5\n",         [("unclear-period", [2], "period")]),
    "year alone":               (f"{HEAD}learners,2025,{TOWN},5\nlearners,2025,{TOWN},5\n", [("unclear-period", [2, 3], "period")]),
    "formula for a period":     (f"{HEAD}learners,=A1,{TOWN},5\n",                [("formula", [2], "period")]),
    # statuses and fields of a return
    "unknown status":           (f"measure,period,area,status\n{GOOD}s\n",        [("unknown-status", [2], "status")]),
    "two statuses":             (f"measure,period,area,value,status\n{GOOD}[c],x\n", [("two-statuses", [2], "value")]),
    "unknown kind":             (f"measure,period,area,value,kind\n{GOOD}1,zero\n", [("unknown-kind", [2], "kind")]),
    "two kinds":                (f"measure,period,area,value,kind\n{GOOD}1,data\n{GOOD}1,\n{GOOD},nil\n", [("inconsistent-return", [4], "kind")]),
    "two bases":                (f"measure,period,area,value,base_revision\n{GOOD}1,1\n{GOOD}1,2\n{GOOD}1,2\n", [("inconsistent-return", [3, 4], "base_revision")]),
    "no such revision":         (f"measure,period,area,value,base_revision\n{GOOD}1,{2**31}\n", [("number-too-large", [2], "base_revision")]),
    "a long return note":       (f"measure,period,area,value,return_note\n{GOOD}1,{'a' * 2001}\n", [("field-too-long", [2], "return_note")]),
    # all at once
    "several":                  (f"{HEAD}learners,Apr-25,{TOWN},1\n{GOOD}-\n\n{GOOD}–\n{GOOD}\"1,000\"\n",
                                 [("spreadsheet-date", [2], "period"), ("thousands-separator", [6], "value"), ("unclear-mark", [3, 5], "value")]),
}
# fmt: on


@pytest.mark.parametrize("case", INVALID)
def test_invalid_file_has_findings_with_rows_and_columns(case):
    text, expected = INVALID[case]
    assert list_findings(text) == expected


# fmt: off
NOT_NUMBERS = {
    "thousands-separator": ["1,234", "12,345,678", "1 234", "1'234", "1\u00a0234", "1\u202f234", "1,234.0"],
    "not-whole":           ["1.5", "0.25", ".5", "1,5", "1.234", "1,234.5"],
    "percentage":          ["12%", "12.5 %", "-3%"],
    "negative-number":     ["-3", "\u22123", "\u20133", "(3)", "-1,000"],
    "formula":             ["=1+1", "+cmd", "@x", "=SUM(A1:A3)"],
    "number-too-large":    [str(2**53), str(2**63), "9" * 16, "9" * 30],
    "unclear-mark":        ["-", "–", "—", "*", "..", ":", "N/A", "null", "[low]", "[p]", "n/a", "<0", "> x"],
    "not-a-number":        ["twelve", "1.2E+05", "1e5", "#REF!", "#####", "0x10", "1_000", "١٢", "12 people", "½"],
    "marked-number":       ["938*", "12 [e]", "1,234 (r)", "12e", "12 †"],
    "field-too-long":      ["1" * 81, "a" * 100_000],
}
# fmt: on


@pytest.mark.parametrize(("code", "word"), [(code, word) for code, words in NOT_NUMBERS.items() for word in words])
def test_invalid_count_has_a_finding_with_the_exact_cause(code, word):
    separator = ";" if "," in word else ","
    text = f"{HEAD}{GOOD}1\n{GOOD}".replace(",", separator) + f"{word}\n"
    assert list_findings(text) == [(code, [3], "value")]


# fmt: off
MARKS = {
    "[c]": ("c", -1, -1), "(c)": ("c", -1, -1), "C": ("c", -1, -1), "Suppressed": ("c", -1, -1),
    "[Confidential]": ("c", -1, -1), "not available": ("x", -1, -1), "[z]": ("z", -1, -1), "w": ("w", -1, -1),
    "<5": ("c", -1, 4), "< 5": ("c", -1, 4), "≤4": ("c", -1, 4), "fewer than 5": ("c", -1, 4), ">10": ("c", 11, -1),
    ">=10": ("c", 10, -1), "1-9": ("c", 1, 9), "1 to 9": ("c", 1, 9), "1\u20139": ("c", 1, 9),
}
# fmt: on


@pytest.mark.parametrize("mark", MARKS)
def test_mark_with_one_meaning_is_a_status_with_the_bounds_that_it_states(mark):
    cells = read(f"{HEAD}{GOOD}1\n{GOOD}{mark}\n").cells
    assert (STATUSES[cells.status[1]], cells.lower[1], cells.upper[1], cells.value[1]) == (*MARKS[mark], -1)


def test_bounds_of_a_mark_and_of_columns_must_agree():
    head = "measure,period,area,value,lower,upper\n"
    cells = read(f"{head}{GOOD}<5,1,\n{GOOD}<5,,4\n").cells
    assert (cells.lower.tolist(), cells.upper.tolist()) == ([1, -1], [4, 4])
    assert list_findings(f"{head}{GOOD}<5,,\n{GOOD}<5,,9\n") == [("two-bounds", [3], "value")]


def test_largest_count_is_accepted():
    assert list_values(f"{HEAD}{GOOD}{2**53 - 1}\n") == [2**53 - 1]


def test_shorthand_is_accepted_only_in_value():
    text = f"measure,period,area,numerator,denominator\n{GOOD}[c],10\n{GOOD}1,2\n"
    assert list_findings(text) == [("unclear-mark", [2], "numerator")]


def test_row_that_contradicts_the_request_parameter_is_an_error():
    assert list_findings(f"{HEAD}{GOOD}1\n", measure="visits") == [("contradicts-parameter", [2], "measure")]
    assert list_findings(f"{HEAD}{GOOD}1\n", period="2025-08") == [("contradicts-parameter", [2], "period")]
    assert list_findings(f"{HEAD}learners,=1,{TOWN},1\n", period="2025-08") == [("formula", [2], "period")]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (f"{HEAD}learners,45748,{TOWN},5\n", "2025-04 or D2025-04-01"),
        (f"{HEAD}learners,45750.0,{TOWN},5\n", "D2025-04-03"),
        (f"{HEAD}learners,Apr-25,{TOWN},5\n", "2025-04"),
        (f"{HEAD}learners,25/26 Q1,{TOWN},5\n", "FY2025-26-Q1"),
        (f"measure,period,area,value,Sexe\n{GOOD}1,\n", "sex"),
        (f"measure,period,area,value,Quux\n{GOOD}1,\n", "measure, "),
        ("Étape;area\n".encode("cp1252"), "CSV UTF-8"),
    ],
)
def test_finding_explains_its_fix(text, hint):
    assert hint in (reject(text)[0].fix or "")


def test_equal_faults_are_one_finding_that_quotes_the_first():
    [finding] = reject(HEAD + "".join(f'{GOOD}"1,{n % 1000:03}"\n' for n in range(1500)))
    assert (finding.actual, finding.rows[:2], len(finding.rows), finding.row_count) == ("1,000", [2, 3], 1000, 1500)


def test_number_of_different_findings_per_code_is_limited():
    findings = reject(
        HEAD + "".join(f"learners,{n % 28 + 1}/{n % 12 + 1}/{2000 + n % 50},{TOWN},1\n" for n in range(300))
    )
    assert len(findings) == faults.MAX_FINDINGS_PER_CODE + 1
    assert sum(len(finding.rows) for finding in findings) == 300


# Bounds --------------------------------------------------------------------------------------------------------


def test_reading_stops_after_too_many_errors(monkeypatch):
    monkeypatch.setattr(csv_reader.Faults, "has_too_many", property(lambda self: self.cell_count > 10))
    reader = CsvReader(DIMENSIONS, ENVELOPE, chunk_bytes=1)
    reader.feed(HEAD.encode())
    for _ in range(50):
        reader.feed(f"{GOOD}?\n".encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert [(f.code, f.rows[-1]) for f in refusal.value.findings] == [("unclear-mark", 12), ("too-many-errors", 12)]


def test_file_with_too_many_errors_has_a_final_finding():
    findings = reject(HEAD + f"{GOOD}?\n" * (faults.MAX_FAULTY_CELLS + 1))
    assert [finding.code for finding in findings] == ["unclear-mark", "too-many-errors"]


@pytest.mark.parametrize("bound", ["MAX_DISTINCT_VALUES", "MAX_DISTINCT_BYTES"])
def test_number_of_distinct_codes_is_limited(monkeypatch, bound):
    monkeypatch.setattr(csv_value_cache, bound, 20)
    text = HEAD + "".join(f"learners,2025-07,E{n:08},1\n" for n in range(21))
    assert list_findings(text) == [("too-many-errors", [22], "area")]


def test_row_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr(csv_reader, "MAX_LINE_BYTES", 100)
    reader = CsvReader(DIMENSIONS, ENVELOPE, chunk_bytes=1)
    for piece in (HEAD, f'{GOOD}1\n{GOOD}"', "a" * 200, "b" * 200):
        reader.feed(piece.encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert [(f.code, f.rows) for f in refusal.value.findings] == [("row-too-long", [3])]


def test_number_of_returns_is_limited(monkeypatch):
    monkeypatch.setattr(csv_returns, "MAX_RETURNS", 2)
    rows = "".join(f"m{n},2025-07,{TOWN},1\n" for n in (1, 2, 3, 1, 4, 3))
    assert list_findings(HEAD + rows) == [("too-many-returns", [4, 6, 7], "period")]
    rows_without_period = rows.replace("2025-07,", "")
    assert list_findings("measure,area,value\n" + rows_without_period, period="2025-07") == [
        ("too-many-returns", [4, 6, 7], "period")
    ]


def test_number_of_columns_is_limited():
    columns = ",".join(f"c{number}" for number in range(MAX_COLUMNS))
    assert list_findings(f"measure,period,area,value,{columns}\n{GOOD}1\n") == [("too-many-columns", [1], None)]
    assert read(f"{HEAD}{GOOD}1\n").row.tolist() == [2]


def test_only_the_first_unknown_columns_get_a_suggestion():
    names = ",".join(f"valu{number}" for number in range(MAX_EXPLAINED_COLUMNS + 1))
    findings = reject(f"measure,period,area,value,{names}\n{GOOD}1\n")
    assert ["value" in (finding.fix or "")[:30] for finding in findings] == [True] * MAX_EXPLAINED_COLUMNS + [False]


def test_rows_are_counted_while_a_file_is_read():
    reader = CsvReader(DIMENSIONS, ENVELOPE, chunk_bytes=1)
    reader.feed(f"{HEAD}{GOOD}1\n{GOOD}2\n".encode())
    assert reader.row_count == 3


def test_number_of_rows_is_limited(monkeypatch):
    monkeypatch.setattr(column_buffer, "MAX_ROWS", 3)
    with pytest.raises(BodyTooLarge, match="in parts"):
        read(HEAD + f"{GOOD}1\n" * 4)


def test_constant_column_is_stored_once():
    parsed = read(f"{HEAD}{GOOD}1\n{GOOD}2\n")
    assert parsed.cells.numerator.strides == (0,)
    assert (parsed.cells.numerator.tolist(), parsed.cells.value.dtype) == ([-1, -1], np.int64)


# A file that is written is read unchanged --------------------------------------------------------------------------

PARTS_OF_SLUGS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
SLUGS = st.lists(PARTS_OF_SLUGS, min_size=1, max_size=3).map("-".join)  # a regular expression is five times slower
AREAS = st.sampled_from([TOWN, EAST, "W06000015", "E06000018-unknown"])
COUNTS = st.none() | st.integers(0, 2**53 - 1) | st.integers(0, 99)
# Line ends are read as line feeds, and UTF-8 cannot encode surrogates. A note with lines like records is refused.
# Hypothesis draws constants of the project, which has such texts.
TEXTS = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), max_size=30).filter(str.strip)
NOTES = st.none() | TEXTS.filter(lambda text: "\n" not in text or not set(",;\t") & set(text))
OBSERVATIONS = st.builds(
    Observation,
    area=AREAS,
    breakdown=st.dictionaries(st.sampled_from(DIMENSIONS), SLUGS, max_size=2),
    **dict.fromkeys(NUMBER_FIELDS, COUNTS),
    status=st.none() | st.sampled_from(Status),
    note=NOTES,
)
RETURNS = st.builds(
    NewReturn,
    measure=SLUGS,
    period=st.sampled_from(["2025-07", "FY2025-26-Q1", "D2025-09-30", "P2025-04..2025-12"]),
    series=st.none() | SLUGS,
    service=st.just("main") | SLUGS,
    base_revision=st.none() | st.integers(0, 2**31 - 1),
    note=NOTES,
    observations=st.lists(OBSERVATIONS, min_size=1, max_size=4),
)
COLUMNS = [*RETURN_COLUMNS, "area", *DIMENSIONS, *NUMBER_FIELDS, "status", "note", "area_label", ""]


def make_row(new_return: NewReturn, observation: Observation) -> dict[str, object]:
    fields = {name: getattr(observation, name) for name in (*NUMBER_FIELDS, "area", "status", "note")}
    return_fields = {
        name: getattr(new_return, name) for name in ("measure", "period", "series", "service", "base_revision")
    }
    return (
        fields
        | observation.breakdown
        | return_fields
        | {"return_note": new_return.note, "area_label": "Somewhere, else"}
    )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        RETURNS, min_size=1, max_size=4, unique_by=lambda item: (item.measure, item.series, item.service, item.period)
    ),
    st.permutations(COLUMNS),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sets(st.integers(0, 1000), max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_written_file_is_read_unchanged(returns, order, quoting, separator, line_end, cuts, encoding):
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, order, quoting=quoting, delimiter=separator, lineterminator="\n", restval="")
    writer.writeheader()
    for new_return in returns:
        for observation in new_return.observations:
            writer.writerow(
                {name: "" if value is None else value for name, value in make_row(new_return, observation).items()}
            )
    text = written.getvalue().replace("\n", line_end)
    data = text.encode(encoding)
    reader = CsvReader(DIMENSIONS, ENVELOPE, chunk_bytes=1)
    for begin, end in pairwise([0, *sorted(cuts), max(len(data), 1000)]):
        reader.feed(data[begin:end])
    parsed = reader.finish()
    submission = NewSubmission(returns=returns)
    assert list_entries(parsed) == list_entries(to_columns(submission))
    assert parsed.cells.item.tolist() == to_columns(submission).cells.item.tolist()


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(st.sampled_from(list('measureperiodareavalue,;\t"\n\r =-1.[]c\ufeff\u00e9\0')), max_size=300).map(
        str.encode
    )
    | st.lists(
        st.sampled_from(
            [
                b"measure",
                b"period",
                b"area",
                b"value",
                b"note",
                b"kind",
                b",",
                b";",
                b'"',
                b"\n",
                b"\r",
                b"nil",
                b"2025-07",
                b"1",
                b"\xe9",
                b"=",
                b"sep=",
            ]
        ),
        max_size=60,
    ).map(lambda parts: HEAD.encode() + b"".join(parts)),
    st.integers(1, 50),
    st.integers(1, 50),
)
def test_any_bytes_are_read_or_refused(data, step, chunk):
    try:
        read(data, step=step, chunk=chunk)
    except Refusal as refusal:
        assert refusal.findings  # noqa: PT017


def test_bytes_that_are_not_utf_8_below_a_table_are_a_finding():
    table = b"measure,period,area,value\nlearners,2025-07,E06000018,140\n"
    with pytest.raises(Rejected) as refusal:
        read(table + b"Source: caf\xe9 records\n")
    assert [finding.code for finding in refusal.value.findings] == ["wrong-encoding"]
