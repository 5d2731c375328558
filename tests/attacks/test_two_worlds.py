"""Two servers whose true counts differ and whose displayed counts agree: every response to others is identical.

One provider's returns differ in small counts: a small count or zero, a cell that is omitted or not, all of a group or
not, nil or a small count, and a small correction or none. Its draws are chosen so that both display the same.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count, product

import numpy as np

from api.plan import queries_loading
from schema.partners import Scope
from tests.conftest import HARBOUR_PLAN_FILE, RunningApplication
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import UNKNOWN_AREA, ReleaseClient, make_learners_return, make_pass_rate_return
from tests.fixtures.release_fixtures import NAME_BY_AREA, list_scopes, protect_rows

JUNE, JULY = "2026-06", "2026-07"
QUAY_PEOPLE = {(EAST, "female"): 31, (EAST, "male"): 20, (WEST, "female"): 0, (WEST, "male"): 28}
PIER_PEOPLE = {(EAST, "female"): 12, (EAST, "male"): 22, (WEST, "female"): 2, (WEST, "male"): 15}
EXAMINED = {(EAST, "female"): 40, (EAST, "male"): 30, (WEST, "female"): 25, (WEST, "male"): 35}
TOTAL = {"area": TOWN, "breakdown": {}}


def build_quay_returns() -> list[dict]:
    passed = {(EAST, "female"): 21, (EAST, "male"): 1, (WEST, "female"): 25, (WEST, "male"): 18}
    return [
        make_learners_return(JUNE, QUAY_PEOPLE),
        make_learners_return(JULY, QUAY_PEOPLE),
        make_pass_rate_return(JULY, passed, EXAMINED),
        {"measure": "on-roll", "period": JULY, "observations": [TOTAL | {"value": 2}]},
        {"measure": "members", "period": JULY, "observations": [TOTAL | {"value": 4}]},
    ]


def build_pier_returns(*, other: bool) -> list[dict]:
    june = PIER_PEOPLE | ({(WEST, "female"): 0} if other else {})
    july = make_learners_return(JULY, PIER_PEOPLE)
    if other:
        july["observations"] = [cell for cell in july["observations"] if not is_hidden_cell(cell)]
    passed = {(EAST, "female"): 20, (EAST, "male"): 3, (WEST, "female"): 24, (WEST, "male"): 18}
    if other:  # all of one group passed, and fewer of another
        passed |= {(EAST, "male"): 2, (WEST, "female"): 25}
    on_roll = {"observations": [TOTAL | {"value": 3}]} if other else {"kind": "nil"}
    return [
        make_learners_return(JUNE, june),
        july,
        make_pass_rate_return(JULY, passed, EXAMINED),
        {"measure": "on-roll", "period": JULY} | on_roll,
        {"measure": "members", "period": JULY, "observations": [TOTAL | {"value": 0 if other else 1}]},
    ]


def choose_seeds() -> list[int]:
    """Return for each return of the provider a seed with which both servers display the same."""
    pairs = zip(build_pier_returns(other=False), build_pier_returns(other=True), strict=True)
    return [
        next(seed for seed in count(1) if have_same_display(*(display(content, seed) for content in pair)))
        for pair in pairs
    ]


def display(content: dict, seed: int) -> tuple[np.ndarray, np.ndarray]:
    name = f"pier {content['measure']} {content['period']}"
    rows = [format_row(name, cell) for cell in content.get("observations", ())] or [f"{name} nil"]
    scope = list_scopes()[f"{content['measure']}/headline {content['period']}"]
    contribution = protect_rows(scope, *rows, seed=seed).contribution
    return contribution.present, contribution.displayed


def format_row(name: str, cell: Mapping) -> str:
    number = cell["value"] if "value" in cell else f"{cell['numerator']}/{cell['denominator']}"
    return " ".join(
        [name, NAME_BY_AREA[cell["area"]], *(f"{d}={c}" for d, c in cell["breakdown"].items()), f"{number}"]
    )


def have_same_display(first, second) -> bool:
    """Return True if displayed counts agree; one that only one return has must be 0, so that its sum is hidden."""
    both, one = first[0] & second[0], first[0] ^ second[0]
    shown = np.where(first[0], first[1], second[1])
    return (first[1] == second[1])[both].all() and bool((shown[one] == 0).all())


def is_hidden_cell(cell: Mapping) -> bool:
    return cell["area"] == WEST and cell["breakdown"] == {"sex": "female"}


async def publish_two_releases(application: RunningApplication, seeds: list[int], *, other: bool) -> ReleaseClient:
    """Publish two releases. Before June closes, the other server's provider corrects small counts."""
    application.now = datetime(2026, 8, 5, 9, 30, tzinfo=UTC)
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    press = ReleaseClient(application, plan.slug)
    await press.submit_and_approve("quay-college", *build_quay_returns())
    await application.run_publication_jobs()
    for content, seed in zip(build_pier_returns(other=other), seeds, strict=True):
        application.seeds = count(seed)
        await press.submit_and_approve("pier-college", content)
        await application.run_publication_jobs()
    await submit_entries(press, other=other)
    assert (await press.publish())["state"] == "published"
    if other:
        await press.submit_and_approve(
            "pier-college", make_learners_return(JUNE, PIER_PEOPLE | {(WEST, "female"): 1, (WEST, "male"): 19})
        )
    application.now = datetime(2026, 8, 20, 9, 30, tzinfo=UTC)
    assert (await press.publish())["state"] == "published"
    return press


