"""Fill the example programme through its API, as partners, reviewers and publishers would: submit, decide, publish."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from http import HTTPStatus
from typing import Any

import httpx2
from msgspec import Struct
from msgspec.structs import replace

from api.plan.catalogue import Catalogue
from api.sandbox_returns import (
    InventedReturn,
    PublishedLevel,
    invent_returns,
    invent_statistics,
    list_financial_years,
    list_rolling_periods,
)
from schema.measures import UNCOUNTED_KINDS
from schema.partners import Scope

log = logging.getLogger("work_health")
Json = dict[str, Any]
RETURNS_PER_SUBMISSION = 6
POLL_SECONDS = 1
SUBMIT_SCOPES = (Scope.SUBMIT, Scope.READ)
REVIEW_SCOPES = (Scope.REVIEW, Scope.PUBLISH, Scope.READ)
SENT_IN_REFERENCE = ("nottingham-city-council", "ips-primary-care-referrals", "FY2025-26-Q2")
CORRECTED = {("nottinghamshire-healthcare", "ips-engagements", f"FY2025-26-{quarter}") for quarter in ("Q2", "Q3")}
"""The reference decides on corrections of these returns."""
IssueKey = Callable[[str, list[Scope]], Awaitable[str]]
"""`await issue(organisation, scopes)` returns a key."""


class Filling(Struct, frozen=True, kw_only=True):
    """The content of the filled example: its returns by state, who sent them, and its releases."""

    states: Counter[str]
    organisations: int
    releases: int


class SandboxFiller:
    """Sends requests to a running server, with keys for each organisation."""

    def __init__(self, http: httpx2.AsyncClient, programme: str, issue: IssueKey) -> None:
        self.http, self.address, self._issue = http, f"/v1/programmes/{programme}", issue
        self._keys: dict[tuple[str, tuple[Scope, ...]], str] = {}
        self._uncounted: set[str] = set()
        self._sent: set[tuple[str | int, ...]] = set()

    async def fill(self, catalogue: Catalogue, today: date) -> Filling:
        """Submit, decide and publish. The newest period is left in every state that a review can have.

        What others send meanwhile is left to them: it is neither replaced nor approved.
        """
        self._uncounted = {one.slug for one in catalogue.plan.measures if one.kind in UNCOUNTED_KINDS}
        left_alone = {_identify(one)[:5] for one in await self._list_returns()}
        levels = list_levels(today)
        for publisher, content in invent_statistics(catalogue, levels):
            await self._submit(publisher, [content])
        returns = [
            _leave_out_cells(one, catalogue.plan.area)
            for one in invent_returns(catalogue, today)
            if _identify_content(one) not in left_alone
        ]
        newest = max((one.period_end for one in returns), default=today)
        earlier = [one for one in returns if one.period_end < newest]
        half = len(earlier) * 2 // 3
        await self._submit_all(earlier[:half])
        await self._approve_all()
        await self._publish("The first release of the example. All values are invented.")
        await self._submit_all(earlier[half:])
        await self._approve_all()
        await self._publish("The second release of the example. All values are invented.")
        latest = [one for one in returns if one.period_end == newest]
        await self._submit_all(latest[: len(latest) * 2 // 3])  # the rest is overdue
        await self._leave_in_states()
        for one in returns:
            if (one.organisation, one.content["measure"], one.content["period"]) in CORRECTED:
                await self._submit(one.organisation, [_correct(one.content)])
        sent = await self._list_returns()
        return Filling(
            states=Counter(one["kind"] if one["kind"] == "withdrawn" else one["state"] for one in sent),
            organisations=len({one["organisation"] for one in sent}),
            releases=2,
        )

    async def _submit_all(self, returns: Sequence[InventedReturn]) -> None:
        by_organisation: defaultdict[str, list[Json]] = defaultdict(list)
        for one in returns:
            by_organisation[one.organisation].append(one.content)
        for organisation, contents in by_organisation.items():
            for start in range(0, len(contents), RETURNS_PER_SUBMISSION):
                await self._submit(organisation, contents[start : start + RETURNS_PER_SUBMISSION])

    async def _submit(self, organisation: str, contents: Sequence[Json]) -> None:
        body = {"returns": list(contents), "note": "Invented, to try things out."}
        response = await self._post(organisation, SUBMIT_SCOPES, "/submissions", body)
        if response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:  # a changed plan may refuse what is invented
            codes = {finding["code"] for finding in response.json()["errors"]}
            log.warning("The example has no returns of %s: %s.", organisation, ", ".join(sorted(codes)))
        else:
            answer = response.raise_for_status().json()
            self._sent |= {_identify(one | {"organisation": organisation}) for one in answer["returns"]}

    async def _approve_all(self) -> None:
        for one in await self._list_waiting():
            await self._decide(one, "approval", {})
            if one["measure"] in self._uncounted:
                await self._clear(one)

    async def _clear(self, one: Json) -> None:
        """Clear every item or entry of a return for the release: invented texts name nobody."""
        key = await self._find_key("nottingham-city-council", REVIEW_SCOPES)
        detail = await self._get(f"{self.address}/returns/{one['organisation']}/{_name_path(one)}", key)
        count = len(detail["items"] or detail["entries"] or ())
        await self._decide(one, "clearance", {"entries": list(range(1, count + 1))})

    async def _decide(self, one: Json, decision: str, body: Json) -> None:
        """Decide as an organisation that did not send the return."""
        reviewer = "nhs-nottingham-nottinghamshire-icb"
        if one["organisation"] == reviewer:
            reviewer = "nottingham-city-council"
        response = await self._post(
            reviewer,
            REVIEW_SCOPES,
            f"/returns/{one['organisation']}/{_name_path(one)}/{decision}",
            {"revision": one["revision"]} | body,
        )
        response.raise_for_status()

    async def _leave_in_states(self) -> None:
        """Approve some of the newest returns, query one, withdraw one, and leave the others to be reviewed."""
        waiting = await self._list_waiting()
        for one in waiting[: len(waiting) // 3]:
            await self._decide(one, "approval", {})
        for one in waiting[-2:-1]:
            identity = {name: one[name] for name in ("measure", "series", "service")} | {
                "period": one["period"]["code"]
            }
            withdrawal = identity | {"kind": "withdrawn", "note": "Sent for the wrong quarter."}
            await self._submit(one["organisation"], [withdrawal])
        for one in waiting[-1:]:
            await self._decide(one, "query", {"reason": "This is more than in earlier quarters. Is it right?"})

    async def _publish(self, notes: str) -> None:
        """Make a release and wait for it. Raises RuntimeError if it fails."""
        response = await self._post("nottingham-city-council", REVIEW_SCOPES, "/releases", {"notes": notes})
        response.raise_for_status()
        address = f"{self.address}/publications/{response.json()['id']}"
        key = await self._find_key("nottingham-city-council", REVIEW_SCOPES)
        while (state := (await self._get(address, key))["state"]) in ("queued", "running"):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        if state != "published":
            raise RuntimeError(f"The publication ended as {state}.")

    async def _list_waiting(self) -> list[Json]:
        """Return the pending revisions that this process sent."""
        return [one for one in await self._list_returns("pending") if _identify(one) in self._sent]

    async def _list_returns(self, state: str = "") -> list[Json]:
        key = await self._find_key("nottingham-city-council", REVIEW_SCOPES)
        listed: list[Json] = []
        cursor, selection = "", f"&state={state}" if state else ""
        while True:
            page = await self._get(f"{self.address}/returns?limit=200{cursor}{selection}", key)
            listed += page["items"]
            if page["next_cursor"] is None:
                return listed
            cursor = f"&cursor={page['next_cursor']}"

    async def _get(self, address: str, key: str) -> Json:
        response = await self.http.get(address, headers={"Authorization": f"Bearer {key}"})
        return response.raise_for_status().json()

    async def _post(self, organisation: str, scopes: tuple[Scope, ...], path: str, body: Json) -> httpx2.Response:
        key = await self._find_key(organisation, scopes)
        return await self.http.post(self.address + path, headers={"Authorization": f"Bearer {key}"}, json=body)

    async def _find_key(self, organisation: str, scopes: tuple[Scope, ...]) -> str:
        if (organisation, scopes) not in self._keys:
            self._keys[organisation, scopes] = await self._issue(organisation, list(scopes))
        return self._keys[organisation, scopes]


def _name_path(one: Json) -> str:
    return "/".join((one["measure"], one["series"], one["service"], one["period"]["code"]))


def _identify(one: Json) -> tuple[str | int, ...]:
    """Return what names a return, and its revision."""
    names = (one["organisation"], one["measure"], one["series"], one["service"], one["period"]["code"])
    return (*names, one["revision"])


def _identify_content(one: InventedReturn) -> tuple[str, ...]:
    return (one.organisation, *(one.content[name] for name in ("measure", "series", "service", "period")))


def _leave_out_cells(one: InventedReturn, area: str) -> InventedReturn:
    """Return the return. If the reference sends it too, leave the cells by sex only.

    The reference sends no others, and a submission has to confirm that it withdraws cells.
    """
    if (one.organisation, one.content["measure"], one.content["period"]) != SENT_IN_REFERENCE:
        return one
    cells = [cell for cell in one.content["observations"] if cell["area"] == area and _is_by_sex(cell)]
    return replace(one, content=one.content | {"observations": cells})


def _is_by_sex(cell: Json) -> bool:
    return set(cell.get("breakdown", {})) <= {"sex"}


def _correct(content: Json) -> Json:
    first, *others = content["observations"]
    return content | {"observations": [first | {"note": "Counted again after two forms came late."}, *others]}


def format_filling(filling: Filling, page: str) -> str:
    """Return what the operator reads when the example is filled: its content, and the addresses of its pages."""
    states = ", ".join(f"{count} {state}" for state, count in sorted(filling.states.items()))
    lines = [
        "The example is ready. All its values are invented.",
        f"  {filling.organisations} organisations sent {filling.states.total()} returns: {states}.",
        f"  {filling.releases} releases. What they show, the logic model, and the returns (sign in with the key):",
        *(f"  {page}{path}" for path in ("", "/logic-model", "/returns")),
    ]
    return "\n".join(lines)


def list_levels(today: date) -> dict[tuple[str, str], PublishedLevel]:
    """Return what is invented of each published series of the bundled plan."""
    survey = list_rolling_periods(today, months=12, every=3, count=8, lag=3)
    winters = [f"R3-{year}-02" for year in range(today.year - 5, today.year + 1)]
    years = list_financial_years(today, count=6, lag=2)
    inactive, gap = "economic-inactivity-ill-health", "ltc-employment-gap"
    return {
        (inactive, "lts-of-population-16-64"): PublishedLevel(periods=survey, start=9.8, change=-0.1, half_width=1.8),
        (inactive, "lts-of-inactive-16-64"): PublishedLevel(periods=survey, start=30.1, change=-0.3, half_width=5.1),
        ("neet-16-17", "neet-la"): PublishedLevel(
            periods=winters, start=5.2, change=-0.2, half_width=0, denominator=7400
        ),
        (gap, "headline"): PublishedLevel(periods=years, start=11.9, change=-0.3, half_width=5.0),
        ("ltc-employment-rate", "headline"): PublishedLevel(periods=years, start=62.0, change=0.5, half_width=4.0),
    }
