"""Releases, from the partners' returns to the public responses."""

import asyncio
import csv
import hashlib
import io
import json
from datetime import timedelta

import numpy as np
import pytest
from msgspec.structs import replace
from sqlalchemy import select, text

from api.plan import queries_loading
from api.releases import change_blocks, writer
from api.releases.figure_blocks import FigureBlock
from api.releases.queries_checks import find_release_faults
from schema.partners import Scope
from schema.tables import figure_block
from tests.conftest import HARBOUR_PLAN_FILE
from tests.fixtures.example_plan import EAST, TOWN, WEST
from tests.fixtures.release_client import (
    UNKNOWN_AREA,
    ReleaseClient,
    index_by_cell,
    make_learners_return,
    make_pass_rate_return,
)

QUAY = {(EAST, "female"): 30, (EAST, "male"): 20, (WEST, "female"): 3, (WEST, "male"): 25}
PIER = {(EAST, "female"): 12, (EAST, "male"): 22, (WEST, "female"): 2, (WEST, "male"): 15}
JULY = {"measure": "learners", "period": "2026-07"}


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    return ReleaseClient(application, harbour_programme)


async def submit_both(press: ReleaseClient, quay=QUAY, pier=PIER, period="2026-07") -> None:
    await press.submit_and_approve("quay-college", make_learners_return(period, quay))
    await press.submit_and_approve("pier-college", make_learners_return(period, pier))


async def test_counts_are_rounded_and_small_counts_are_hidden(press):
    await submit_both(press)
    assert (await press.publish())["state"] == "published"
    areas = index_by_cell(await press.read_figures(**JULY, within=TOWN))
    for cell, count in ((TOWN, 129), (EAST, 84), (WEST, 45)):
        figure = areas[cell, "2026-07"]
        assert is_rounded(figure, count, providers=2), figure
    sexes = index_by_cell(await press.read_figures(**JULY, within=TOWN, group_by="sex"))
    assert is_rounded(sexes[TOWN, "2026-07", ("sex", "female")], 47, providers=2)
    small = [areas[UNKNOWN_AREA, "2026-07"], *sexes.values()]
    hidden = [figure for figure in small if figure["value"] is None]
    assert {(figure["status"], figure["lower_bound"], figure["error_95"]) for figure in hidden} == {("c", None, None)}
    assert min(figure["value"] for figure in small if figure not in hidden) >= 10


def is_rounded(figure: dict, count: int, *, providers: int, is_first: bool = True) -> bool:
    """Return True if a figure is a sum of rounded counts, states its error, and is not farther from the truth."""
    error = providers * (7 if is_first else 14)
    return (
        figure["value"] % 5 == 0
        and abs(figure["value"] - count) <= error == figure["largest_error"]
        and figure["lower_bound"] == max(figure["value"] - error, 0)
        and 0 < figure["error_95"] < error
    )


async def test_only_approved_returns_are_published_and_counted_in_the_coverage(press):
    await press.submit_and_approve("quay-college", make_learners_return("2026-07", QUAY))
    http = await press.http_client("pier-college", Scope.SUBMIT)
    await http.post(
        f"/v1/programmes/{press.programme}/submissions", json={"returns": [make_learners_return("2026-07", PIER)]}
    )
    await press.publish()
    [figure] = await press.read_figures(**JULY)
    # Only one provider contributes, and its duty does not have `publish_alone`.
    assert (figure["value"], figure["status"]) == (None, "c")
    assert figure["coverage"] == {"expected": 3, "received": 2, "approved": 1, "late": 2, "exempt": 0}


async def test_later_release_changes_a_figure_that_has_moved_far(press):
    await submit_both(press)
    await press.publish()
    [first] = await press.read_figures(**JULY)
    await press.submit_and_approve("pier-college", make_learners_return("2026-07", {**PIER, (EAST, "male"): 40}))
    assert (await press.publish())["release"] == 2
    [figure] = await press.read_figures(**JULY)
    assert is_rounded(figure, 147, providers=2, is_first=False)
    assert (figure["markers"], figure["release"]) == (["r"], 2)
    [before] = await press.read_figures(**JULY, release="1")
    assert before == {**first, "release": 1}, "an earlier release does not change"
    changes = (await press.read("releases/2/changes")).json()
    assert changes["previous_release"] == 1
    [change] = [c for c in changes["items"] if (c["period"], c["area"], c["breakdown"]) == ("2026-07", TOWN, {})]
    assert (change["before"]["value"], change["after"]["value"], change["why"]) == (
        before["value"],
        figure["value"],
        "data",
    )
    assert all(c["measure"] == "learners" for c in changes["items"]), "nothing else has changed"


