"""Reading a file from a request's body: in chunks, plain or gzip, up to a maximum size."""

import gzip
import hashlib
import random
from typing import Any

import httpx2
import msgspec
import pytest
from litestar import Litestar, Request, post
from litestar.testing import RequestFactory

from api.http.bodies import (
    CSV_MEDIA_TYPE,
    MAX_FILE_BYTES,
    MAX_JSON_BYTES,
    NDJSON_MEDIA_TYPE,
    StreamedFile,
    TypedRequest,
)
from api.http.problems import EXCEPTION_HANDLERS
from api.http.response_headers import add_response_headers
from api.http.whole_numbers import to_whole_numbers

CONTENT = random.Random(1).randbytes(3_000_000) + bytes(3_000_000)  # noqa: S311
GZIP = gzip.compress(CONTENT)
CSV_HEADERS = {"content-type": CSV_MEDIA_TYPE}
GZIP_HEADERS = CSV_HEADERS | {"content-encoding": "gzip"}


def describe(file: StreamedFile, largest_chunk: int) -> dict[str, Any]:
    return {"size": file.byte_count, "sha256": file.sha256.hex(), "largest": largest_chunk}


async def read_file(request: Request[Any, Any, Any], media_type: str, max_bytes: int) -> dict[str, Any]:
    file = StreamedFile(request, media_type, max_bytes=max_bytes)
    largest_chunk = 0
    async for chunk in file:
        largest_chunk = max(largest_chunk, len(chunk))
    return describe(file, largest_chunk)


