"""Call every operation as every kind of caller, and compare the responses with the table of docs/security.md.

The long form (`FUZZ=500`) has a caller for every combination of scopes, the short form one for each scope.
"""

import os
from datetime import timedelta
from itertools import chain, combinations, product
from typing import Any, NamedTuple

import httpx2
import msgspec

from api.access import queries_keys
from api.contract import EXAMPLES
from api.outcomes.formats import boundary_layer
from api.outcomes.queries_boundaries import save_boundaries
from schema.partners import Scope
from tests.conftest import RunningApplication
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from tests.spec.test_formats import make_feature, make_layer
from tools.access_table import Reach, build_access_table, list_operations

IS_LONG = int(os.environ.get("FUZZ", "8")) >= 100
OPERATIONS, TABLE = list_operations(), build_access_table()
OWNER, PROVIDER, OTHER_PROVIDER = "harbour-council", "quay-college", "pier-college"
NUMBER, PERSON = "918273", "Zebedee"
CONTENT_TABLES = ("revision", "submission", "return_event", "return", "release.release", "publication")
REFUSALS = {401, 403, 404}
OTHER_PERSON = "/errors/two-people-required"  # the caller may do it, but has proposed it
# The state that an operation leaves may refuse the next one, but never as unauthenticated, forbidden or missing.
LAST = ("propose_redaction", "withdraw_return", "withdraw_release", "confirm_redaction", "revoke_key")
OF_ANY_KEY = {name for name in TABLE if "{programme}" not in OPERATIONS[name]["path"]}
SHOWN_IN = {"get_return", "get_review", "list_observations", "get_submission", "compare_revisions"}
ENVELOPE = b'{"organisation": "quay-college", "returns": [{"measure": "learners", "period": "2026-08"}]}\n'
# These read the plan alone, so a template of another organisation's return contains nothing of it.
READS_PLAN = {"get_template", "get_template_workbook", "get_template_schema"}
SUBMISSIONS = {
    "create_submission": ENVELOPE,
    "create_submission_csv": b"measure,period,area,value\nlearners,2026-08,E06999999,12\n",
    "create_submission_ndjson": ENVELOPE + b'{"area": "E06999999", "value": 12}\n',
}
VALUES = {
    "organisation": PROVIDER, "measure": "learners", "series": "headline", "service": "main", "period": "2026-07",
    "number": "1", "release": "1", "code": "2026-07", "dimension": "sex", "category": "female",
    "reference_category": "male", "level": "quarter", "older": "1", "newer": "2",
    "key": "aaaaaaaaaa",
}  # fmt: skip


class WalkCaller(NamedTuple):
    """A kind of caller. `scopes` is None for a caller that has no valid key of the programme."""

    name: str
    authorization: str | None
    status: int = 0  # the expected refusal of every operation that needs a key
    organisation: str = ""
    scopes: frozenset[Scope] | None = None

    @property
    def key_id(self) -> str:
        """The id of the caller's own key, or of none."""
        parts = (self.authorization or "").split("_")
        return parts[2] if len(parts) > 2 else VALUES["key"]


class Walk:
    """The requests of a walk, and the differences between responses and the table."""

    def __init__(self, application: RunningApplication, values: dict[str, str]) -> None:
        self.application, self.values = application, values
        self.programme = values["programme"]
        self.http = application.http_client()
        self.faults: list[str] = []
        self.shown_in: set[str] = set()
        self.call_count = 0

    async def call(self, name: str, caller: WalkCaller, method: str | None = None) -> httpx2.Response:
        operation = OPERATIONS[name]
        required = [p["name"] for p in operation.get("parameters", ()) if p.get("required") and p["in"] == "query"]
        media_type = next(iter(operation.get("requestBody", {}).get("content", [None])))
        parameters = {parameter: self.values[parameter] for parameter in required}
        if name == "create_submission_csv":
            parameters["organisation"] = PROVIDER
        headers = {"Authorization": caller.authorization} if caller.authorization else {}
        if media_type:
            headers["Content-Type"] = media_type
        self.call_count += 1
        return await self.http.request(
            method or operation["method"].upper(),
            operation["path"].format(**(self.values | {"key": caller.key_id})),
            params=parameters,
            content=build_body(name) if media_type else None,
            headers=headers,
        )

    async def check_refused(self, name: str, caller: WalkCaller, expected: set[int]) -> None:
        for method in (None, "HEAD") if OPERATIONS[name]["method"] == "get" else (None,):
            response = await self.call(name, caller, method)
            if response.status_code not in expected or shows_return(response):
                self.faults.append(f"{name} as {caller.name}: {response.status_code}, expected {sorted(expected)}")

    async def check_accepted(self, name: str, caller: WalkCaller, *, may_show: bool) -> None:
        response = await self.call(name, caller)
        is_refused = response.status_code in REFUSALS and OTHER_PERSON not in response.text
        if is_refused or response.status_code >= 500:
            self.faults.append(f"{name} as {caller.name}: {response.status_code} {response.text[:300]}")
        if shows_return(response):
            self.shown_in.add(name)
            if not may_show:
                self.faults.append(f"{name} as {caller.name} shows the return")