async def test_small_late_changes_do_not_change_displayed_figures(press):
    await submit_both(press)
    await press.publish()
    before = await press.read_figures(**JULY, group_by="sex")
    await press.submit_and_approve("pier-college", make_learners_return("2026-07", {**PIER, (EAST, "male"): 26}))
    await press.publish()
    after = await press.read_figures(**JULY, group_by="sex")
    assert [f["value"] for f in before] == [f["value"] for f in after]


async def test_rehearsal_reports_the_changes_and_publishes_nothing(press):
    await submit_both(press)
    rehearsed = await press.publish(dry_run=True)
    assert rehearsed["state"] == "rehearsed"
    assert rehearsed["rehearsal"]["report"]["shown"] > 0
    assert rehearsed["rehearsal"]["changes"][0]["why"] == "new"
    assert (await press.read("releases")).json() == {"items": [], "reason": "nothing_released"}
    assert (await press.read()).status_code == 404


async def test_proportion_is_calculated_from_displayed_counts(press):
    for organisation, people in (("quay-college", QUAY), ("pier-college", PIER)):
        examined = {key: 2 * n for key, n in people.items()}
        await press.submit_and_approve(organisation, make_pass_rate_return("2026-07", people, examined))
    await press.publish()
    [figure] = await press.read_figures(measure="pass-rate", period="2026-07")
    part, whole = figure["numerator"], figure["denominator"]
    assert abs(part - 129) <= 14
    assert abs(whole - 258) <= 14
    assert figure["value"] == round(100 * part / whole, 1)
    assert (figure["numerator_lower_bound"], figure["denominator_upper_bound"]) == (part - 14, whole + 14)
    assert figure["lower_bound"] < figure["value"] < figure["upper_bound"]
    assert figure["lower"] < figure["value"] - figure["error_95"] < figure["value"] < figure["upper"]
    [ward] = await press.read_figures(measure="pass-rate", period="2026-07", area=EAST)
    assert ward["comparators"][0]["area"] == TOWN
    assert ward["comparators"][0]["verdict"] == "similar"


async def test_declared_rounding_of_a_return_widens_the_released_error(press):
    """Quay College rounds July to 10: half of that is added to the largest error, and 95 % of sums are within 9."""
    for month, declared in (("2026-06", {}), ("2026-07", {"rounded_to": 10})):
        await press.submit_and_approve("quay-college", make_learners_return(month, QUAY) | declared)
        await press.submit_and_approve("pier-college", make_learners_return(month, PIER))
    await press.publish()
    for month, errors in (("2026-06", (14, 6)), ("2026-07", (19, 9))):
        figures = await press.read_figures(measure="learners", period=month, within=TOWN, group_by="sex")
        shown = [figure for figure in figures if figure["value"] is not None]
        assert {(figure["largest_error"], figure["error_95"]) for figure in shown} == {errors}
        assert {figure["upper_bound"] - figure["value"] for figure in shown} == {errors[0]}


async def test_longer_periods_are_published_after_they_end(press):
    for month in ("2026-04", "2026-05", "2026-06"):
        await submit_both(press, period=month)
    await press.publish()
    [quarter] = await press.read_figures(measure="learners", period="FY2026-27-Q1")
    months = [
        figure
        for month in ("2026-04", "2026-05", "2026-06")
        for figure in await press.read_figures(measure="learners", period=month)
    ]
    assert (quarter["value"], quarter["largest_error"]) == (
        sum(month["value"] for month in months),
        sum(month["largest_error"] for month in months),
    )
    assert quarter["error_95"] < sum(month["error_95"] for month in months)
    assert quarter["coverage"]["received"] == 6
    [same] = await press.read_figures(measure="learners", period="CY2026-Q2")
    assert same == quarter, "equal spans share one cell"
    [half] = await press.read_figures(measure="learners", period="FY2026-27-H1")
    assert (half["value"], half["reason"] is None) == (None, False), "it has not ended"