@post("/csv", request_max_body_size=MAX_FILE_BYTES)
async def csv(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return await read_file(request, CSV_MEDIA_TYPE, MAX_FILE_BYTES)


@post("/ndjson", request_max_body_size=MAX_FILE_BYTES)
async def ndjson(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return await read_file(request, NDJSON_MEDIA_TYPE, MAX_FILE_BYTES)


@post("/small", request_max_body_size=MAX_FILE_BYTES)
async def small(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return await read_file(request, CSV_MEDIA_TYPE, 1_000_000)


APP = add_response_headers(
    Litestar(
        [csv, ndjson, small],
        request_class=TypedRequest,
        request_max_body_size=MAX_JSON_BYTES,
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    ),
    (),
)


async def post_file(path: str, content: Any, headers: dict[str, str]) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=APP), base_url="http://here") as client:
        return await client.post(path, content=content, headers=headers)


async def split_into_chunks(content: bytes, size: int = 50_000):
    for offset in range(0, len(content), size):
        yield content[offset : offset + size]


# fmt: off
ACCEPTED = {
    "plain":          ("/csv", CONTENT, CSV_HEADERS),
    "named plain":    ("/csv", CONTENT, CSV_HEADERS | {"content-encoding": "Identity"}),
    "in UTF-8":       ("/csv", CONTENT, {"content-type": 'Text/CSV; charset="UTF-8"'}),
    "lines":          ("/ndjson", CONTENT, {"content-type": "application/x-ndjson; charset=utf-8"}),
    "gzip":           ("/csv", GZIP, GZIP_HEADERS),
    "gzip in parts":  ("/csv", gzip.compress(CONTENT[:1000]) + gzip.compress(b"") + gzip.compress(CONTENT[1000:]), GZIP_HEADERS),
}
# fmt: on


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("chunked", [True, False])
async def test_file_is_received_as_it_was_sent(case, chunked):
    path, content, headers = ACCEPTED[case]
    response = await post_file(path, split_into_chunks(content) if chunked else content, headers)
    assert response.status_code == 201, response.text
    assert (response.json()["size"], response.json()["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


async def test_file_may_be_larger_than_a_json_body():
    content = bytes(MAX_JSON_BYTES + 1)
    response = await post_file("/csv", split_into_chunks(content, 1_000_000), CSV_HEADERS)
    assert (response.status_code, response.json()["size"]) == (201, len(content))


async def test_gzip_is_decompressed_in_chunks():
    content = CONTENT[:1_000_000] + bytes(49_000_000)
    response = await post_file("/csv", gzip.compress(content), GZIP_HEADERS)
    assert (response.json()["size"], response.json()["largest"]) == (50_000_000, 1024 * 1024)


# fmt: off
REFUSED = {
    "JSON":              ("/csv", CONTENT, {"content-type": "application/json"},          415, "send `text/csv`"),
    "CSV as lines":      ("/ndjson", CONTENT, CSV_HEADERS,                                   415, "send `application/x-ndjson`"),
    "no type":           ("/csv", CONTENT, {},                                            415, "`text/csv`"),
    "another charset":   ("/csv", CONTENT, {"content-type": "text/csv; charset=koi8-r"}, 415, "in UTF-8"),
    "charset of lines":  ("/ndjson", CONTENT, {"content-type": "application/x-ndjson; charset=utf-16"}, 415, "in UTF-8"),
    "odd charset":       ("/csv", CONTENT, {"content-type": "text/csv; charset*=x"},      415, "in UTF-8"),
    "no header":         ("/csv", CONTENT, {"content-type": "text/csv; header=absent"},   415, "header=absent"),
    "form of curl":      ("/csv", CONTENT, {"content-type": "application/x-www-form-urlencoded"}, 415, "--data-binary"),
    "another encoding":  ("/csv", CONTENT, CSV_HEADERS | {"content-encoding": "br"},         415, "'br'"),
    "not gzip":          ("/csv", CONTENT, GZIP_HEADERS,                                     400, "not gzip"),
    "broken gzip":       ("/csv", GZIP[:500] + b"\xff" * 5000 + GZIP[1000:],              GZIP_HEADERS, 400, "not gzip"),
    "cut-off gzip":      ("/csv", GZIP[:-1000], GZIP_HEADERS,                                400, "cut off"),
    "rubbish after":     ("/csv", GZIP + b"rubbish", GZIP_HEADERS,                           400, "not gzip"),
    "empty gzip":        ("/csv", b"", GZIP_HEADERS,                                         400, "cut off"),
    "too large":         ("/small", CONTENT, CSV_HEADERS,                                    413, "in parts"),
    "bomb":              ("/small", gzip.compress(bytes(100_000_000)), GZIP_HEADERS,         413, "in parts"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSED)
async def test_invalid_file_request_is_refused(case):
    path, content, headers, status, detail = REFUSED[case]
    response = await post_file(path, content, headers)
    assert (response.status_code, detail in response.json()["detail"]) == (status, True), response.text


async def test_truncated_body_is_refused():
    messages = iter([{"type": "http.request", "body": b"measure", "more_body": True}, {"type": "http.disconnect"}])
    responses: list[dict[str, Any]] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        responses.append(message)

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
        "client": ("client", 1),
        "root_path": "",
    }
    await APP(scope, receive, send)
    assert responses[0]["status"] == 400
    assert b"before the body did" in responses[1]["body"]


# fmt: off
CHARSETS = {
    "text/csv": None, "text/csv; header=present": None, "text/csv; charset=utf-8": "utf-8",
    'Text/CSV; header=present; charset="UTF-16"': "utf-16", "text/csv;charset=UTF-16LE": "utf-16-le",
    "text/csv; charset=windows-1252; header=present": "cp1252", "text/csv; charset=ISO-8859-1": "cp1252",
    "text/csv; charset=us-ascii": "utf-8",
}
# fmt: on


@pytest.mark.parametrize("content_type", CHARSETS)
def test_charset_of_a_content_type_is_that_of_the_file(content_type):
    request = RequestFactory().post("/", headers={"content-type": content_type})
    assert StreamedFile(request, CSV_MEDIA_TYPE).charset == CHARSETS[content_type]


@pytest.mark.parametrize("raw", [140.0, [1.0, {"a": -3.0}], {"value": 0.0}])
def test_whole_floats_of_json_become_integers(raw):
    assert to_whole_numbers(raw) == raw
    assert b"." not in msgspec.json.encode(to_whole_numbers(raw))


@pytest.mark.parametrize("raw", [1.5, 1e300, "140.0", True, None, {"1.0": "2.0"}])
def test_other_values_of_json_are_unchanged(raw):
    assert msgspec.json.encode(to_whole_numbers(raw)) == msgspec.json.encode(raw)
