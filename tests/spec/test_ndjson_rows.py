"""What lines of JSON say, and what is wrong in them: by line and field."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.http.refusals import BodyTooLarge, Refusal
from api.submissions.checks.findings import FINDING_EXPLANATIONS, Rejected
from api.submissions.reading import column_buffer, ndjson_reader
from api.submissions.reading.ndjson_reader import NdjsonReader
from api.submissions.revisions import NUMBER_FIELDS, STATUSES, ParsedSubmission, to_columns
from schema.problems import Finding
from schema.submissions import NewReturn, NewSubmission, Observation, Status

TOWN, EAST = "E06000018", "E05001822"
ENVELOPE = '{"returns":[{"measure":"learners","period":"2025-07"},{"measure":"visits","period":"2025-07"}]}\n'


def line(**fields: object) -> str:
    return json.dumps({"area": TOWN} | fields) + "\n"


GOOD = line(value=12)


def read(text: str | bytes, *, step: int = 0, chunk: int = ndjson_reader.CHUNK_BYTES) -> ParsedSubmission:
    data = text.encode() if isinstance(text, str) else text
    reader = NdjsonReader(chunk_bytes=chunk)
    for at in range(0, len(data), step or max(len(data), 1)):
        reader.feed(data[at : at + step] if step else data)
    return reader.finish()


def faulty(text: str | bytes) -> list[Finding]:
    with pytest.raises(Rejected) as refusal:
        read(text)
    assert {finding.code for finding in refusal.value.findings} <= set(FINDING_EXPLANATIONS)
    return list(refusal.value.findings)


def found(text: str | bytes) -> list[tuple[str, list[int], str | None]]:
    return [(finding.code, finding.rows, finding.column) for finding in faulty(text)]


def entries(of: ParsedSubmission) -> list[tuple]:
    return [
        (
            int(of.item[at]),
            of.distinct_areas[of.area[at]],
            of.distinct_breakdowns[of.breakdown[at]],
            *(int(getattr(of, name)[at]) for name in NUMBER_FIELDS),
            STATUSES[of.status[at]],
            of.notes[at],
        )
        for at in range(len(of.item))
    ]


# fmt: off
TAKEN = {
    "plain":               ENVELOPE + GOOD,
    "no end of the line":  ENVELOPE + GOOD.strip(),
    "Windows line ends":   (ENVELOPE + GOOD).replace("\n", "\r\n"),
    "byte order mark":     "\ufeff" + ENVELOPE + GOOD,
    "blank lines":         "\n \n" + ENVELOPE + "\r\n\n  \t\n" + GOOD + "\n",
    "blanks round it":     " " + ENVELOPE + "  " + GOOD.replace("\n", "  \n"),
    "nulls":               ENVELOPE + line(value=12, numerator=None, status=None, note=None, breakdown={}),
    "the return said":     ENVELOPE + line(value=12, **{"return": 0}),
    "orders of a mapping": ENVELOPE + '{"value": 12, "breakdown": {  }, "area": "E06000018"}\n',
}
# fmt: on


@pytest.mark.parametrize("case", TAKEN)
@pytest.mark.parametrize("step", [0, 1, 7])
def test_lines_are_taken(case, step):
    of = read(TAKEN[case], step=step, chunk=1)
    assert entries(of) == [(0, TOWN, {}, 12, -1, -1, -1, -1, None, None)]
    assert [r.measure for r in of.returns] == ["learners", "visits"]


def test_lines_say_which_return_they_are_of():
    of = read(
        '{"returns":[{"measure":"a","period":"2025-07","note":"Late"},{"measure":"b","period":"2025-07"}],"note":"July"}\n'
        + line(value=1, breakdown={"sex": "female", "age-band": "25-34"}, **{"return": 1})
        + line(status="c", lower=1, upper=4, note="Small", breakdown={"age-band": "25-34", "sex": "female"})
        + line(area=EAST, numerator=1, denominator=2)
    )
    assert (of.envelope.note, of.returns[0].note, of.is_tabular) == ("July", "Late", False)
    assert of.item.tolist() == [1, 0, 0]
    assert of.row.tolist() == [2, 3, 4]
    assert of.breakdown.tolist() == [0, 0, 1]
    assert of.notes.tolist() == [None, "Small", None]


def test_a_nil_return_has_no_lines():
    of = read('{"returns":[{"measure":"learners","period":"2025-07","kind":"nil"}]}')
    assert (len(of.item), of.returns[0].kind) == (0, "nil")


# fmt: off
WRONG = {
    # the envelope
    "nothing":              ("",                                        [("envelope-missing", [], None)]),
    "blank":                ("\n \n",                                   [("envelope-missing", [], None)]),
    "observations first":   (GOOD + GOOD,                               [("envelope-missing", [1], None)]),
    "a list":               ("[1]\n" + GOOD,                            [("envelope-missing", [1], None)]),
    "no JSON":              ("\nmeasure,period\n" + GOOD,               [("not-json", [2], None)]),
    "no JSON, no text":     (b"\xff\xfe\n",                             [("not-json", [1], None)]),
    "bad envelope":         ('{"returns":[{"measure":"Learners","periods":"2025-07"}],"notes":1}\n' + line(value="1"),
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
    "no such area code":    (ENVELOPE + GOOD + line(area="Devon") * 2,  [("unreadable-field", [3, 4], "area")]),
    "unknown field":        (ENVELOPE + line(count=1),                  [("unreadable-field", [2], "count")]),
    "text for a number":    (ENVELOPE + GOOD + line(value="12"),        [("unreadable-field", [3], "value")]),
    "half a person":        (ENVELOPE + line(value=1.5),                [("unreadable-field", [2], "value")]),
    "below zero":           (ENVELOPE + line(value=-1),                 [("unreadable-field", [2], "value")]),
    "too many people":      (ENVELOPE + line(value=2**53),              [("unreadable-field", [2], "value")]),
    "no such status":       (ENVELOPE + line(status="s"),               [("unreadable-field", [2], "status")]),
    "a long note":          (ENVELOPE + line(note="a" * 2001),          [("unreadable-field", [2], "note")]),
    "breakdown as a text":  (ENVELOPE + line(breakdown="sex"),          [("unreadable-field", [2], "breakdown")]),
    "no such code":         (ENVELOPE + line(breakdown={"Sex": "f"}),   [("unreadable-field", [2], "breakdown")]),
    "three dimensions":     (ENVELOPE + line(breakdown=dict.fromkeys("abc", "x")), [("unreadable-field", [2], "breakdown")]),
    "breakdown not text":   (ENVELOPE.encode() + b'{"area":"E06000018","breakdown":{"a":"\xff"}}\n', [("not-json", [2], "breakdown")]),
    "area not text":        (ENVELOPE.encode() + b'{"area":"\xff"}\n',  [("not-json", [2], None)]),
    "no such return":       (ENVELOPE + line(value=1, **{"return": 2}), [("unknown-return", [2], "return")]),
    "return below zero":    (ENVELOPE + line(value=1, **{"return": -1}), [("unreadable-field", [2], "return")]),
    "several":              (ENVELOPE + line(value="1", status="s") + GOOD, [("unreadable-field", [2], "value"), ("unreadable-field", [2], "status")]),
    "equal ones":           (ENVELOPE + line(value="1") * 3,            [("unreadable-field", [2, 3, 4], "value")]),
}
# fmt: on


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_found_in_its_lines_and_fields(case):
    text, expected = WRONG[case]
    assert sorted(found(text), key=str) == sorted(expected, key=str)


def test_a_fault_of_the_envelope_has_its_place():
    assert [f.path for f in faulty('{"returns":[{"measure":"a","period":"2025-07"},{"measure":"b"}]}')] == [
        "/returns/1/period"
    ]


def test_very_deep_nesting_is_refused():
    assert found(ENVELOPE + '{"area":' + "[" * 100_000 + "}\n") == [("not-json", [2], None)]


# Bounds --------------------------------------------------------------------------------------------------------


def test_reading_ends_where_too_much_is_wrong(monkeypatch):
    monkeypatch.setattr(ndjson_reader.Faults, "has_too_many", property(lambda self: self.cell_count > 2))
    reader = NdjsonReader(chunk_bytes=1)
    for piece in [ENVELOPE, *["{\n"] * 20]:
        reader.feed(piece.encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert [(f.code, f.rows) for f in refusal.value.findings] == [("not-json", [2, 3, 4]), ("too-many-errors", [5])]


def test_there_are_no_endless_codes(monkeypatch):
    monkeypatch.setattr(ndjson_reader, "MAX_DISTINCT_CODES", 2)
    assert found(ENVELOPE + "".join(line(area=f"E0600001{n}", value=1) for n in range(3))) == [
        ("too-many-errors", [5], None)
    ]


def test_a_line_that_does_not_end_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(ndjson_reader, "MAX_LINE_BYTES", 100)
    reader = NdjsonReader(chunk_bytes=1)
    for piece in (ENVELOPE + '{"', "a" * 200, "b" * 200):
        reader.feed(piece.encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert [(f.code, f.rows) for f in refusal.value.findings] == [("row-too-long", [2])]


def test_more_lines_than_are_taken_are_refused(monkeypatch):
    monkeypatch.setattr(column_buffer, "MAX_ROWS", 3)
    with pytest.raises(BodyTooLarge, match="in parts"):
        read(ENVELOPE + GOOD * 4)


# Whatever is written, the same is read --------------------------------------------------------------------------

PARTS_OF_SLUGS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)
SLUGS = st.lists(PARTS_OF_SLUGS, min_size=1, max_size=3).map("-".join)  # a regular expression takes five times as long
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
def test_whatever_is_written_the_same_is_read(returns, in_full, step, chunk, ascii_alone):
    def written(of: object, **more: object) -> str:
        raw = {name: value for name, value in of.items() if in_full or value is not None}
        return json.dumps(raw | more, ensure_ascii=ascii_alone) + "\n"

    def plain(of: Observation) -> dict:
        return {name: getattr(of, name) for name in of.__struct_fields__}

    whole = NewSubmission(returns=returns)
    envelope = {"returns": [{"measure": one.measure, "period": one.period} for one in returns]}
    lines = [written(plain(o), **{"return": n}) for n, one in enumerate(returns) for o in one.observations]
    data = (written(envelope) + "".join(lines)).encode(errors="surrogatepass")
    assert entries(read(data, step=step, chunk=chunk)) == entries(to_columns(whole))


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
def test_whatever_is_sent_is_read_or_refused(data, step):
    try:
        read(data, step=step, chunk=1)
    except Refusal as refusal:
        assert refusal.findings  # noqa: PT017