async def test_rows_are_the_same_with_and_without_returns(press, second_application):
    """The number of rows, pages and positions reveals nothing."""
    await press.publish()
    empty = await press.read_figures(
        measure="learners", group_by="sex", within=TOWN, **{"from": "2026-01", "to": "2026-08"}
    )
    await submit_both(press)
    await press.publish()
    full = await press.read_figures(
        measure="learners", group_by="sex", within=TOWN, **{"from": "2026-01", "to": "2026-08"}
    )
    places = [(f["area"], f["period"]["code"], f["breakdown"]) for f in full]
    assert len(places) == 8 * 4 * 3
    assert [(f["area"], f["period"]["code"], f["breakdown"]) for f in empty] == places


async def test_unknown_codes_are_rejected_the_same_with_and_without_data(press):
    await press.publish()
    query = {"measure": "learners", "group_by": "colour"}
    empty = (await press.read(**query)).json()
    await submit_both(press)
    await press.publish()
    full = (await press.read(**query)).json()
    assert empty["status"] == 422
    assert {**empty, "request_id": ""} == {**full, "request_id": ""}


async def test_response_is_the_same_for_every_key(press):
    await submit_both(press)
    await press.publish()
    path = f"/v1/programmes/{press.programme}/outcomes"
    reviewer, provider = [
        await press.http_client("harbour-council", *Scope),
        await press.http_client("quay-college", Scope.READ),
    ]
    responses = [(await http.get(path)).content for http in (press.application.http_client(), reviewer, provider)]
    assert len(set(responses)) == 1


async def test_cursor_is_valid_for_one_release_only(press):
    await submit_both(press)
    await press.publish()
    first = (await press.read(measure="learners", group_by="sex", limit=2)).json()
    await press.publish()
    refused = await press.read(measure="learners", group_by="sex", limit=2, cursor=first["next_cursor"])
    assert refused.status_code == 422
    assert "release=1" in refused.json()["detail"]
    following = await press.read(measure="learners", group_by="sex", limit=2, cursor=first["next_cursor"], release="1")
    assert [f["breakdown"] for f in first["items"] + following.json()["items"]] == [
        {"sex": "female"},
        {"sex": "male"},
        {"sex": "unknown"},
    ]


async def test_embargoed_release_is_invisible_until_its_publication_time(press):
    await submit_both(press)
    at = press.application.now + timedelta(days=1)
    job = await press.publish(publish_at=at.isoformat())
    assert job["release"] == 1
    assert (await press.read()).status_code == 404
    assert (await press.read("releases/1")).json()["type"] == "/errors/no-release"
    assert (await press.read("releases")).json() == {"items": [], "reason": "nothing_released"}
    press.application.now = at
    assert len(await press.read_figures(**JULY)) == 1


async def test_release_is_withdrawn_as_a_whole_with_a_reason(press):
    await submit_both(press)
    await press.publish()
    await press.publish()
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/2/withdrawal"
    withdrawn = await http.post(path, json={"reason": "Two quarters were exchanged."})
    assert withdrawn.json()["withdrawal_reason"] == "Two quarters were exchanged."
    assert (await http.post(path, json={"reason": "Again."})).status_code == 409
    [figure] = await press.read_figures(**JULY)
    assert figure["release"] == 1, "the previous release is current again"
    gone = await press.read(release="2")
    assert (gone.status_code, gone.json()["type"]) == (410, "/errors/withdrawn-release")
    assert (await press.read("releases/2/changes")).status_code == 410


async def test_changes_list_removed_figures_last_and_equal_the_rehearsal(press, monkeypatch):
    """Small batches make the writer send figures before it has made all of them."""
    monkeypatch.setattr(writer, "FIGURES_PER_BATCH", 3)
    monkeypatch.setattr(change_blocks, "CHANGES_PER_BLOCK", 5)
    await submit_both(press)
    await press.publish()
    before = await press.read_figures(**JULY, group_by="sex")
    press.application.now += timedelta(days=30)  # September has ended
    rehearsed = await press.publish(dry_run=True, exclude_measures=["pass-rate"])
    assert (await press.read("releases")).json()["items"][0]["number"] == 1
    job = await press.publish(exclude_measures=["pass-rate"])
    assert job["release"] == 2
    changes: list[dict] = []
    cursor: dict[str, str] = {}
    while cursor is not None:
        page = (await press.read("releases/2/changes", limit=7, **cursor)).json()
        changes += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert changes == rehearsed["rehearsal"]["changes"]
    whys = [change["why"] for change in changes]
    assert {"new", "data", "held_back", "removed"} >= set(whys) >= {"new", "removed"}
    assert whys == sorted(whys, key=lambda why: why == "removed"), "removed figures come last"
    gone = [change for change in changes if change["why"] == "removed"]
    assert {change["measure"] for change in gone} == {"pass-rate"}
    assert {change["before"]["release"] for change in gone} == {1}
    order = [(change["period"], change["area"]) for change in gone]
    assert order == [(f["period"]["code"], f["area"]) for f in await read_release_figures(press, 1, "pass-rate")]
    for change in changes:
        if change["why"] != "removed":
            after = change["after"]
            assert (after["release"], after["period"]["code"]) == (2, change["period"])
    assert [f["value"] for f in before] == [f["value"] for f in await press.read_figures(**JULY, group_by="sex")]


