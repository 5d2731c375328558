"""Send values at the edge of what a parameter can have, and forged cursors: every response is a success or a refusal."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schema.partners import Scope
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.loop_watch import frozen_objects, watch_loop
from tests.fixtures.release_client import ReleaseClient, make_learners_return

CONTRACT = msgspec.yaml.decode((Path(__file__).parents[2] / "openapi.yaml").read_bytes())
PATH_VALUES = {
    "organisation": "quay-college",
    "measure": "learners",
    "series": "headline",
    "service": "main",
    "period": "2026-07",
    "number": "1",
}
QUERY_VALUES = {"measure": "learners", "period": "2026-07", "area": EAST, "group_by": "sex"}
INTEGERS = ("-1", "0", str(2**31), str(2**63), "9" * 4301)
# fmt: off
BOUNDARY_VALUES = (
    *INTEGERS, "", "²", "1e400", "NaN", "\x7f", "\udcff", "x" * 8000, "latest-" + "9" * 20, "last-" + "9" * 20,
    "D9999-12-31", "D0001-01-01", "P0001-01..9999-12", "R99999999999-2026-07", "AY9999-00", "FY0001-02-Q1",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31",
)
CURSOR_VALUES = (
    -1, 0, 2**31, 2**40, 2**63, 2**64, 10**400, 1.5, None, True, "", "x" * 8000, "\x00", "\ud800", [], {},
    "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
)
# fmt: on


def list_operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def list_parameters(operation: dict[str, Any]) -> list[tuple[str, str]]:
    """Return where each parameter of the operation is sent, and its name."""
    shared = CONTRACT["components"].get("parameters", {})
    parameters = [
        shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
        for parameter in operation.get("parameters", ())
    ]
    return [(parameter["in"], parameter["name"]) for parameter in parameters if parameter["in"] in {"path", "query"}]


def forge_cursors(cursor: str) -> Iterator[str]:
    """Yield cursors that differ from a true one in one field each, and texts that are no cursors."""
    content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for index, field in enumerate(content):
        for value in CURSOR_VALUES:
            yield encode([*content[:index], value, *content[index + 1 :]])
            if isinstance(field, list):
                yield encode([*content[:index], [value, *field[1:]], *content[index + 1 :]])
    yield encode(content * 50)
    yield encode({})
    for text in ("[" * 10_000, "[" * 5000 + "]" * 5000, "\x00"):
        yield base64.urlsafe_b64encode(text.encode()).decode()
    yield from ("", "=", "💣", cursor[:-1], cursor * 5)


def encode(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode("utf-8", "surrogatepass")).decode().rstrip("=")


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    """Return the client of a programme with two releases."""
    press = ReleaseClient(application, harbour_programme)
    for period, count in (("2026-06", 40), ("2026-07", 60)):
        people = {(EAST, "female"): count, (WEST, "male"): count}
        for organisation in ("quay-college", "pier-college"):
            await press.submit_and_approve(organisation, make_learners_return(period, people))
        await press.publish()
    return press


class Caller:
    """Sends requests with a key that has every scope, and collects those that the server failed to answer."""

    def __init__(self, press: ReleaseClient, http: Any) -> None:
        self.http, self.failures = http, []
        self.programme = press.programme

    async def send(self, method: str, path: str, operation: dict[str, Any], values: dict[tuple[str, str], str]) -> Any:
        url = path
        for name in [name for place, name in list_parameters(operation) if place == "path"]:
            value = values.get(("path", name), {**PATH_VALUES, "programme": self.programme}.get(name, "x"))
            url = url.replace(f"{{{name}}}", escape(value))
        query = {
            name: values.get(("query", name), QUERY_VALUES.get(name, ""))
            for place, name in list_parameters(operation)
            if place == "query" and (("query", name) in values or name in QUERY_VALUES)
        }
        text = "&".join(f"{escape(name)}={escape(value)}" for name, value in query.items())
        body = b"{}" if "requestBody" in operation else b""
        headers = {"Content-Type": next(iter(operation["requestBody"]["content"]))} if body else {}
        response = await self.http.request(method, f"{url}?{text}", content=body, headers=headers)
        await asyncio.sleep(0)  # so that the watchdog distinguishes it from the next request
        if response.status_code >= 500:
            self.failures.append((operation["operationId"], values))
        return response


def escape(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogateescape"))


@pytest.fixture
async def caller(press: ReleaseClient) -> AsyncIterator[Caller]:
    http = await press.http_client("harbour-council", *Scope)
    with frozen_objects():
        async with watch_loop():
            yield Caller(press, http)


async def test_boundary_values_of_parameters_are_no_server_errors(caller):
    for method, path, operation in list_operations():
        for place in list_parameters(operation):
            for value in BOUNDARY_VALUES:
                await caller.send(method, path, operation, {place: value})
    assert caller.failures == []


async def test_forged_cursors_are_no_server_errors(caller, application):
    application.now += timedelta(days=1)
    paged = [
        (method, path, operation)
        for method, path, operation in list_operations()
        if ("query", "cursor") in list_parameters(operation)
    ]
    unpaged: list[str] = []
    for method, path, operation in paged:
        first = await caller.send(method, path, operation, {("query", "limit"): "1"})
        cursor = first.json().get("next_cursor")
        if not cursor:
            unpaged.append(operation["operationId"])
        for forged in forge_cursors(cursor or encode([2, 1])):
            await caller.send(method, path, operation, {("query", "cursor"): forged})
    assert caller.failures == []
    assert unpaged == ["list_release_entries"]  # the programme has no entries; the cursor is that of outcomes
