"""Responses to a partner depend only on its own data, the plan and published releases.

Two servers differ only in what another partner does. Every response to the first partner must be identical. The clock
is stopped, and each partner has its own source of ids, which are random in production.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from uuid import UUID

import httpx2
import pytest

from schema.partners import Scope
from tests.conftest import RunningApplication

PROGRAMME = "work-and-health-2025-2028"
API = f"/v1/programmes/{PROGRAMME}"
CITY = "E06000018"
CONVERSATIONS = "work-health-conversations"
Q1, Q2 = "FY2025-26-Q1", "FY2025-26-Q2"
OWN = f"{API}/returns/nottingham-university-hospitals/{CONVERSATIONS}/headline/main/{Q2}"

Action = Callable[["Actor"], Awaitable[None]]


class Actor:
    """A partner on one server, with its own ids of records."""

    def __init__(self, application: RunningApplication, http: httpx2.AsyncClient, number: int) -> None:
        self.application, self.http = application, http
        self._ids = count(number << 64)
        self.responses: list[tuple[str, int, dict[str, str], bytes]] = []

    async def send(self, method: str, path: str, **options: object) -> httpx2.Response:
        self.application.app.state.ids = lambda: UUID(int=next(self._ids))
        response = await self.http.request(method, path, **options)
        headers, request_id = dict(response.headers), response.headers["Request-Id"]
        headers["request-id"] = "its id"
        content = response.content.replace(request_id.encode(), b"its id")
        self.responses.append((path, response.status_code, headers, content))
        return response

    async def push(self, measure: str, period: str, total: int, *, dry_run: bool = False, **options: object) -> None:
        return_ = {"measure": measure, "period": period, "observations": [{"area": CITY, "value": total}]}
        body = {"returns": [return_], "confirm_withdrawals": True, **options}
        await self.send("POST", f"{API}/submissions", json=body, params={"dry_run": str(dry_run).lower()})


async def make_actor(application: RunningApplication, organisation: str, number: int, *scopes: Scope) -> Actor:
    return Actor(
        application,
        application.http_client(await application.issue_key(organisation, *scopes, person=organisation)),
        number,
    )


async def submit_nothing(other: Actor) -> None:
    """Submit nothing."""


async def submit_one_return(other: Actor) -> None:
    await other.push(CONVERSATIONS, Q2, 40)


async def submit_other_figures(other: Actor) -> None:
    await other.push(CONVERSATIONS, Q2, 4_000)
    await other.push(CONVERSATIONS, Q1, 3_000)


async def submit_often(other: Actor) -> None:
    for total in range(9):
        await other.push(CONVERSATIONS, Q2, total)
        await other.push(CONVERSATIONS, Q1, total, dry_run=True)
    await other.push(CONVERSATIONS, "2025", 1)


async def withdraw_return(other: Actor) -> None:
    await submit_one_return(other)
    path = f"{API}/returns/nottinghamshire-healthcare/{CONVERSATIONS}/headline/main/{Q2}/withdrawal"
    await other.send("POST", path, json={"reason": "It belongs to another provider."})


async def review_returns(other: Actor) -> None:
    """Approve, reopen and query the other partner's returns, directly in the database."""
    await submit_other_figures(other)
    async with other.application.owner.begin() as owner:
        for event, state in (("approved", "approved"), ("reopened", "pending"), ("queried", "queried")):
            await owner.exec_driver_sql(
                f"""
                insert into return_event (programme, id, "return", organisation, number, event, state, text, client,
                    by_organisation, at)
                select e.programme, gen_random_uuid(), e."return", e.organisation, e.number, '{event}', '{state}',
                    'Why?', e.client, e.by_organisation, e.at
                from return_event e join organisation o on o.id = e.organisation
                where e.event = 'recorded' and o.slug = 'nottinghamshire-healthcare'
                """
            )


async def send_every_request(first: Actor) -> None:
    """Send each kind of request that a partner may send, and follow all cursors to the end."""
    for path in ("returns", "observations"):
        for query in (
            {},
            {"limit": 1},
            {"as_of": first.application.now.isoformat()},
            {"updated_after": "2025-10-01T00:00:00Z"},
        ):
            cursor: dict[str, str] = {}
            while True:
                response = (await first.send("GET", f"{API}/{path}", params=query | cursor)).json()
                if not response["next_cursor"]:
                    break
                cursor = {"cursor": response["next_cursor"]}
    cursor = {}
    while True:
        response = (await first.send("GET", f"{API}/returns/changes", params={"limit": 2} | cursor)).json()
        if response["next_cursor"]:
            cursor = {"cursor": response["next_cursor"]}
        if not response["has_more"]:
            break
    await first.send("GET", f"{API}/returns/changes", params=cursor)
    for path in ("", "/revisions", "/comparison?older=1&newer=2", "?revision=7"):
        await first.send("GET", OWN + path)
    await first.send("GET", OWN.replace("nottingham-university-hospitals", "nottinghamshire-healthcare"))
    for kind in ("csv", "json"):
        await first.send("GET", f"{API}/measures/{CONVERSATIONS}/template.{kind}", params={"period": Q2})
    await first.send("GET", f"{API}/obligations")
    await first.send("GET", f"{OWN}/review")
    await first.send("GET", f"{API}/preview/outcomes", params={"measure": CONVERSATIONS})
    await first.send("GET", "/v1/me")


async def run_first_partner(
    application: RunningApplication, action: Action
) -> list[tuple[str, int, dict[str, str], bytes]]:
    """Return the responses to the first partner. The other partner acts between its requests."""
    first = await make_actor(application, "nottingham-university-hospitals", 1, Scope.SUBMIT, Scope.READ)
    other = await make_actor(application, "nottinghamshire-healthcare", 2, Scope.SUBMIT, Scope.READ)
    await action(other)
    await first.push(CONVERSATIONS, Q2, 50, dry_run=True)
    await first.push(CONVERSATIONS, Q2, 50)
    application.now += timedelta(minutes=1)
    await action(other)
    await first.push(CONVERSATIONS, Q2, 55, dry_run=True)
    await first.push(CONVERSATIONS, Q2, 55, note="Corrected.")
    await first.push(CONVERSATIONS, Q2, 55)
    await first.push(CONVERSATIONS, Q1, -1)
    await first.push(CONVERSATIONS, Q2, 1, organisation="nottinghamshire-healthcare")
    await first.push(CONVERSATIONS, Q1, 61)
    await action(other)
    await application.wait_for_old_transactions()
    await send_every_request(first)
    return [without_key_identifier(response) for response in first.responses]


def without_key_identifier(response: tuple[str, int, dict[str, str], bytes]) -> tuple[str, int, dict[str, str], bytes]:
    """Return the response without the key's identifier, which is random on each server."""
    path, status, headers, content = response
    if path == "/v1/me":
        content = json.dumps(json.loads(content) | {"key": ""}).encode()
        headers = {name: value for name, value in headers.items() if name != "etag"}  # a hash of the content
    return path, status, headers, content


@pytest.mark.parametrize(
    "action", [submit_one_return, submit_other_figures, submit_often, withdraw_return, review_returns]
)
async def test_actions_of_other_partners_change_no_response_to_a_partner(application, second_application, action):
    undisturbed, disturbed = (
        await run_first_partner(application, submit_nothing),
        await run_first_partner(second_application, action),
    )
    assert len(undisturbed) == len(disturbed)
    for expected, actual in zip(undisturbed, disturbed, strict=True):
        assert expected == actual
    statuses = {status for _, status, _, _ in undisturbed}
    assert {200, 201, 403, 404, 422} <= statuses
    assert 500 not in statuses