async def read_release_figures(press: ReleaseClient, number: int, measure: str) -> list[dict]:
    """Return a release's figures of a measure in their order."""
    async with press.application.owner.begin() as transaction:
        rows = await transaction.execute(
            select(figure_block).where(figure_block.c.release == number).order_by(figure_block.c.first_position)
        )
        blocks = [FigureBlock(row.first_position, row.content) for row in rows]
    texts = [text for block in blocks for text in block.table.render(np.arange(block.table.row_count))]
    return [figure for figure in map(json.loads, texts) if figure["measure"] == measure]


async def test_hash_of_a_release_covers_its_blocks_in_order(press):
    await submit_both(press)
    await press.publish()
    async with press.application.owner.begin() as transaction:
        rows = (await transaction.execute(select(figure_block).order_by(figure_block.c.first_position))).all()
    counts = [row.figure_count for row in rows]
    assert [row.first_position for row in rows] == [sum(counts[:n]) for n in range(len(rows))]
    release = (await press.read("releases/1")).json()
    assert release["sha256"] == hashlib.sha256(b"".join(row.content for row in rows)).hexdigest()
    assert (release["report"]["figures"], release["report"]["changes"]) == (sum(counts), sum(counts))


async def test_check_finds_a_damaged_release(press):
    await submit_both(press)
    await press.publish()
    await submit_both(press, quay={**QUAY, (EAST, "female"): 90})
    await press.publish()
    async with press.application.owner.connect() as connection:
        assert [fault async for fault in find_release_faults(connection)] == []
        for statement, codes in (
            ("update release.figure_block set content = set_byte(content, 200, 0) where release = 2", {"hash"}),
            ("delete from release.figure_block where release = 2 and first_position = 0", {"gap", "hash", "period"}),
            ("delete from release.period where release = 2 and period = '2026-07'", {"period"}),
            ("delete from release.change_block where release = 2", {"total"}),
        ):
            damage = await connection.begin_nested()
            await connection.execute(text(statement))
            assert {fault.code async for fault in find_release_faults(connection)} >= codes, statement
            await damage.rollback()


async def test_gross_error_is_corrected_by_a_new_return(press):
    await submit_both(press, quay={**QUAY, (EAST, "female"): 300})
    await press.publish()
    await submit_both(press)
    await press.publish(notes="300 was a slip for 30.")
    [figure] = await press.read_figures(**JULY)
    assert is_rounded(figure, 129, providers=2, is_first=False)
    changes = (await press.read("releases/2/changes")).json()["items"]
    assert {c["why"] for c in changes if c["period"] == "2026-07" and c["area"] == TOWN and not c["breakdown"]} == {
        "data"
    }


async def test_correction_that_is_approved_before_a_release_is_what_it_displays(press):
    """The first return is protected already, and nothing has displayed it."""
    await submit_both(press, quay={**QUAY, (EAST, "female"): 300})
    await press.application.run_publication_jobs()
    assert await press.application.count_rows("protection.contribution") == 2
    await submit_both(press)
    await press.publish()
    [figure] = await press.read_figures(**JULY)
    assert is_rounded(figure, 129, providers=2)
    connection = await press.application.query_connection()
    rows = await connection.fetch("select organisation, count(*) from protection.contribution group by 1")
    assert [row["count"] for row in rows] == [1, 1], "what can no longer follow is deleted"


