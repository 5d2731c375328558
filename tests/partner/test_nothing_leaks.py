"""What a partner is told rests on its own data, the plan and published releases alone.

Two worlds, the same but for what another partner does: every answer to the first partner is equal to the byte. The
clock stands still, and each partner draws its ids from a source of its own, for they are random in life.
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

Act = Callable[["Actor"], Awaitable[None]]


class Actor:
    """A partner in a world, with ids and names of requests of its own."""

    def __init__(self, application: RunningApplication, http: httpx2.AsyncClient, number: int) -> None:
        self.application, self.http = application, http
        self._ids, self._requests = count(number << 64), count(1)
        self.heard: list[tuple[str, int, dict[str, str], bytes]] = []

    async def ask(self, method: str, path: str, **more: object) -> httpx2.Response:
        self.application.app.state.ids = lambda: UUID(int=next(self._ids))
        headers = {"Request-Id": f"request-{next(self._requests):06}", **(more.pop("headers", None) or {})}
        answer = await self.http.request(method, path, headers=headers, **more)
        self.heard.append((path, answer.status_code, dict(answer.headers), answer.content))
        return answer

    async def push(self, measure: str, period: str, total: int, *, dry_run: bool = False, **more: object) -> None:
        given = {"measure": measure, "period": period, "observations": [{"area": CITY, "value": total}]}
        body = {"returns": [given], "confirm_withdrawals": True, **more}
        await self.ask("POST", f"{API}/submissions", json=body, params={"dry_run": str(dry_run).lower()})


async def actor(application: RunningApplication, organisation: str, number: int, *scopes: Scope) -> Actor:
    return Actor(application, application.http_client(await application.issue_key(organisation, *scopes)), number)


async def nothing(other: Actor) -> None:
    """The other does not report at all."""


async def one(other: Actor) -> None:
    await other.push(CONVERSATIONS, Q2, 40)


async def other_figures(other: Actor) -> None:
    await other.push(CONVERSATIONS, Q2, 4_000)
    await other.push(CONVERSATIONS, Q1, 3_000)


async def many(other: Actor) -> None:
    for total in range(9):
        await other.push(CONVERSATIONS, Q2, total)
        await other.push(CONVERSATIONS, Q1, total, dry_run=True)
    await other.push(CONVERSATIONS, "2025", 1)


async def withdrawn(other: Actor) -> None:
    await one(other)
    path = f"{API}/returns/nottinghamshire-healthcare/{CONVERSATIONS}/headline/main/{Q2}/withdrawal"
    await other.ask("POST", path, json={"reason": "It was another's."})


async def decided(other: Actor) -> None:
    """Its returns are approved, and others reviewed: written as the owner, as reviews are a stage of their own."""
    await other_figures(other)
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


async def everything_that_is_told(first: Actor) -> None:
    """Each kind of answer that a partner gets, and the cursors in them followed to the end."""
    for path in ("returns", "observations"):
        for query in (
            {},
            {"limit": 1},
            {"as_of": first.application.now.isoformat()},
            {"updated_after": "2025-10-01T00:00:00Z"},
        ):
            cursor: dict[str, str] = {}
            while True:
                answer = (await first.ask("GET", f"{API}/{path}", params=query | cursor)).json()
                if not answer["next_cursor"]:
                    break
                cursor = {"cursor": answer["next_cursor"]}
    cursor = {}
    while True:
        answer = (await first.ask("GET", f"{API}/returns/changes", params={"limit": 2} | cursor)).json()
        if answer["next_cursor"]:
            cursor = {"cursor": answer["next_cursor"]}
        if not answer["more"]:
            break
    await first.ask("GET", f"{API}/returns/changes", params=cursor)
    for path in ("", "/revisions", "/comparison?older=1&newer=2", "?revision=7"):
        await first.ask("GET", OWN + path)
    await first.ask("GET", OWN.replace("nottingham-university-hospitals", "nottinghamshire-healthcare"))
    for kind in ("csv", "json"):
        await first.ask("GET", f"{API}/measures/{CONVERSATIONS}/template.{kind}", params={"period": Q2})
    await first.ask("GET", f"{API}/obligations")
    await first.ask("GET", f"{OWN}/review")
    await first.ask("GET", f"{API}/preview/outcomes", params={"measure": CONVERSATIONS})
    await first.ask("GET", "/v1/me")


async def life(application: RunningApplication, act: Act) -> list[tuple[str, int, dict[str, str], bytes]]:
    """What the first partner hears, while the other acts between its own acts."""
    first = await actor(application, "nottingham-university-hospitals", 1, Scope.SUBMIT, Scope.READ)
    other = await actor(application, "nottinghamshire-healthcare", 2, Scope.SUBMIT, Scope.READ)
    await act(other)
    await first.push(CONVERSATIONS, Q2, 50, dry_run=True)
    await first.push(CONVERSATIONS, Q2, 50)
    application.now += timedelta(minutes=1)
    await act(other)
    await first.push(CONVERSATIONS, Q2, 55, dry_run=True)
    await first.push(CONVERSATIONS, Q2, 55, note="Corrected.")
    await first.push(CONVERSATIONS, Q2, 55)
    await first.push(CONVERSATIONS, Q1, -1)
    await first.push(CONVERSATIONS, Q2, 1, organisation="nottinghamshire-healthcare")
    await first.push(CONVERSATIONS, Q1, 61)
    await act(other)
    await application.wait_for_old_transactions()
    await everything_that_is_told(first)
    return [plain(heard) for heard in first.heard]


def plain(heard: tuple[str, int, dict[str, str], bytes]) -> tuple[str, int, dict[str, str], bytes]:
    """The key's own name and its holder's are drawn anew in each world; nothing else is taken out."""
    path, status, headers, content = heard
    if path == "/v1/me":
        content = json.dumps(json.loads(content) | {"key": ""}).encode()
        headers = {name: value for name, value in headers.items() if name != "etag"}  # a hash of the content
    return path, status, headers, content


@pytest.mark.parametrize("act", [one, other_figures, many, withdrawn, decided])
async def test_what_others_do_changes_no_byte_of_what_a_partner_is_told(application, second_application, act):
    alone, beside = await life(application, nothing), await life(second_application, act)
    assert len(alone) == len(beside)
    for told, again in zip(alone, beside, strict=True):
        assert told == again
    heard = {status for _, status, _, _ in alone}
    assert {200, 201, 403, 404, 422} <= heard
    assert 500 not in heard
