"""The fast JSON reader reads the same as the contract's struct, and reads nothing that the struct refuses."""

import json
from functools import partial

import msgspec
import pytest

from api.http.bodies import decode_json
from api.http.refusals import InvalidBody
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.reading import json_reader
from api.submissions.reading.json_parts import JsonPartsReader
from schema.submissions import NewSubmission
from tests.spec.test_ndjson_reader import list_entries

TOWN, EAST = "E06000018", "E05001822"
HEAD = {"measure": "learners", "period": "2025-07"}


def make_body(*observations: dict[str, object], **envelope: object) -> bytes:
    return json.dumps({"returns": [HEAD | {"observations": list(observations)}]} | envelope).encode()


@pytest.mark.parametrize(
    "content",
    [
        make_body(),
        make_body({"area": TOWN, "value": 12}),
        make_body({"area": TOWN, "value": None, "status": "c", "lower": 1, "upper": 4}),
        make_body(
            {"area": TOWN, "numerator": 3, "denominator": 7, "note": "counted twice"}, {"area": EAST, "value": 0}
        ),
        make_body(
            {"area": TOWN, "breakdown": {"sex": "female", "age-band": "16-24"}, "value": 1},
            {"area": TOWN, "breakdown": {"age-band": "16-24", "sex": "female"}, "value": 2},
            {"area": TOWN, "breakdown": {}, "value": 3},
        ),
        make_body({"area": TOWN, "value": 1}, note="All of it.", confirm_withdrawals=True),
        b'{"returns":[{"measure":"a","period":"2025-07","kind":"nil"},'
        b'{"measure":"b","period":"2025-07","observations":[{"area":"E06000018","value":9}]}]}',
    ],
)
def test_fast_reader_reads_the_same_as_the_struct(content: bytes) -> None:
    fast = json_reader.parse_fast(content)
    strict = to_columns(msgspec.json.decode(content, type=NewSubmission))
    assert isinstance(fast, ParsedSubmission)
    assert list_entries(fast) == list_entries(strict)
    assert (fast.cells.item.tolist(), fast.row.tolist()) == (strict.cells.item.tolist(), strict.row.tolist())
    assert [new_return.measure for new_return in fast.returns] == [new_return.measure for new_return in strict.returns]
    assert [new_return.kind for new_return in fast.returns] == [new_return.kind for new_return in strict.returns]
    assert not any(new_return.observations for new_return in fast.returns)
    assert (fast.envelope.note, fast.envelope.confirm_withdrawals) == (
        strict.envelope.note,
        strict.envelope.confirm_withdrawals,
    )


def test_whole_float_is_read_as_an_integer() -> None:
    fast = json_reader.parse_fast(make_body({"area": TOWN, "value": 140.0}, {"area": TOWN, "lower": 1, "upper": 4.0}))
    assert isinstance(fast, ParsedSubmission)
    assert (fast.cells.value.tolist(), fast.cells.upper.tolist()) == ([140, -1], [-1, 4])


def test_whole_float_outside_the_observations_is_read_as_an_integer() -> None:
    body = make_body({"area": TOWN, "value": 140.0}).replace(b'"period"', b'"base_revision":2.0,"period"')
    assert decode_json(NewSubmission, body).returns[0].base_revision == 2
    assert JsonPartsReader().read(body).returns[0].base_revision == 2


def test_only_the_real_violation_is_reported_next_to_whole_floats() -> None:
    body = make_body({"area": TOWN, "value": 140.0}, {"area": TOWN, "value": 1.5})
    for read in (partial(decode_json, NewSubmission), JsonPartsReader().read):
        with pytest.raises(InvalidBody) as refusal:
            read(body)
        assert [finding.path for finding in refusal.value.findings] == ["/returns/0/observations/1/value"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"returns":[]}',
        make_body({"area": TOWN, "breakdown": {"sex": "NUL"}, "value": 1}).replace(b"NUL", b"\0"),
        b'{"returns":[{"measure":"Wrong Slug","period":"2025-07"}]}',
        make_body({"area": "", "value": 1}),
        make_body({"area": TOWN, "value": -1}),
        make_body({"area": TOWN, "value": "5"}),
        make_body({"area": TOWN, "value": 1.5}),
        make_body({"area": TOWN, "valeu": 1}),
        make_body({"area": TOWN, "status": "confidential"}),
        make_body({"area": TOWN, "breakdown": {"Sex": "female"}}),
        make_body({"area": TOWN, "breakdown": {"sex": 1}}),
        make_body({"area": TOWN, "breakdown": ["sex"]}),
        make_body({"area": TOWN, "breakdown": None}),
        make_body({"area": TOWN, "breakdown": {"a": "a", "b": "b", "c": "c"}}),
        make_body({"area": TOWN, "value": 1, "note": "x" * 2001}),
        make_body({"area": TOWN, "value": 1}, organisation="Not A Slug"),
    ],
)
def test_fast_reader_reads_nothing_that_the_struct_refuses(content: bytes) -> None:
    assert json_reader.parse_fast(content) is None
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(content, type=NewSubmission)