async def test_excluded_measures_are_not_published(press):
    await submit_both(press)
    await press.publish(exclude_measures=["learners"])
    figures = await press.read_figures(**JULY)
    assert {(figure["value"], figure["reason"] is None) for figure in figures} == {(None, False)}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"republish": [JULY]}, "invalid-body"),
        ({"exclude_measures": ["learner"]}, "not-found"),
        ({"publish_at": "2026-01-01T00:00:00Z"}, "not-publishable"),
        ({"note": "misspelt"}, "invalid-body"),
    ],
)
async def test_invalid_publication_request_is_rejected(press, request_, code):
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    response = await http.post(f"/v1/programmes/{press.programme}/releases", json=request_)
    assert response.json()["type"] == f"/errors/{code}"
    assert await press.application.count_rows("publication") == 0


async def test_only_one_publication_job_runs_at_a_time(press):
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases"
    first = await http.post(path, json={}, headers={"Idempotency-Key": "a"})
    again = await http.post(path, json={}, headers={"Idempotency-Key": "a"})
    assert again.json()["id"] == first.json()["id"]
    refused = await http.post(path, json={})
    assert (refused.status_code, refused.json()["type"]) == (409, "/errors/already-publishing")
    await press.application.run_publication_jobs()
    listed = (await http.get(f"/v1/programmes/{press.programme}/publications")).json()["items"]
    assert [(job["state"], job["release"]) for job in listed] == [("published", 1)]


@pytest.mark.parametrize("scope", [Scope.SUBMIT, Scope.READ, Scope.REVIEW, Scope.ADMIN])
async def test_publishing_requires_the_publish_scope(press, scope):
    http = await press.http_client("harbour-council", scope)
    response = await http.post(f"/v1/programmes/{press.programme}/releases", json={})
    assert response.status_code == 403


async def test_other_formats_contain_the_same_figure(press):
    await submit_both(press)
    await press.publish()
    [figure] = await press.read_figures(**JULY)
    [row] = csv.DictReader(io.StringIO((await press.read("outcomes.csv", **JULY)).text))
    assert (float(row["value"]), float(row["upper_bound"]), row["release"]) == (
        figure["value"],
        figure["upper_bound"],
        "1",
    )
    cube = (await press.read("outcomes.json-stat", **JULY)).json()
    assert (cube["value"], cube["extension"]["lower_bound"]) == ([figure["value"]], {"0": figure["lower_bound"]})
    [line] = csv.DictReader(io.StringIO((await press.read("outcomes.sdmx.csv", **JULY)).text))
    assert (float(line["OBS_VALUE"]), float(line["LOWER_BOUND"])) == (figure["value"], figure["lower_bound"])
    progress = (await press.read("progress")).json()
    assert progress["themes"][0]["measures"][0]["latest"] == figure
    model = (await press.read("logic-model/outcomes")).json()
    assert model["figures"][0] == figure
    release = (await press.read("releases/1")).json()
    assert release["citation"] == f"{press.programme}, release 1, 2026-09-07"


async def test_coverage_below_the_minimum_withholds_a_figure(press):
    await submit_both(press)
    await press.publish()
    [figure] = await press.read_figures(**JULY, min_coverage="0.9")
    assert (figure["value"], figure["reason"]) == (None, "coverage_below_minimum")
    assert (figure["largest_error"], figure["error_95"], figure["counts_error_95"]) == (None, None, None)


async def test_inequality_is_calculated_from_displayed_figures(press):
    for organisation, people in (("quay-college", QUAY), ("pier-college", PIER)):
        await press.submit_and_approve(
            organisation, make_pass_rate_return("2026-07", people, {key: 2 * n for key, n in people.items()})
        )
    await press.publish()
    query = {"measure": "pass-rate", "dimension": "sex", "category": "female", "reference_category": "male"}
    inequality = (await press.read("inequality", **query, period="2026-07")).json()
    women, men, others = inequality["groups"]
    figures = await press.read_figures(measure="pass-rate", period="2026-07", group_by="sex")
    assert [group["value"] for group in (women, men, others)] == [figure["value"] for figure in figures]
    assert others["reason"] == "suppressed"
    assert inequality["gap"]["value"] == round(women["value"] - men["value"], 1)
    assert (inequality["release"], inequality["slope_index"]["reason"]) == (1, "dimension_not_ordered")
    nothing = await press.read("inequality", **query, period="2031-01")
    assert nothing.json()["type"] == "/errors/no-figures"


