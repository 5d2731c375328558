"""Every fault of a body is told with its place, and no body is a fault of ours."""

from typing import Annotated

import httpx2
import pytest
from litestar import Litestar, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.http.bodies import TypedRequest
from api.http.problems import EXCEPTION_HANDLERS
from api.http.violations import MAX_VIOLATIONS, find_violations


class Part(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=0)]
    names: dict[str, str] = {}


class Whole(Struct, forbid_unknown_fields=True):
    parts: Annotated[list[Part], Meta(max_length=1000)]
    note: str | None = None


# fmt: off
FAULTS = {
    "none":              ({"parts": [{"count": 1}]},                                []),
    "not an object":     ([],                                                       ["/"]),
    "missing":           ({},                                                       ["/parts"]),
    "unknown":           ({"parts": [], "no~te/s": 1},                              ["/no~0te~1s"]),
    "several":           ({"parts": [{"count": -1}, {"count": "1", "x": 1}, {}], "note": 1},
                          ["/parts/0/count", "/parts/1/count", "/parts/1/x", "/parts/2/count", "/note"]),
    "inside a mapping":  ({"parts": [{"count": 1, "names": {"a": 1}}]},             ["/parts/0/names/..."]),
    "the list itself":   ({"parts": [{"count": 1}] * 1001},                         ["/parts"]),
    "not a list":        ({"parts": 5},                                             ["/parts"]),
}
# fmt: on


@pytest.mark.parametrize("case", FAULTS)
def test_every_violation_has_its_place(case):
    raw, expected = FAULTS[case]
    assert [found.path for found in find_violations(Whole, raw)] == expected


def test_no_more_are_told_than_somebody_reads():
    assert len(list(find_violations(Whole, {"parts": [{}] * 500}))) == MAX_VIOLATIONS


@post("/")
async def whole(data: JSONBody[Whole]) -> None:
    """The type of `data` is what the body is decoded as."""


APP = Litestar(
    [whole], request_class=TypedRequest, exception_handlers=EXCEPTION_HANDLERS, openapi_config=None, logging_config=None
)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"parts":[]}', 201),
        (b'{"parts":1}', 422),
        (b'{"parts":1,"note":[}', 400),
        (b'{"parts":1,"note":"\xff"}', 400),
        (b'{"parts":[}', 400),
        (b'{"parts":' + b"[" * 100_000, 400),
    ],
)
async def test_a_body_is_taken_or_refused(body, status):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=APP), base_url="http://here") as client:
        answer = await client.post("/", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text


def test_a_nul_is_told_by_its_name():
    class Noted(Struct):
        note: Annotated[str, Meta(pattern="^[^\\x00]*$")]

    [finding] = find_violations(Noted, {"note": "a\x00b"})
    assert (finding.path, "NUL" in finding.message) == ("/note", True)
