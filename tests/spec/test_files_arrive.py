"""How a file arrives in a request's body: in pieces, plain or gzip, never more than is taken."""

import gzip
import hashlib
import random
from typing import Any

import httpx2
import pytest
from litestar import Litestar, Request, post

from api.http.bodies import (
    CSV_MEDIA_TYPE,
    MAX_FILE_BYTES,
    MAX_JSON_BYTES,
    NDJSON_MEDIA_TYPE,
    StreamedFile,
    TypedRequest,
)
from api.http.problems import EXCEPTION_HANDLERS

CONTENT = random.Random(1).randbytes(3_000_000) + bytes(3_000_000)  # noqa: S311
GZIP = gzip.compress(CONTENT)
CSV_SENT = {"content-type": CSV_MEDIA_TYPE}
GZIP_SENT = CSV_SENT | {"content-encoding": "gzip"}


def told(arriving: StreamedFile, largest_piece: int) -> dict[str, Any]:
    return {"size": arriving.byte_count, "sha256": arriving.sha256.hex(), "largest": largest_piece}


async def received(request: Request[Any, Any, Any], media_type: str, largest: int) -> dict[str, Any]:
    arriving = StreamedFile(request, media_type, max_bytes=largest)
    largest_piece = 0
    async for piece in arriving:
        largest_piece = max(largest_piece, len(piece))
    return told(arriving, largest_piece)


@post("/csv", request_max_body_size=MAX_FILE_BYTES)
async def csv(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return await received(request, CSV_MEDIA_TYPE, MAX_FILE_BYTES)


@post("/ndjson", request_max_body_size=MAX_FILE_BYTES)
async def ndjson(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return await received(request, NDJSON_MEDIA_TYPE, MAX_FILE_BYTES)


@post("/small", request_max_body_size=MAX_FILE_BYTES)
async def small(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return await received(request, CSV_MEDIA_TYPE, 1_000_000)


APP = Litestar(
    [csv, ndjson, small],
    request_class=TypedRequest,
    request_max_body_size=MAX_JSON_BYTES,
    exception_handlers=EXCEPTION_HANDLERS,
    openapi_config=None,
    logging_config=None,
)


async def sent(path: str, content: Any, headers: dict[str, str]) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=APP), base_url="http://here") as client:
        return await client.post(path, content=content, headers=headers)


async def in_pieces(content: bytes, size: int = 50_000):
    for at in range(0, len(content), size):
        yield content[at : at + size]


# fmt: off
TAKEN = {
    "plain":          ("/csv", CONTENT, CSV_SENT),
    "said plain":     ("/csv", CONTENT, CSV_SENT | {"content-encoding": "Identity"}),
    "in UTF-8":       ("/csv", CONTENT, {"content-type": 'Text/CSV; charset="UTF-8"'}),
    "lines":          ("/ndjson", CONTENT, {"content-type": "application/x-ndjson; charset=utf-8"}),
    "gzip":           ("/csv", GZIP, GZIP_SENT),
    "gzip in parts":  ("/csv", gzip.compress(CONTENT[:1000]) + gzip.compress(b"") + gzip.compress(CONTENT[1000:]), GZIP_SENT),
}
# fmt: on


@pytest.mark.parametrize("case", TAKEN)
@pytest.mark.parametrize("pieces", [True, False])
async def test_what_arrives_is_what_was_sent(case, pieces):
    path, content, headers = TAKEN[case]
    answer = await sent(path, in_pieces(content) if pieces else content, headers)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["size"], answer.json()["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


async def test_a_file_may_be_larger_than_a_json_body():
    content = bytes(MAX_JSON_BYTES + 1)
    answer = await sent("/csv", in_pieces(content, 1_000_000), CSV_SENT)
    assert (answer.status_code, answer.json()["size"]) == (201, len(content))


async def test_gzip_unfolds_piece_by_piece():
    answer = await sent("/csv", gzip.compress(bytes(50_000_000)), GZIP_SENT)
    assert (answer.json()["size"], answer.json()["largest"]) == (50_000_000, 1024 * 1024)


# fmt: off
REFUSED = {
    "JSON":              ("/csv", CONTENT, {"content-type": "application/json"},          415, "send `text/csv`"),
    "CSV as lines":      ("/ndjson", CONTENT, CSV_SENT,                                   415, "send `application/x-ndjson`"),
    "no type":           ("/csv", CONTENT, {},                                            415, "`text/csv`"),
    "another charset":   ("/csv", CONTENT, {"content-type": "text/csv; charset=latin-1"}, 415, "in UTF-8"),
    "another encoding":  ("/csv", CONTENT, CSV_SENT | {"content-encoding": "br"},         415, "'br'"),
    "not gzip":          ("/csv", CONTENT, GZIP_SENT,                                     400, "not gzip"),
    "broken gzip":       ("/csv", GZIP[:500] + b"\xff" * 5000 + GZIP[1000:],              GZIP_SENT, 400, "not gzip"),
    "cut-off gzip":      ("/csv", GZIP[:-1000], GZIP_SENT,                                400, "cut off"),
    "rubbish after":     ("/csv", GZIP + b"rubbish", GZIP_SENT,                           400, "not gzip"),
    "empty gzip":        ("/csv", b"", GZIP_SENT,                                         400, "cut off"),
    "too large":         ("/small", CONTENT, CSV_SENT,                                    413, "in parts"),
    "bomb":              ("/small", gzip.compress(bytes(100_000_000)), GZIP_SENT,         413, "in parts"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_taken_is_refused(case):
    path, content, headers, status, detail = REFUSED[case]
    answer = await sent(path, content, headers)
    assert (answer.status_code, detail in answer.json()["detail"]) == (status, True), answer.text


async def test_a_body_that_is_cut_off_is_refused():
    messages = iter([{"type": "http.request", "body": b"measure", "more_body": True}, {"type": "http.disconnect"}])
    answers: list[dict[str, Any]] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        answers.append(message)

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/csv",
        "raw_path": b"/csv",
        "query_string": b"",
        "headers": [(b"content-type", b"text/csv")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("here", 80),
        "client": ("there", 1),
        "root_path": "",
    }
    await APP(scope, receive, send)
    assert answers[0]["status"] == 400
    assert b"before the body did" in answers[1]["body"]
