"""A body read for speed says what the contract's own struct says, and nothing where that struct refuses it."""

import json

import msgspec
import pytest

from api.submissions.reading import json_reader
from api.submissions.revisions import ParsedSubmission, to_columns
from schema.submissions import NewSubmission
from tests.spec.test_ndjson_rows import entries

TOWN, EAST = "E06000018", "E05001822"
HEAD = {"measure": "learners", "period": "2025-07"}


def body(*observations: dict[str, object], **envelope: object) -> bytes:
    return json.dumps({"returns": [HEAD | {"observations": list(observations)}]} | envelope).encode()


@pytest.mark.parametrize(
    "given",
    [
        body(),
        body({"area": TOWN, "value": 12}),
        body({"area": TOWN, "value": None, "status": "c", "lower": 1, "upper": 4}),
        body({"area": TOWN, "numerator": 3, "denominator": 7, "note": "counted twice"}, {"area": EAST, "value": 0}),
        body(
            {"area": TOWN, "breakdown": {"sex": "female", "age-band": "16-24"}, "value": 1},
            {"area": TOWN, "breakdown": {"age-band": "16-24", "sex": "female"}, "value": 2},
            {"area": TOWN, "breakdown": {}, "value": 3},
        ),
        body({"area": TOWN, "value": 1}, note="All of it.", confirm_withdrawals=True),
        b'{"returns":[{"measure":"a","period":"2025-07","kind":"nil"},'
        b'{"measure":"b","period":"2025-07","observations":[{"area":"E06000018","value":9}]}]}',
    ],
)
def test_what_a_body_says(given: bytes) -> None:
    quick = json_reader.parse_fast(given)
    strict = to_columns(msgspec.json.decode(given, type=NewSubmission))
    assert isinstance(quick, ParsedSubmission)
    assert entries(quick) == entries(strict)
    assert (quick.item.tolist(), quick.row.tolist()) == (strict.item.tolist(), strict.row.tolist())
    assert [one.measure for one in quick.returns] == [one.measure for one in strict.returns]
    assert [one.kind for one in quick.returns] == [one.kind for one in strict.returns]
    assert not any(one.observations for one in quick.returns)
    assert (quick.envelope.note, quick.envelope.confirm_withdrawals) == (
        strict.envelope.note,
        strict.envelope.confirm_withdrawals,
    )


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"[]",
        b'{"returns":[]}',
        b'{"returns":[{"measure":"Wrong Slug","period":"2025-07"}]}',
        body({"area": "nowhere", "value": 1}),
        body({"area": TOWN, "value": -1}),
        body({"area": TOWN, "value": "5"}),
        body({"area": TOWN, "value": 1.5}),
        body({"area": TOWN, "valeu": 1}),
        body({"area": TOWN, "status": "confidential"}),
        body({"area": TOWN, "breakdown": {"Sex": "female"}}),
        body({"area": TOWN, "breakdown": {"sex": 1}}),
        body({"area": TOWN, "breakdown": ["sex"]}),
        body({"area": TOWN, "breakdown": None}),
        body({"area": TOWN, "breakdown": {"a": "a", "b": "b", "c": "c"}}),
        body({"area": TOWN, "value": 1, "note": "x" * 2001}),
        body({"area": TOWN, "value": 1}, organisation="Not A Slug"),
    ],
)
def test_what_the_struct_refuses_is_not_read(given: bytes) -> None:
    assert json_reader.parse_fast(given) is None
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(given, type=NewSubmission)
