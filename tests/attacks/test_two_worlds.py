"""Two worlds that differ in what is hidden alone: not a byte of what the public, or a provider, is answered differs.

What one provider returned differs where nothing of it may show: few or none, left out or not, all of a group or not,
nil or few, corrected by a few or not at all.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product

import numpy as np

from api.plan import queries_loading
from schema.partners import Scope
from tests.conftest import HARBOUR_PLAN_FILE, RunningApplication
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import UNKNOWN_AREA, ReleaseClient, make_learners_return, make_pass_rate_return

JUNE, JULY = "2026-06", "2026-07"
QUAY = {(EAST, "female"): 31, (EAST, "male"): 20, (WEST, "female"): 0, (WEST, "male"): 28}
PIER = {(EAST, "female"): 12, (EAST, "male"): 22, (WEST, "female"): 2, (WEST, "male"): 15}
EXAMINED = {(EAST, "female"): 40, (EAST, "male"): 30, (WEST, "female"): 25, (WEST, "male"): 35}
ONLY = {"area": TOWN, "breakdown": {}}


def of_quay() -> list[dict]:
    passed = {(EAST, "female"): 21, (EAST, "male"): 1, (WEST, "female"): 25, (WEST, "male"): 18}
    return [
        make_learners_return(JUNE, QUAY),
        make_learners_return(JULY, QUAY),
        make_pass_rate_return(JULY, passed, EXAMINED),
        {"measure": "on-roll", "period": JULY, "observations": [ONLY | {"value": 2}]},
        {"measure": "members", "period": JULY, "observations": [ONLY | {"value": 4}]},
    ]


def of_pier(*, other: bool) -> list[dict]:
    """Each cell that differs is hidden, and no sum over it is rounded to another number."""
    few = PIER | ({(WEST, "female"): 0} if other else {})
    july = make_learners_return(JULY, PIER)
    if other:
        july["observations"] = [cell for cell in july["observations"] if not left_out(cell)]
    passed = {(EAST, "female"): 20, (EAST, "male"): 3, (WEST, "female"): 23, (WEST, "male"): 18}
    if other:  # all of a group passed, and fewer of another
        passed |= {(EAST, "male"): 1, (WEST, "female"): 25}
    on_roll = {"observations": [ONLY | {"value": 3}]} if other else {"kind": "nil"}
    return [
        make_learners_return(JUNE, few),
        july,
        make_pass_rate_return(JULY, passed, EXAMINED),
        {"measure": "on-roll", "period": JULY} | on_roll,
        {"measure": "members", "period": JULY, "observations": [ONLY | {"value": 0 if other else 1}]},
    ]


def left_out(cell: Mapping) -> bool:
    return cell["area"] == WEST and cell["breakdown"] == {"sex": "female"}


async def life(application: RunningApplication, *, other: bool) -> ReleaseClient:
    """Two releases. Before June closes, the other world's provider corrects figures by a few."""
    application.now = datetime(2026, 8, 5, 9, 30, tzinfo=UTC)
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    press = ReleaseClient(application, plan.slug)
    await press.submit_and_approve("quay-college", *of_quay())
    await press.submit_and_approve("pier-college", *of_pier(other=other))
    await voices(press, other=other)
    assert (await press.publish())["state"] == "published"
    if other:
        await press.submit_and_approve(
            "pier-college", make_learners_return(JUNE, PIER | {(WEST, "female"): 1, (WEST, "male"): 17})
        )
    application.now = datetime(2026, 8, 20, 9, 30, tzinfo=UTC)
    assert (await press.publish())["state"] == "published"
    return press


async def voices(press: ReleaseClient, *, other: bool) -> None:
    """Of what quay tells, the first entry is cleared; the other world has a second, and fewer people."""
    told = [{"domain": "design", "title": "A panel", "date": "2026-07-09", "people": 1 if other else 9}]
    if other:
        told.append({"domain": "delivery", "title": "Talks with Zebedee", "date": "2026-07-02", "people": 1})
    await press.submit_and_approve("quay-college", {"measure": "learner-voice", "period": JULY, "entries": told})
    reviewer = await press.http_client(press.owner, Scope.REVIEW)
    cleared = await reviewer.post(
        f"/v1/programmes/{press.programme}/returns/quay-college/learner-voice/headline/main/{JULY}/clearance",
        json={"revision": 1, "entries": [1]},
    )
    assert cleared.status_code == 201, cleared.text


