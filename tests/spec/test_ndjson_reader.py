"""Reading lines of JSON, and findings by line and field."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.http.refusals import BodyTooLarge, Refusal
from api.submissions.cell_columns import NUMBER_FIELDS, STATUSES
from api.submissions.checks.finding_codes import FINDING_EXPLANATIONS
from api.submissions.checks.rejections import Rejected
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.reading import column_buffer, ndjson_reader
from api.submissions.reading.limits import CHUNK_BYTES
from api.submissions.reading.ndjson_reader import NdjsonReader
from schema.problems import Finding
from schema.submissions import NewReturn, NewSubmission, Observation, Status

TOWN, EAST = "E06000018", "E05001822"
ENVELOPE = '{"returns":[{"measure":"learners","period":"2025-07"},{"measure":"visits","period":"2025-07"}]}\n'


def make_line(**fields: object) -> str:
    return json.dumps({"area": TOWN} | fields) + "\n"


GOOD = make_line(value=12)


def read(text: str | bytes, *, step: int = 0, chunk: int = CHUNK_BYTES) -> ParsedSubmission:
    data = text.encode() if isinstance(text, str) else text
    reader = NdjsonReader(chunk_bytes=chunk)
    for offset in range(0, len(data), step or max(len(data), 1)):
        reader.feed(data[offset : offset + step] if step else data)
    return reader.finish()


def reject(text: str | bytes) -> list[Finding]:
    with pytest.raises(Rejected) as refusal:
        read(text)
    assert {finding.code for finding in refusal.value.findings} <= set(FINDING_EXPLANATIONS)
    return list(refusal.value.findings)


def list_findings(text: str | bytes) -> list[tuple[str, list[int], str | None]]:
    return [(finding.code, finding.rows, finding.column) for finding in reject(text)]


def list_entries(parsed: ParsedSubmission) -> list[tuple]:
    return [
        (
            int(parsed.cells.item[index]),
            parsed.distinct_areas[parsed.cells.area[index]],
            parsed.distinct_breakdowns[parsed.cells.breakdown[index]],
            *(int(getattr(parsed.cells, name)[index]) for name in NUMBER_FIELDS),
            STATUSES[parsed.cells.status[index]],
            parsed.cells.notes[index],
        )
        for index in range(len(parsed.cells))
    ]


# fmt: off
ACCEPTED = {
    "plain":               ENVELOPE + GOOD,
    "no end of the line":  ENVELOPE + GOOD.strip(),
    "Windows line ends":   (ENVELOPE + GOOD).replace("\n", "\r\n"),
    "byte order mark":     "\ufeff" + ENVELOPE + GOOD,
    "blank lines":         "\n \n" + ENVELOPE + "\r\n\n  \t\n" + GOOD + "\n",
    "blanks round it":     " " + ENVELOPE + "  " + GOOD.replace("\n", "  \n"),
    "nulls":               ENVELOPE + make_line(value=12, numerator=None, status=None, note=None, breakdown={}),
    "return by number":    ENVELOPE + make_line(value=12, **{"return": 0}),
    "orders of a mapping": ENVELOPE + '{"value": 12, "breakdown": {  }, "area": "E06000018"}\n',
}
# fmt: on


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("step", [0, 1, 7])
def test_valid_lines_are_accepted(case, step):
    parsed = read(ACCEPTED[case], step=step, chunk=1)
    assert list_entries(parsed) == [(0, TOWN, {}, 12, -1, -1, -1, -1, None, None)]
    assert [new_return.measure for new_return in parsed.returns] == ["learners", "visits"]


def test_lines_name_their_return_by_number():
    parsed = read(
        '{"returns":[{"measure":"a","period":"2025-07","note":"Late"},{"measure":"b","period":"2025-07"}],"note":"July"}\n'
        + make_line(value=1, breakdown={"sex": "female", "age-band": "25-34"}, **{"return": 1})
        + make_line(status="c", lower=1, upper=4, note="Small", breakdown={"age-band": "25-34", "sex": "female"})
        + make_line(area=EAST, numerator=1, denominator=2)
    )
    assert (parsed.envelope.note, parsed.returns[0].note, parsed.is_tabular) == ("July", "Late", False)
    assert parsed.cells.item.tolist() == [1, 0, 0]
    assert parsed.row.tolist() == [2, 3, 4]
    assert parsed.cells.breakdown.tolist() == [0, 0, 1]
    assert parsed.cells.notes.tolist() == [None, "Small", None]


def test_whole_floats_are_read_as_integers():
    lines = '{"returns":[{"measure":"learners","period":"2025-07","base_revision":1.0}]}\n'
    parsed = read(lines + '{"area":"E06000018","value":140.0,"return":0.0}\n')
    assert (parsed.cells.value.tolist(), parsed.cells.item.tolist()) == ([140], [0])
    assert parsed.returns[0].base_revision == 1
    [finding] = reject(lines + '{"area":"E06000018","value":140.0,"lower":1.5}\n')
    assert (finding.rows, finding.column) == ([2], "lower")


def test_every_line_is_used_or_left_out_with_its_reason():
    parsed = read('{"returns":[{"measure":"learners","period":"2025-07"}]}\n\n{"area":"E06000018","value":140}\n \n')
    counts = parsed.row_counts
    assert (counts.read, counts.used) == (4, 1)
    assert [(str(group.reason), group.rows) for group in counts.left_out] == [("header", [1]), ("blank", [2, 4])]


def test_file_without_line_breaks_names_the_cause():
    [finding] = reject('{"returns":[{"measure":"learners","period":"2025-07"}]}{"area":"E06000018","value":140}')
    assert (finding.code, finding.rows) == ("line-breaks-missing", [1])


def test_nil_return_has_no_lines():
    parsed = read('{"returns":[{"measure":"learners","period":"2025-07","kind":"nil"}]}')
    assert (len(parsed.cells), parsed.returns[0].kind) == (0, "nil")


# fmt: off
INVALID = {
    # the envelope
    "nothing":              ("",                                        [("envelope-missing", [], None)]),
    "blank":                ("\n \n",                                   [("envelope-missing", [], None)]),
    "observations first":   (GOOD + GOOD,                               [("envelope-missing", [1], None)]),
    "a list":               ("[1]\n" + GOOD,                            [("envelope-missing", [1], None)]),
    "no JSON":              ("\nmeasure,period\n" + GOOD,               [("not-json", [2], None)]),
    "no JSON, no text":     (b"\xff\xfe\n",                             [("not-json", [1], None)]),
    "bad envelope":         ('{"returns":[{"measure":"Learners","periods":"2025-07"}],"notes":1}\n' + make_line(value="1"),
                             [("unreadable-field", [1], "returns")] * 3 + [("unreadable-field", [1], "notes"), ("unreadable-field", [2], "value")]),
    "no returns":           ('{"returns":[]}\n' + GOOD,                 [("unreadable-field", [1], "returns")]),
    "with observations":    ('{"returns":[{"measure":"a","period":"2025-07","observations":[{"area":"E06000018","value":1}]}]}\n' + GOOD,
                             [("envelope-with-observations", [1], "observations")]),
    # the lines
    "not JSON":             (ENVELOPE + GOOD + "{\n" + GOOD + "{]}\n",  [("not-json", [3], None), ("not-json", [5], None)]),
    "not an object":        (ENVELOPE + "12\n" + GOOD,                  [("unreadable-field", [2], None)]),
    "two in a line":        (ENVELOPE + GOOD.strip() + GOOD,            [("not-json", [2], None)]),
    "two in a line, one in two": (ENVELOPE + GOOD.strip() + GOOD + '{"area": "E06000018",\n"value": 1}\n',
                             [("not-json", [2], None), ("not-json", [3], None), ("not-json", [4], None)]),
    "no area":              (ENVELOPE + '{"value": 1}\n',               [("unreadable-field", [2], "area")]),
    "an empty area":        (ENVELOPE + GOOD + make_line(area="") * 2,       [("unreadable-field", [3, 4], "area")]),
    "unknown field":        (ENVELOPE + make_line(count=1),                  [("unreadable-field", [2], "count")]),
    "text for a number":    (ENVELOPE + GOOD + make_line(value="12"),        [("unreadable-field", [3], "value")]),
    "half a person":        (ENVELOPE + make_line(value=1.5),                [("unreadable-field", [2], "value")]),
    "below zero":           (ENVELOPE + make_line(value=-1),                 [("unreadable-field", [2], "value")]),
    "too many people":      (ENVELOPE + make_line(value=2**53),              [("unreadable-field", [2], "value")]),
    "no such status":       (ENVELOPE + make_line(status="s"),               [("unreadable-field", [2], "status")]),
    "a long note":          (ENVELOPE + make_line(note="a" * 2001),          [("unreadable-field", [2], "note")]),
    "breakdown as a text":  (ENVELOPE + make_line(breakdown="sex"),          [("unreadable-field", [2], "breakdown")]),
    "no such code":         (ENVELOPE + make_line(breakdown={"Sex": "f"}),   [("unreadable-field", [2], "breakdown")]),
    "three dimensions":     (ENVELOPE + make_line(breakdown=dict.fromkeys("abc", "x")), [("unreadable-field", [2], "breakdown")]),
    "breakdown not text":   (ENVELOPE.encode() + b'{"area":"E06000018","breakdown":{"a":"\xff"}}\n', [("not-json", [2], "breakdown")]),
    "area not text":        (ENVELOPE.encode() + b'{"area":"\xff"}\n',  [("not-json", [2], None)]),
    "no such return":       (ENVELOPE + make_line(value=1, **{"return": 2}), [("unknown-return", [2], "return")]),
    "return below zero":    (ENVELOPE + make_line(value=1, **{"return": -1}), [("unreadable-field", [2], "return")]),
    "several":              (ENVELOPE + make_line(value="1", status="s") + GOOD, [("unreadable-field", [2], "value"), ("unreadable-field", [2], "status")]),
    "equal ones":           (ENVELOPE + make_line(value="1") * 3,            [("unreadable-field", [2, 3, 4], "value")]),
}
# fmt: on


@pytest.mark.parametrize("case", INVALID)
def test_invalid_line_has_findings_with_lines_and_fields(case):
    text, expected = INVALID[case]
    assert sorted(list_findings(text), key=str) == sorted(expected, key=str)


def test_fault_of_the_envelope_has_a_path():
    assert [f.path for f in reject('{"returns":[{"measure":"a","period":"2025-07"},{"measure":"b"}]}')] == [
        "/returns/1/period"
    ]


def test_very_deep_nesting_is_refused():
    assert list_findings(ENVELOPE + '{"area":' + "[" * 100_000 + "}\n") == [("not-json", [2], None)]


# Bounds --------------------------------------------------------------------------------------------------------


def test_reading_stops_after_too_many_errors(monkeypatch):
    monkeypatch.setattr(ndjson_reader.Faults, "has_too_many", property(lambda self: self.cell_count > 2))
    reader = NdjsonReader(chunk_bytes=1)
    for piece in [ENVELOPE, *["{\n"] * 20]:
        reader.feed(piece.encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert [(f.code, f.rows) for f in refusal.value.findings] == [("not-json", [2, 3, 4]), ("too-many-errors", [5])]


def test_reading_stops_after_too_many_faulty_lines(monkeypatch):
    monkeypatch.setattr(ndjson_reader, "MAX_FAULTY_LINES", 2)
    lines = ['{"area": 1}', make_line(area="E06000018", value=1).strip(), *['{"area": 1}'] * 20]
    findings = list_findings(ENVELOPE + "\n".join(lines))
    assert {(code, tuple(rows)) for code, rows, _ in findings} == {
        ("unreadable-field", (2, 4)),
        ("too-many-errors", (4,)),
    }


def test_number_of_distinct_codes_is_limited(monkeypatch):
    monkeypatch.setattr(ndjson_reader, "MAX_DISTINCT_VALUES", 2)
    assert list_findings(ENVELOPE + "".join(make_line(area=f"E0600001{n}", value=1) for n in range(3))) == [
        ("too-many-errors", [5], None)
    ]


def test_line_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr(ndjson_reader, "MAX_LINE_BYTES", 100)
    reader = NdjsonReader(chunk_bytes=1)
    for piece in (ENVELOPE + '{"', "a" * 200, "b" * 200):
        reader.feed(piece.encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert [(f.code, f.rows) for f in refusal.value.findings] == [("row-too-long", [2])]


def test_number_of_lines_is_limited(monkeypatch):
    monkeypatch.setattr(column_buffer, "MAX_ROWS", 3)
    reader = NdjsonReader(chunk_bytes=1)
    reader.feed(b'{"returns":[]}\n{}\n')
    assert reader.row_count == 2
    with pytest.raises(BodyTooLarge, match="in parts"):
        read(ENVELOPE + GOOD * 4)


# A file that is written is read unchanged --------------------------------------------------------------------------

PARTS_OF_SLUGS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
SLUGS = st.lists(PARTS_OF_SLUGS, min_size=1, max_size=3).map("-".join)  # a regular expression is five times slower
COUNTS = st.none() | st.integers(0, 2**53 - 1)
OBSERVATIONS = st.builds(
    Observation,
    area=st.sampled_from([TOWN, EAST, "E06000018-unknown"]),
    breakdown=st.dictionaries(SLUGS, SLUGS, max_size=2),
    **dict.fromkeys(NUMBER_FIELDS, COUNTS),
    status=st.none() | st.sampled_from(Status),
    note=st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
)
RETURNS = st.builds(
    NewReturn,
    measure=SLUGS,
    period=st.just("2025-07"),
    observations=st.lists(OBSERVATIONS, max_size=4),
)


@settings(deadline=None)
@given(
    st.lists(RETURNS, min_size=1, max_size=4), st.booleans(), st.integers(1, 200), st.integers(1, 300), st.booleans()
)
def test_written_lines_are_read_unchanged(returns, in_full, step, chunk, ascii_alone):
    def write(fields: object, **more: object) -> str:
        raw = {name: value for name, value in fields.items() if in_full or value is not None}
        return json.dumps(raw | more, ensure_ascii=ascii_alone) + "\n"

    def to_fields(fields: Observation) -> dict:
        return {name: getattr(fields, name) for name in fields.__struct_fields__}

    submission = NewSubmission(returns=returns)
    envelope = {"returns": [{"measure": new_return.measure, "period": new_return.period} for new_return in returns]}
    lines = [
        write(to_fields(observation), **{"return": number})
        for number, new_return in enumerate(returns)
        for observation in new_return.observations
    ]
    data = (write(envelope) + "".join(lines)).encode(errors="surrogatepass")
    assert list_entries(read(data, step=step, chunk=chunk)) == list_entries(to_columns(submission))


PARTS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"area"',
    b":",
    b'"E06000018"',
    b",",
    b"1",
    b"\n",
    b'"return"',
    b"null",
    b"\xff",
    b'"returns"',
    b"\r",
]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from(PARTS), max_size=40).map(b"".join)
    | st.lists(st.sampled_from([*PARTS, GOOD.encode()]), max_size=40).map(
        lambda parts: ENVELOPE.encode() + b"".join(parts)
    ),
    st.integers(1, 50),
)
def test_any_bytes_are_read_or_refused(data, step):
    try:
        read(data, step=step, chunk=1)
    except Refusal as refusal:
        assert refusal.findings  # noqa: PT017