async def submit_entries(press: ReleaseClient, *, other: bool) -> None:
    """Submit evidence and clear its first entry. The other server has a second entry and counts fewer people."""
    entries = [{"domain": "design", "title": "A panel", "date": "2026-07-09", "people": 1 if other else 9}]
    if other:
        entries.append({"domain": "delivery", "title": "Talks with Zebedee", "date": "2026-07-02", "people": 1})
    await press.submit_and_approve("quay-college", {"measure": "learner-voice", "period": JULY, "entries": entries})
    reviewer = await press.http_client(press.owner, Scope.REVIEW)
    cleared = await reviewer.post(
        f"/v1/programmes/{press.programme}/returns/quay-college/learner-voice/headline/main/{JULY}/clearance",
        json={"revision": 1, "entries": [1]},
    )
    assert cleared.status_code == 201, cleared.text


GROUPED = [{}, {"group_by": "sex"}, {"group_by": "quarter"}, {"group_by": ["sex", "quarter"]}, {"group_by": "need"}]
REQUESTS: dict[str, list[dict]] = {
    "": [{}],
    "/areas": [{}],
    "/areas.csv": [{}],
    "/dimensions": [{}],
    "/inequality": [
        {"measure": "pass-rate", "dimension": "sex", "category": "female", "reference_category": "male", "period": JULY}
        | changes
        for changes in ({}, {"area": EAST}, {"area": WEST}, {"area": "E06999998"}, {"period": "2026-08"})
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
    "/outcomes/structure.xml": [{}],
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
"""Every request that needs no key, by the end of its path in the programme."""


OWN_REQUESTS: dict[str, list[dict]] = {
    "/obligations": [{}],
    "/observations": [{"measure": "learners"}],
    "/organisations": [{}],
    "/preview/inequality": REQUESTS["/inequality"],
    "/preview/logic-model": [{}],
    "/preview/outcomes": [{"period": period, **grouped} for period in (JUNE, JULY) for grouped in GROUPED],
    "/preview/outcomes.csv": [{"within": TOWN, "period": JULY}],
    "/preview/progress": [{}],
    "/redactions": [{}],
    "/returns": [{}],
    "/returns/changes": [{}],
    "/returns/pier-college/learners/headline/main/2026-07": [{}],
    "/returns/quay-college/learners/headline/main/2026-07": [{}],
    "/returns/quay-college/learners/headline/main/2026-07/review": [{}],
}
"""Requests of a provider about its own returns, and about another's, which it may not read."""
SERVER_FIELDS = {"id", "request_id", "submission", "receipt", "dry_run_token", "correlation", "cursor", "next_cursor"}
"""Fields that are different on every server."""


async def read_own_responses(press: ReleaseClient) -> dict[tuple, tuple]:
    """Return what a provider sees of its own returns, and the findings and effects of a dry run."""
    http = await press.http_client("quay-college", Scope.READ, Scope.SUBMIT)
    address = f"/v1/programmes/{press.programme}"
    responses: dict[tuple, tuple] = {}
    for path, queries in OWN_REQUESTS.items():
        for query in queries:
            answer = await http.get(address + path, params=query)
            responses[path, str(query)] = answer.status_code, remove_server_fields(answer)
    changed = make_learners_return(JULY, QUAY_PEOPLE | {(WEST, "female"): 3, (EAST, "male"): 900})
    for content in (changed, {"measure": "members", "period": JULY, "observations": [TOTAL | {"value": 40}]}):
        body = {"returns": [content]}
        answer = await http.post(f"{address}/submissions", params={"dry_run": True}, json=body)
        responses["dry run", content["measure"]] = answer.status_code, remove_server_fields(answer)
    return responses


def remove_server_fields(answer) -> object:
    def remove(value):
        if isinstance(value, dict):
            return {name: remove(part) for name, part in value.items() if name not in SERVER_FIELDS}
        return [remove(part) for part in value] if isinstance(value, list) else value

    return remove(answer.json()) if "json" in answer.headers["content-type"] else answer.text


def remove_request_id(response) -> tuple:
    """Return the response without the id of its request."""
    headers = sorted(header for header in response.headers.items() if header[0] != "request-id")
    return response.status_code, headers, response.content.replace(response.headers["Request-Id"].encode(), b"")


async def read_responses(press: ReleaseClient, key: str | None) -> dict[tuple, tuple]:
    """Return each response with its headers: the first, the cached one, and the one to `If-None-Match`."""
    http = press.application.http_client(key)
    responses: dict[tuple, tuple] = {}
    for (path, queries), release in product(REQUESTS.items(), ("1", "2", "3")):
        for query in queries:
            address = f"/v1/programmes/{press.programme}{path.format(number=release, release=release)}"
            params = query if "{" in path else {"release": release} | query
            for attempt in range(2):
                response = await http.get(address, params=params)
                tag = response.headers.get("etag", "")
                responses[address, str(params), attempt] = remove_request_id(response)
            unchanged = await http.get(address, params=params, headers={"If-None-Match": tag})
            responses[address, str(params), "known"] = remove_request_id(unchanged)
    return responses


async def test_responses_are_identical_if_only_hidden_counts_differ(application, second_application):
    seeds = choose_seeds()
    presses = [
        await publish_two_releases(application, seeds, other=False),
        await publish_two_releases(second_application, seeds, other=True),
    ]
    for organisation in (None, "quay-college"):
        responses = [
            await read_responses(
                press,
                organisation and await press.application.issue_key(organisation, Scope.READ, programme=press.programme),
            )
            for press in presses
        ]
        assert [request for request, response in responses[0].items() if response != responses[1][request]] == []
        assert {status for status, _, _ in responses[0].values()} == {200, 304, 404, 422}
    own = [await read_own_responses(press) for press in presses]
    assert [request for request, response in own[0].items() if response != own[1][request]] == []
    assert {path: status for (path, _), (status, _) in own[0].items() if status != 200} == {
        "/returns/pier-college/learners/headline/main/2026-07": 404,
        **{path: 403 for path in OWN_REQUESTS if path.startswith("/preview")},
    }
    shown = await presses[0].read_figures(measure="learners", period=JUNE, within=TOWN, group_by="sex")
    values = [figure["value"] for figure in shown if figure["area"] != UNKNOWN_AREA]
    assert [value is not None for value in values] == [True, True, False, True, True, False, False, True, False]
    await check_random_requests(presses[0])


async def check_random_requests(press: ReleaseClient) -> None:
    """Check that each cell has the same figure in random requests, so that an average reveals nothing."""
    random = np.random.default_rng(11)
    figures_by_cell: dict[tuple, dict] = {}
    for _ in range(60):
        grouped = GROUPED[random.integers(4)]
        query = {
            "measure": random.permutation(["learners", "pass-rate", "on-roll", "members"])[:2].tolist(),
            "period": random.permutation([JUNE, JULY, "FY2026-27-Q1", "CY2026-Q2"])[:2].tolist(),
            "limit": (1, 4, 1000)[random.integers(3)],
            "release": ("2", "latest")[random.integers(2)],
        }
        if "quarter" not in str(grouped):
            query["area"] = random.permutation([TOWN, EAST, WEST])[:2].tolist()
        response = await press.read(**query, **grouped)
        for figure in response.json().get("items", []):
            cell_key = (figure["measure"], figure["period"]["code"], figure["area"], str(figure["breakdown"]))
            assert figures_by_cell.setdefault(cell_key, figure) == figure
    assert len(figures_by_cell) > 40


async def test_every_operation_without_a_key_is_compared(application):
    schema = application.app.openapi_schema.to_schema()
    without_key = {
        path.removeprefix("/v1/programmes/{programme}")
        for path, item in schema["paths"].items()
        if "get" in item and not item["get"].get("security") and path.startswith("/v1/programmes/{programme}")
    }
    assert {path.replace("/{measure}", "/learners") for path in without_key} == set(REQUESTS)