GROUPED = [{}, {"group_by": "sex"}, {"group_by": "quarter"}, {"group_by": ["sex", "quarter"]}, {"group_by": "need"}]
ASKED: dict[str, list[dict]] = {
    "": [{}],
    "/areas": [{}],
    "/areas.csv": [{}],
    "/dimensions": [{}],
    "/inequality": [
        {"measure": "pass-rate", "dimension": "sex", "category": "female", "reference_category": "male", "period": JULY}
        | more
        for more in ({}, {"area": EAST}, {"area": WEST}, {"area": "E06999998"}, {"period": "2026-08"})
    ],
    "/logic-model": [{}],
    "/logic-model/gaps": [{}],
    "/logic-model/outcomes": [{}],
    "/measures": [{}],
    "/measures/learners": [{}],
    "/organisations": [{}],
    "/outcomes": [
        *({"from": "2026-04", "to": JULY, "within": TOWN} | grouped for grouped in GROUPED),
        *({"period": "FY2026-27-Q1", "labels": "true", "min_coverage": "0.1"} | grouped for grouped in GROUPED[:2]),
        *({"limit": 3, "measure": "learners", "period": JULY} | grouped for grouped in GROUPED),
        {"measure": "learners", "group_by": "colour"},
        {"measure": "learners", "breakdown": "sex=femal"},
        {"measure": "learners", "organisation": "pier-college"},
        {"measure": "learners", "cursor": "x"},
        {"period": "latest-1"},
        {"series": "headline", "theme": "skills"},
    ],
    "/outcomes.csv": [{"within": TOWN, "period": JULY} | grouped for grouped in GROUPED],
    "/outcomes.geojson": [
        {"measure": measure, "level": "quarter", "period": JULY} for measure in ("learners", "pass-rate", "on-roll")
    ],
    "/outcomes.json-stat": [{"within": TOWN, "period": JULY} | grouped for grouped in GROUPED],
    "/outcomes.sdmx.csv": [{"within": TOWN, "period": JULY} | grouped for grouped in GROUPED],
    "/outcomes/availability": [{}, {"measure": "learners"}],
    "/periods": [{}],
    "/progress": [{}],
    "/releases": [{}],
    "/releases/{number}": [{}],
    "/releases/{number}/changes": [{}, {"limit": 7}],
    "/releases/{release}/entries": [
        {},
        {"limit": 1},
        {"measure": "learner-voice"},
        {"period": JULY},
        {"measure": "members"},
    ],
}
"""Whatever everybody may read of a programme, by the end of its path."""


async def heard(press: ReleaseClient, key: str | None) -> dict[tuple, tuple]:
    """Every answer with its headers, a second time out of the memory, and once more where nothing has changed."""
    http = press.application.http_client(key)
    found: dict[tuple, tuple] = {}
    for (path, queries), release in product(ASKED.items(), ("1", "2", "3")):
        for query in queries:
            address = f"/v1/programmes/{press.programme}{path.format(number=release, release=release)}"
            params = query if "{" in path else {"release": release} | query
            for again in range(2):
                answer = await http.get(address, params=params, headers={"Request-Id": "one-and-the-same"})
                tag = answer.headers.get("etag", "")
                seen = (answer.status_code, sorted(answer.headers.items()), answer.content)
                found[address, str(params), again] = seen
            known = await http.get(
                address, params=params, headers={"Request-Id": "one-and-the-same", "If-None-Match": tag}
            )
            found[address, str(params), "known"] = (known.status_code, sorted(known.headers.items()), known.content)
    return found


async def test_not_a_byte_differs_where_only_what_is_hidden_differs(application, second_application):
    presses = [await life(application, other=False), await life(second_application, other=True)]
    for who in (None, "quay-college"):
        told = [
            await heard(press, who and await press.application.issue_key(who, Scope.READ, programme=press.programme))
            for press in presses
        ]
        assert [place for place, answer in told[0].items() if answer != told[1][place]] == []
        assert {status for status, _, _ in told[0].values()} == {200, 304, 404, 422}
    shown = await presses[0].read_figures(measure="learners", period=JUNE, within=TOWN, group_by="sex")
    assert [figure["value"] for figure in shown if figure["area"] != UNKNOWN_AREA] == [
        *(45, 85, None),
        *(45, 40, None),
        *(None, 45, None),
    ]
    await storm(presses[0])


async def storm(press: ReleaseClient) -> None:
    """Each cell is one figure however it is asked for, in rows, pages and other forms: nothing averages out."""
    chance = np.random.default_rng(11)
    known: dict[tuple, dict] = {}
    for _ in range(60):
        grouped = GROUPED[chance.integers(4)]
        ask = {
            "measure": chance.permutation(["learners", "pass-rate", "on-roll", "members"])[:2].tolist(),
            "period": chance.permutation([JUNE, JULY, "FY2026-27-Q1", "CY2026-Q2"])[:2].tolist(),
            "limit": (1, 4, 1000)[chance.integers(3)],
            "release": ("2", "latest")[chance.integers(2)],
        }
        if "quarter" not in str(grouped):
            ask["area"] = chance.permutation([TOWN, EAST, WEST])[:2].tolist()
        answer = await press.read(**ask, **grouped)
        for figure in answer.json().get("items", []):
            place = (figure["measure"], figure["period"]["code"], figure["area"], str(figure["breakdown"]))
            assert known.setdefault(place, figure) == figure
    assert len(known) > 40


async def test_every_channel_that_needs_no_key_is_compared(application):
    schema = application.app.openapi_schema.to_schema()
    without_key = {
        path.removeprefix("/v1/programmes/{programme}")
        for path, item in schema["paths"].items()
        if "get" in item and not item["get"].get("security") and path.startswith("/v1/programmes/{programme}")
    }
    assert {path.replace("/{measure}", "/learners") for path in without_key} == set(ASKED)