async def test_cached_response_is_identical_and_matches_its_etag(press):
    await submit_both(press)
    await press.publish()
    for path in ("outcomes", "outcomes.csv", "outcomes.json-stat", "outcomes.sdmx.csv", "progress"):
        first = await press.read(path)
        again = await press.read(path)
        assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers.get("content-disposition") == first.headers.get("content-disposition")
        assert again.headers["request-id"] != first.headers["request-id"]
        address = f"/v1/programmes/{press.programme}/{path}"
        http = press.application.http_client()
        not_modified = await http.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert (not_modified.status_code, not_modified.content) == (304, b"")


async def test_cache_follows_a_new_release_and_its_withdrawal(press):
    await submit_both(press)
    await press.publish()
    first = [(await press.read(**JULY)).json()["release"] for _ in range(2)]
    await press.publish()
    second = [(await press.read(**JULY)).json()["release"] for _ in range(2)]
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/2/withdrawal"
    assert (await http.post(path, json={"reason": "A slip."})).status_code == 200
    third = [(await press.read(**JULY)).json()["release"] for _ in range(2)]
    assert (first, second, third) == ([1, 1], [2, 2], [1, 1])


@pytest.mark.parametrize("query", [{"release": "1"}, {"release": "latest"}, {}], ids=str)
async def test_withdrawn_release_is_not_read_from_the_cache(press, query):
    await submit_both(press)
    await press.publish()
    assert [(await press.read(**JULY, **query)).status_code for _ in range(2)] == [200, 200]
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/1/withdrawal"
    assert (await http.post(path, json={"reason": "A slip."})).status_code == 200
    assert {(await press.read(**JULY, **query)).status_code for _ in range(2)} == {
        410 if query.get("release") == "1" else 404
    }


async def test_cache_respects_the_end_of_an_embargo(press):
    await submit_both(press)
    await press.publish()
    at = press.application.now + timedelta(days=1)
    await press.publish(publish_at=at.isoformat())
    before = [(await press.read(**JULY)).json()["release"] for _ in range(2)]
    assert (await press.read(**JULY, release="2")).status_code == 404
    press.application.now = at
    assert (before, (await press.read(**JULY)).json()["release"]) == ([1, 1], 2)
    press.application.now = at - timedelta(seconds=1)
    assert (await press.read(**JULY)).json()["release"] == 1
    assert (await press.read(**JULY, release="2")).status_code == 404


@pytest.mark.parametrize("release", ["0", "7", "99999999999999999999", "newest", "1.0", "-1"])
async def test_unknown_release_returns_404(press, release):
    await press.publish()
    response = await press.read(release=release)
    assert (response.status_code, response.json()["type"]) == (404, "/errors/no-release")


async def test_concurrent_requests_each_read_their_own_release(press):
    await submit_both(press)
    await press.publish()
    await press.publish()
    queries = [{}, {"release": "1"}, {"release": "2"}, {"release": "latest"}] * 5
    for _ in range(2):
        responses = await asyncio.gather(*(press.read(**JULY, **query) for query in queries))
        assert [response.json()["release"] for response in responses] == [2, 1, 2, 2] * 5


async def test_linking_measures_after_their_release_refuses_publication(press):
    """Otherwise the part's displayed numbers would be forgotten, and published a second time with other rounding."""
    await submit_both(press)
    await press.publish()
    plan = queries_loading.read_plan(HARBOUR_PLAN_FILE)
    members = next(measure for measure in plan.measures if measure.slug == "learners")
    part = replace(members, slug="new-learners", plan_references=[replace(members.plan_references[0], code="M1.8")])
    duties = [replace(duty, measure="new-learners") for duty in plan.duties if duty.measure == "learners"]
    unlinked = replace(plan, measures=[*plan.measures, part], duties=[*plan.duties, *duties])
    measures = [
        replace(measure, contains=["new-learners"]) if measure.slug == "learners" else measure
        for measure in unlinked.measures
    ]
    for version in (unlinked, replace(unlinked, measures=measures)):
        async with press.application.owner.begin() as transaction:
            await queries_loading.load_plan(transaction, version, sandbox=False, now=press.application.now)
        returned = [make_learners_return("2026-07", people) | {"measure": "new-learners"} for people in (QUAY, PIER)]
        for organisation, submitted in zip(("quay-college", "pier-college"), returned, strict=True):
            await press.submit_and_approve(organisation, submitted)
        job = await press.publish()
    assert (job["state"], {failure["code"] for failure in job["failures"]}) == ("refused", {"scope-changed"})
    assert (await press.publish(exclude_measures=["learners", "new-learners"]))["state"] == "published"
