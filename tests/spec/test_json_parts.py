"""Large JSON bodies: split at the right places, read like small ones, with the first violations of many."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.refusals import InvalidBody, Malformed
from api.http.violations import MAX_VIOLATIONS
from api.submissions.reading import json_parts
from api.submissions.reading.array_splitter import split_array
from api.submissions.reading.json_parts import JsonPartsReader
from api.submissions.reading.json_reader import parse_fast

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(alphabet='ab"\\,[]{}:é', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=12), st.integers(1, 12), st.sampled_from(["", " ", "\n\t"]))
def test_split_arrays_have_the_elements_in_order(values, chunk_bytes, space):
    text = space.encode() + msgspec.json.format(msgspec.json.encode(values), indent=len(space)) + space.encode()
    chunks = [msgspec.json.decode(chunk) for chunk in split_array(text, chunk_bytes=chunk_bytes)]
    assert [value for chunk in chunks for value in chunk] == values


def test_split_arrays_are_about_as_large_as_a_chunk():
    chunks = list(split_array(b"[%b]" % b",".join([b'{"a":[1,2]}'] * 1000), chunk_bytes=100))
    assert max(map(len, chunks)) < 200
    assert len(chunks) > 100


def build_body(*returns: dict, **more: object) -> bytes:
    return msgspec.json.encode({"returns": list(returns)} | more)


def build_return(count: int, **more: object) -> dict:
    cells = [
        {
            "area": f"E0600{number:04}",
            "breakdown": {"sex": "female"},
            "value": number,
            "note": None if number % 2 else "é",
        }
        for number in range(count)
    ]
    return {"measure": "m", "period": "2025-07", "observations": cells} | more


def test_body_in_parts_is_the_same_as_at_once():
    body = build_body(build_return(40), {"measure": "n", "period": "2025-08", "kind": "nil"}, build_return(7), note="n")
    parts, whole = JsonPartsReader(chunk_bytes=200).read(body), parse_fast(body)
    assert whole is not None
    assert msgspec.to_builtins(parts.envelope) == msgspec.to_builtins(whole.envelope)
    assert (parts.distinct_areas, parts.distinct_breakdowns) == (whole.distinct_areas, whole.distinct_breakdowns)
    assert parts.row.tolist() == whole.row.tolist()
    for name in ("item", "area", "breakdown", "value", "numerator", "status", "notes"):
        assert getattr(parts.cells, name).tolist() == getattr(whole.cells, name).tolist(), name


BAD_CELLS = [{"area": "E06000018", "value": -1}, {"area": "", "value": 1}, {"area": "E06000018", "value": 1, "x": 1}]
# fmt: off
VIOLATIONS = {
    "no returns":         (build_body(),                                              ["/returns"]),
    "unknown field":      (build_body(build_return(1), x=1),                          ["/x"]),
    "of a return":        (build_body(build_return(1), build_return(1, kind="?"), {"period": "2025-07"}),
                           ["/returns/1/kind", "/returns/2/measure"]),
    "not an array":       (build_body(build_return(1, observations=5)),               ["/returns/0/observations"]),
    "of cells":           (build_body(build_return(50), build_return(1, observations=[*build_return(9)["observations"], *BAD_CELLS])),
                           ["/returns/1/observations/9/value", "/returns/1/observations/10/area", "/returns/1/observations/11/x"]),
}
# fmt: on


@pytest.mark.parametrize("case", VIOLATIONS)
def test_every_violation_of_a_part_has_its_path(case):
    body, paths = VIOLATIONS[case]
    with pytest.raises(InvalidBody) as refusal:
        JsonPartsReader(chunk_bytes=300).read(body)
    assert [finding.path for finding in refusal.value.findings] == paths


def test_reading_ends_at_the_limit_of_violations():
    bad = build_return(1, observations=BAD_CELLS[:1] * 1000)
    with pytest.raises(InvalidBody) as refusal:
        JsonPartsReader(chunk_bytes=300).read(build_body(bad, bad))
    assert len(refusal.value.findings) == MAX_VIOLATIONS
    assert (refusal.value.findings[-1].path or "").startswith("/returns/0/observations/99/")


def test_only_the_first_violation_of_a_large_part_is_reported(monkeypatch):
    monkeypatch.setattr(json_parts, "MAX_EXPLAINED_BYTES", 10)
    with pytest.raises(InvalidBody) as refusal:
        JsonPartsReader().read(build_body(build_return(1, kind="?", x=1)))
    assert [finding.path for finding in refusal.value.findings] == ["/returns/0/kind"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"returns":[{"measure":"\xff"}]}', b'{"returns":' + b"[" * 100_000])
def test_body_that_is_not_json_is_malformed(body):
    with pytest.raises(Malformed):
        JsonPartsReader().read(body)


def test_size_of_a_submission_counts_cells_and_content():
    entry = {"domain": "evaluation", "title": "Interviews", "date": "2025-08-01"}
    body = build_body(build_return(5), {"measure": "n", "period": "2025-08", "entries": [entry] * 3})
    assert JsonPartsReader().read(body).size == 8