def build_body(name: str) -> bytes:
    """Return the body of an operation: the example of the contract, about the return of the walk."""
    if name in SUBMISSIONS:
        return SUBMISSIONS[name]
    example: dict[str, Any] = dict(EXAMPLES["requests"][name])
    example.pop("exclude_measures", None)
    for field in example.keys() & {"organisation", "measure", "service", "period"}:
        example[field] = VALUES[field]
    if "revision" in example:
        example["revision"] = 2
    return msgspec.json.encode(example)


def shows_return(response: httpx2.Response) -> bool:
    return NUMBER in response.text or PERSON in response.text


def find_reach(name: str, scopes: frozenset[Scope]) -> set[Reach]:
    return {TABLE[name][scope] for scope in scopes} - {Reach.REFUSED}


async def make_callers(application: RunningApplication, programme: str) -> list[WalkCaller]:
    async def bearer(organisation: str, *scopes: Scope, **more: Any) -> str:
        return f"Bearer {await application.issue_key(organisation, *scopes, **({'programme': programme} | more))}"

    elsewhere = await bearer("ohid", *Scope, programme="work-and-health-2025-2028")
    revoked = await bearer(PROVIDER, *Scope)
    async with application.owner.begin() as transaction:
        assert await queries_keys.revoke_key(transaction, revoked.split("_")[2], now=application.now)
    now, application.now = application.now, application.now - timedelta(days=9)
    expired = await bearer(PROVIDER, *Scope, days=1)
    application.now = now
    valid = await bearer(PROVIDER, *Scope)
    callers = [
        WalkCaller("nobody", None, 401),
        WalkCaller("user with a password", "Basic cXVheTpxdWF5", 401),
        WalkCaller("malformed key", "Bearer wh_live_x", 401),
        WalkCaller("invented key", f"Bearer wh_live_{'a' * 10}_{'A' * 43}", 401),
        WalkCaller("key with another secret", valid[:-1] + ("A" if valid[-1] != "A" else "B"), 401),
        WalkCaller("revoked key", revoked, 401),
        WalkCaller("expired key", expired, 401),
        WalkCaller("key of another programme", elsewhere, 404),
    ]
    sizes = range(len(Scope) + 1) if IS_LONG else (0, 1, len(Scope))
    for scopes in chain.from_iterable(combinations(Scope, size) for size in sizes):
        for organisation in (PROVIDER, OTHER_PROVIDER, OWNER):
            authorization = await bearer(organisation, *scopes)
            name = f"{organisation} with {' '.join(scopes) or 'no scope'}"
            callers.append(WalkCaller(name, authorization, 0, organisation, frozenset(scopes)))
    return callers


async def prepare(application: RunningApplication, programme: str) -> Walk:
    """Publish a release, and submit a second revision that is pending."""
    press = ReleaseClient(application, programme)
    people = {(EAST, "female"): 40, (WEST, "male"): 60}
    secret = {(EAST, "female"): int(NUMBER), (WEST, "male"): 60}
    await press.submit_and_approve(
        PROVIDER, make_learners_return("2026-06", people), make_learners_return("2026-07", people)
    )
    publication = await press.publish()
    assert publication["state"] == "published", publication
    submitter = await press.http_client(PROVIDER, Scope.SUBMIT)
    body = {"returns": [make_learners_return("2026-07", secret)], "note": PERSON}
    submitted = await submitter.post(f"/v1/programmes/{programme}/submissions", json=body)
    assert submitted.status_code == 201, submitted.text
    values = VALUES | {"programme": programme, "publication": publication["id"]}
    async with application.owner.begin() as transaction:
        boundaries = boundary_layer.read_boundaries(make_layer(make_feature(EAST), make_feature(WEST))).boundaries
        await save_boundaries(transaction, boundaries, source="walk.geojson", now=application.now)
    return Walk(application, values | {"submission": submitted.json()["receipt"]["submission"]})


