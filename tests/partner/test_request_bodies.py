"""Bodies: nobody without a key and a scope makes the server read one, and each has a limit."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from api.http.bodies import FREE_DECOMPRESSED_BYTES, MAX_BODY_BYTES, MAX_COMPRESSION_RATIO
from schema.partners import Scope
from tests.conftest import PROGRAMME
from tests.partner.test_files import PATH

OPENAPI_FILE = Path(__file__).parents[2] / "openapi.yaml"
UNKNOWN_KEY = f"wh_live_{'a' * 10}_{'A' * 43}"
PARAMETERS = {
    "programme": PROGRAMME,
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q1",
    "number": "1",
}


def find_operations_with_body() -> dict[str, tuple[str, str, str]]:
    """Return the method, path and media type of each operation that has a body, by its id."""
    return {
        operation["operationId"]: (method, path.format(**PARAMETERS), next(iter(operation["requestBody"]["content"])))
        for path, methods in msgspec.yaml.decode(OPENAPI_FILE.read_bytes())["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    }


OPERATIONS = find_operations_with_body()
SMALL_OPERATIONS = {name: each for name, each in OPERATIONS.items() if not name.startswith("create_submission")}


class UnreadBody:
    """A body that records whether any of it was read."""

    def __init__(self) -> None:
        self.is_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.is_read = True
        yield b"{}"


async def send_unread(application, key: str | None, operation: str) -> tuple[int, bool]:
    """Send a body, and return the status and whether the server read it."""
    method, path, media_type = OPERATIONS[operation]
    body = UnreadBody()
    response = await application.http_client(key).request(
        method, path, content=body, headers={"Content-Type": media_type}
    )
    return response.status_code, body.is_read


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_body_is_read_only_for_a_key_with_the_scope(application, operation):
    auditor = await application.issue_key("nottingham-city-council", Scope.ADMIN)
    assert await send_unread(application, None, operation) == (401, False)
    assert await send_unread(application, UNKNOWN_KEY, operation) == (401, False)
    is_open_to_any_key = operation == "create_key"
    assert await send_unread(application, auditor, operation) == ((201, True) if is_open_to_any_key else (403, False))


@pytest.mark.parametrize("operation", SMALL_OPERATIONS)
async def test_body_that_is_no_submission_has_at_most_64_kb(application, operation):
    key = await application.issue_key("ohid", *Scope)
    method, path, media_type = OPERATIONS[operation]
    client = application.http_client(key)
    oversized = b'{"text":"%s"}' % (b"a" * MAX_BODY_BYTES)
    for content, encoding in ((oversized, "identity"), (gzip.compress(oversized), "gzip")):
        headers = {"Content-Type": media_type, "Content-Encoding": encoding}
        response = await client.request(method, path, content=content, headers=headers)
        assert response.status_code == 413


@pytest.mark.parametrize(
    ("form", "media_type", "row"),
    [("", "application/json", b"{},"), ("/csv", "text/csv", b"a,1\n"), ("/ndjson", "application/x-ndjson", b"{}\n")],
)
async def test_body_that_decompresses_more_than_the_ratio_is_refused(application, form, media_type, row):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    bomb = gzip.compress(row * (10 * FREE_DECOMPRESSED_BYTES // len(row)))
    assert len(bomb) * MAX_COMPRESSION_RATIO < 10 * FREE_DECOMPRESSED_BYTES
    headers = {"Content-Type": media_type, "Content-Encoding": "gzip"}
    response = await application.http_client(key).post(f"{PATH}{form}", content=bomb, headers=headers)
    assert response.status_code == 413


async def test_number_of_reported_faults_is_limited(application):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    unknown_fields = msgspec.json.encode({f"field-{number}": 1 for number in range(5000)})
    response = await application.http_client(key).post(
        PATH, content=unknown_fields, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, len(response.json()["errors"])) == (422, 100)
