"""Years of stocks and distinct counts, measures of one provider, and answers that would be empty."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from api.plan import queries_loading
from api.plan.catalogue import find_headline_series
from api.plan.periods import list_periods
from api.plan.scope_members import PROTECTED_KINDS
from schema.measures import Collection, MeasureKind
from schema.partners import Scope
from tests.fixtures.example_plan import TOWN
from tests.fixtures.release_client import ReleaseClient

CONTRACT_FILE = Path(__file__).parents[2] / "openapi.yaml"
QUARTER = "FY2026-27-Q1"
COUNTS = {"value": 240}
RATIO = {"numerator": 120, "denominator": 240}


def make_return(measure: str, period: str, **numbers: int) -> dict:
    return {"measure": measure, "period": period, "observations": [{"area": TOWN, **numbers}]}


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    application.now = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)
    return ReleaseClient(application, harbour_programme)


async def test_own_return_of_a_distinct_count_replaces_the_bounds(press):
    months = [
        make_return("members", code, value=count)
        for code, count in (("2026-04", 130), ("2026-05", 140), ("2026-06", 120))
    ]
    await press.submit_and_approve("quay-college", *months)
    reviewer = await press.http_client("harbour-council", Scope.REVIEW)
    path, query = f"/v1/programmes/{press.programme}/preview/outcomes", {"measure": "members", "period": QUARTER}
    [bounded] = (await reviewer.get(path, params=query)).json()["items"]
    assert (bounded["value"], bounded["lower_bound"], bounded["upper_bound"]) == (None, 140, 390)
    partner = await press.http_client("quay-college", Scope.SUBMIT)
    low = {"returns": [make_return("members", QUARTER, value=139)]}
    report = (await partner.post(f"/v1/programmes/{press.programme}/submissions?dry_run=true", json=low)).json()
    [finding] = [one for one in report["findings"] if one["code"] == "distinct-outside-bounds"]
    assert (finding["severity"], finding["justifiable"], finding["cell"]["period"]) == ("warning", True, QUARTER)
    await press.submit_and_approve("quay-college", make_return("members", QUARTER, value=250))
    [own] = (await reviewer.get(path, params=query)).json()["items"]
    assert (own["value"], own["coverage"]["received"]) == (250, 1)
    latest = (await reviewer.get(path, params={"measure": "members"})).json()["items"]
    assert [figure["period"]["code"] for figure in latest] == ["2026-06"]


async def test_every_partner_measure_of_the_plan_can_be_published(application, nottingham_plan):
    """A programme with all roles bound and plausible counts, in which M2.4 and M2.5 have one provider each."""
    bound = {role.slug: "nottingham-cvs" for role in nottingham_plan.roles}
    roles = [replace(role, bound_to=bound[role.slug]) for role in nottingham_plan.roles]
    plan = replace(nottingham_plan, slug="work-and-health-bound", roles=roles)
    application.now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    press = ReleaseClient(application, plan.slug, owner="nottingham-city-council")
    open_sets = {organisation.slug for organisation in plan.organisations if organisation.open_set}
    measures = {measure.slug: measure for measure in plan.measures if measure.kind in PROTECTED_KINDS}
    returned: dict[str, list[dict]] = {}
    for duty in plan.duties:
        holder = bound.get(duty.holder, duty.holder)
        measure = measures.get(duty.measure)
        # The council reviews, and nobody decides on a return of the own organisation.
        if measure is None or holder in open_sets or holder == press.owner:
            continue
        series = next(one for one in measure.series if one.slug == duty.series)
        if series.collection is Collection.PARTNERS and series.headline:
            cadence = measure.cadence
            ended = [one for one in list_periods(plan.window, cadence.period_type) if one.end < application.now.date()]
            numbers = RATIO if measure.kind is MeasureKind.PROPORTION else COUNTS
            cells = [{"area": plan.area, **numbers}]
            content = {"measure": duty.measure, "service": duty.service, "observations": cells}
            returned.setdefault(holder, []).append(content | {"period": ended[-1].code})
    for holder, returns in returned.items():
        unique = {(one["measure"], one["service"]): one for one in returns}
        await press.submit_and_approve(holder, *unique.values())
    assert (await press.publish())["state"] == "published"
    expected = {
        measure.slug for measure in measures.values() if find_headline_series(measure).collection is Collection.PARTNERS
    }
    figures = await press.read_figures(measure=sorted(expected))
    assert {figure["measure"] for figure in figures} == expected
    not_shown = {(figure["measure"], figure["reason"]) for figure in figures if figure["lower_bound"] is None}
    # Only open sets and the council return referrals, and here no one of them did.
    assert not_shown == {("health-to-employment-referrals", "no_data")}
    [futures] = [figure for figure in figures if figure["measure"] == "ips-secondary-care-engagement"]
    assert abs(futures["value"] - 240) <= futures["largest_error"] == 7


def test_sandbox_follows_the_rules_of_the_plan(nottingham_plan):
    sandbox = queries_loading.to_sandbox(nottingham_plan)
    assert (sandbox.duties, sandbox.disclosure) == (nottingham_plan.duties, nottingham_plan.disclosure)


# Each list route of releases and outcomes, with a question that is valid and selects nothing.
NOTHING = {"measure": "members", "period": "2026-07"}
EMPTY_LISTS = {
    "list_outcomes": ("outcomes", NOTHING | {"period": "latest"}),
    "preview_outcomes": ("preview/outcomes", NOTHING),
    "list_releases": ("releases", {}),
    "list_release_changes": ("releases/2/changes", {}),
    "list_release_entries": ("releases/1/entries", {}),
}


def list_routes_with_items() -> set[str]:
    """Return the operations about outcomes and releases whose answer is a list."""
    contract = msgspec.yaml.decode(CONTRACT_FILE.read_bytes())
    operations_with_items: set[str] = set()
    for path, operations in contract["paths"].items():
        for operation in operations.values():
            if {"Outcomes", "Releases"}.isdisjoint(operation.get("tags", [])):
                continue
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            if name and "items" in contract["components"]["schemas"][name].get("properties", {}):
                operations_with_items.add(operation["operationId"])
                assert path.startswith("/v1/programmes/")
    return operations_with_items


async def test_no_list_of_outcomes_is_empty_without_a_reason(press):
    # A list of publication jobs is empty until one is requested, which needs no reason.
    assert list_routes_with_items() == EMPTY_LISTS.keys() | {"list_publications"}
    reviewer = await press.http_client("harbour-council", Scope.REVIEW)

    async def read(operation: str) -> dict:
        path, query = EMPTY_LISTS[operation]
        response = await reviewer.get(f"/v1/programmes/{press.programme}/{path}", params=query)
        assert response.status_code == 200, response.text
        return response.json()

    assert (await read("list_releases"))["reason"] == "nothing_released"
    await press.submit_and_approve("quay-college", make_return("on-roll", "2026-07", value=120))
    for _ in range(2):
        assert (await press.publish())["state"] == "published"
    answers = {operation: await read(operation) for operation in EMPTY_LISTS}
    assert [figure["reason"] for figure in answers["list_outcomes"]["items"]] == ["no_data"]
    assert [figure["reason"] for figure in answers["preview_outcomes"]["items"]] == ["no_data"]
    assert (answers["list_release_changes"]["items"], answers["list_release_changes"]["reason"]) == ([], "unchanged")
    entries = answers["list_release_entries"]
    assert (entries["items"], entries["reason"]) == ([], "no_cleared_entries")
    for suffix in (".csv", ".json-stat", ".sdmx.csv"):
        response = await press.read(f"outcomes{suffix}", **EMPTY_LISTS["list_outcomes"][1])
        assert response.status_code == 200
        assert "no_data" in response.text, suffix
    both = (await press.read("outcomes", measure=["members", "on-roll"], limit=1)).json()
    assert [figure["measure"] for figure in both["items"]] == ["on-roll"]
    rest = (await press.read("outcomes", measure=["members", "on-roll"], limit=1, cursor=both["next_cursor"])).json()
    assert [(figure["measure"], figure["reason"]) for figure in rest["items"]] == [("members", "no_data")]
    assert rest["next_cursor"] is None
    refused = await press.read("outcomes", measure="members", period="2027-07")
    assert (refused.status_code, refused.json()["type"]) == (422, "/errors/period-not-released")
    not_yet = (await press.read("outcomes", measure="members", period="2026-12")).json()
    assert [figure["reason"] for figure in not_yet["items"]] == ["not_in_release"]