async def check_operation(walk: Walk, name: str, callers: list[WalkCaller]) -> None:
    """Call an operation as every caller, the refused ones first: they change nothing."""
    rows = {table: await walk.application.count_rows(table) for table in CONTENT_TABLES}
    operation = OPERATIONS[name]
    is_list = operation["method"] == "get" and not {"{organisation}", "{submission}"} & set(
        operation["path"].split("/")
    )
    accepted: list[tuple[WalkCaller, bool]] = []
    for caller in callers:
        if caller.scopes is None:
            if name in OF_ANY_KEY and caller.status == 404:
                accepted.append((caller, False))
            else:
                await walk.check_refused(name, caller, {caller.status})
            continue
        reaches = find_reach(name, caller.scopes) if caller.scopes or name not in OF_ANY_KEY else {Reach.YES}
        is_own = caller.organisation == PROVIDER
        if not reaches or (reaches <= {Reach.OTHERS} and is_own):
            await walk.check_refused(name, caller, {403})
        elif reaches <= {Reach.OWN} and not is_own and not is_list:
            await walk.check_refused(name, caller, {403, 404})
        else:
            accepted.append((caller, is_own or bool(reaches & {Reach.ALL, Reach.OTHERS})))
    if {table: await walk.application.count_rows(table) for table in CONTENT_TABLES} != rows:
        walk.faults.append(f"{name}: a refused call changed something")
    for caller, may_show in accepted:
        await walk.check_accepted(name, caller, may_show=may_show)


async def check_open_operation(walk: Walk, name: str, callers: list[WalkCaller]) -> None:
    """An operation without a key responds to everybody with the same content, and shows no return."""
    expected = (await walk.call(name, callers[0])).content
    for caller in callers:
        response = await walk.call(name, caller)
        if response.status_code != 200 or response.content != expected or shows_return(response):
            walk.faults.append(f"{name} as {caller.name}: {response.status_code} {response.text[:200]}")


async def test_every_operation_answers_every_kind_of_caller_by_the_table(application, harbour_programme):
    walk = await prepare(application, harbour_programme)
    callers = await make_callers(application, harbour_programme)
    for name in OPERATIONS.keys() - TABLE.keys():
        await check_open_operation(walk, name, callers)
    reading = [name for name in TABLE if OPERATIONS[name]["method"] == "get"]
    writing = [name for name in TABLE if name not in reading and name not in LAST]
    for name in [*reading, *writing, *LAST]:
        await check_operation(walk, name, callers)
    assert walk.faults == [], "\n".join(walk.faults)
    assert walk.shown_in >= SHOWN_IN
    assert walk.call_count >= len(OPERATIONS) * len(callers)


async def test_each_read_of_others_returns_by_a_reviewer_is_one_audit_entry(application, harbour_programme):
    walk = await prepare(application, harbour_programme)
    callers = [
        WalkCaller(organisation, f"Bearer {await application.issue_key(organisation, scope, programme=walk.programme)}")
        for organisation, scope in ((OWNER, Scope.REVIEW), (PROVIDER, Scope.READ))
    ]
    reads = {name for name in TABLE if OPERATIONS[name]["method"] == "get" and TABLE[name][Scope.REVIEW] is Reach.ALL}
    for name in sorted(reads):
        for caller, method in product(callers, ("GET", "HEAD")):
            count = await application.count_rows("audit")
            response = await walk.call(name, caller, method)
            added = await application.count_rows("audit") - count
            is_recorded = caller is callers[0] and name not in READS_PLAN
            if added != is_recorded or (is_recorded and response.status_code != 200):
                walk.faults.append(f"{name} as {caller.name}: {response.status_code}, {added} entries")
    assert walk.faults == [], "\n".join(walk.faults)
    assert walk.call_count == 4 * len(reads) > 60
