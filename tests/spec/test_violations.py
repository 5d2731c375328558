"""Each violation of a body is reported with its path, and no body causes a server error."""

from typing import Annotated

import httpx2
import pytest
from litestar import Litestar, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.http.bodies import TypedRequest
from api.http.problems import EXCEPTION_HANDLERS
from api.http.response_headers import add_response_headers
from api.http.violations import MAX_VIOLATIONS, find_violations


class Item(Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=0)]
    names: dict[str, str] = {}


class Body(Struct, forbid_unknown_fields=True):
    parts: Annotated[list[Item], Meta(max_length=1000)]
    note: str | None = None


# fmt: off
BODIES = {
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


@pytest.mark.parametrize("case", BODIES)
def test_every_violation_has_its_path(case):
    raw, expected = BODIES[case]
    assert [violation.path for violation in find_violations(Body, raw)] == expected


def test_number_of_reported_violations_is_limited():
    assert len(list(find_violations(Body, {"parts": [{}] * 500}))) == MAX_VIOLATIONS


@post("/")
async def accept_body(data: JSONBody[Body]) -> None:
    """Accept a body that decodes to the type of `data`."""


APP = add_response_headers(
    Litestar(
        [accept_body],
        request_class=TypedRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    ),
    (),
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
async def test_body_is_accepted_or_rejected(body, status):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=APP), base_url="http://here") as client:
        response = await client.post("/", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status, response.text


def test_message_names_a_nul_character():
    class BodyWithNote(Struct):
        note: Annotated[str, Meta(pattern="^[^\\x00]*$")]

    [violation] = find_violations(BodyWithNote, {"note": "a\x00b"})
    assert (violation.path, "NUL" in violation.message) == ("/note", True)
