"""Returns of made-up people to the harbour's programme, approved and published."""

from collections.abc import Iterable, Mapping
from itertools import product

from schema.partners import Scope
from tests.harbour import EAST, TOWN, WEST

UNKNOWN = "E06999999-unknown"
QUARTERS = (EAST, WEST, UNKNOWN)
SEXES = ("female", "male", "unknown")
People = Mapping[tuple[str, str], int]
"""How many of each quarter and sex."""


def counted(people: People, area: str, sex: str | None) -> int:
    return sum(n for (quarter, its), n in people.items() if area in (TOWN, quarter) and sex in (None, its))


def learners(period: str, people: People) -> dict:
    """A whole return, with all its totals."""
    cells = [
        {"area": area, "breakdown": {} if sex is None else {"sex": sex}, "value": counted(people, area, sex)}
        for area, sex in product((TOWN, *QUARTERS), (None, *SEXES))
    ]
    return {"measure": "learners", "period": period, "observations": cells}


def pass_rate(period: str, passed: People, examined: People) -> dict:
    cells = [
        {
            "area": area,
            "breakdown": {} if sex is None else {"sex": sex},
            "numerator": counted(passed, area, sex),
            "denominator": counted(examined, area, sex),
        }
        for area, sex in product((TOWN, *QUARTERS), (None, *SEXES))
    ]
    return {"measure": "pass-rate", "period": period, "observations": cells}


class Press:
    """Pushes, approves and publishes in one programme."""

    def __init__(self, world, programme: str, *, owner: str | None = None) -> None:
        self.world, self.programme = world, programme
        self.owner = owner or ("harbour-council" if programme.startswith("harbour") else "nottingham-city-council")
        self.revisions: dict[tuple[str, str], int] = {}

    async def http(self, organisation: str, *scopes: Scope):
        return self.world.http(await self.world.key(organisation, *scopes, programme=self.programme))

    async def returned(self, organisation: str, *returns: dict) -> None:
        """Sent and approved."""
        http = await self.http(organisation, Scope.SUBMIT)
        body = {"returns": list(returns), "confirm_withdrawals": True}
        answer = await http.post(f"/v1/programmes/{self.programme}/submissions", json=body)
        assert answer.status_code == 201, answer.text
        reviewer = await self.http(self.owner, Scope.REVIEW)
        for one in answer.json()["returns"]:
            where = "/".join([one["measure"], one["series"], one["service"], one["period"]["code"]])
            if one["revision"] == self.revisions.get((organisation, where)):
                continue
            self.revisions[organisation, where] = one["revision"]
            approved = await reviewer.post(
                f"/v1/programmes/{self.programme}/returns/{organisation}/{where}/approval",
                json={"revision": one["revision"]},
            )
            assert approved.status_code == 201, approved.text

    async def publish(self, *, dry_run: bool = False, **request: object) -> dict:
        """The publication, once it has ended."""
        http = await self.http(self.owner, Scope.PUBLISH)
        answer = await http.post(f"/v1/programmes/{self.programme}/releases", params={"dry_run": dry_run}, json=request)
        assert answer.status_code == 202, answer.text
        await self.world.publish()
        ended = await http.get(f"/v1/programmes/{self.programme}/publications/{answer.json()['id']}")
        return ended.json()

    async def read(self, path: str = "outcomes", **params: object):
        """As anybody may, without a key."""
        return await self.world.http().get(f"/v1/programmes/{self.programme}/{path}", params=params)

    async def figures(self, **params: object) -> list[dict]:
        """Every figure that is asked for, page by page."""
        found: list[dict] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.read(**params, **cursor)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


def by_place(figures: Iterable[dict]) -> dict[tuple, dict]:
    return {(f["area"], f["period"]["code"], *sorted(f["breakdown"].items())): f for f in figures}
