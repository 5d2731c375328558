"""No public operation, format or parameter returns a figure or text of a withdrawn or embargoed release."""

from datetime import timedelta

import asyncpg
import pytest

from api.database.roles import PUBLIC_ROLE, login_url
from tests.conftest import SET_DATABASE_CLOCK
from tests.fixtures.hidden_releases import EMBARGOED, NUMBERS, WITHDRAWN, find_leaks, publish_releases, withdraw
from tests.fixtures.release_client import ReleaseClient


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    return await publish_releases(application, harbour_programme)


async def test_no_public_operation_returns_anything_of_a_hidden_release(press):
    assert await find_leaks(press, WITHDRAWN, EMBARGOED) == ([], {200, 404, 410, 422})


async def test_figures_of_a_hidden_release_are_blank_in_the_changes_of_the_next(press):
    for number, previous in ((3, None), (5, None)):
        changes = (await press.read(f"releases/{number}/changes")).json()
        assert changes["previous_release"] == previous
        assert changes["items"]
        assert all(change["before"] is None and change["after"] for change in changes["items"])
    press.application.now += timedelta(days=30)
    changes = (await press.read("releases/5/changes")).json()
    assert changes["previous_release"] == EMBARGOED
    assert any(change["before"] for change in changes["items"])


async def test_removed_figures_of_a_hidden_release_are_not_listed(press):
    assert (await press.publish(exclude_measures=["learners"]))["release"] == 6
    with_removed = (await press.read("releases/6/changes", limit=1000)).json()["items"]
    assert "removed" in {change["why"] for change in with_removed}
    await withdraw(press, 5)
    without = (await press.read("releases/6/changes", limit=1000)).json()
    assert "removed" not in {change["why"] for change in without["items"]}
    assert without["next_cursor"] is None


async def test_embargoed_release_is_withdrawn_before_it_is_published(press):
    assert (await withdraw(press, EMBARGOED))["withdrawal_reason"] == "A slip."
    assert (await press.read(f"releases/{EMBARGOED}")).status_code == 404
    press.application.now += timedelta(days=30)
    assert (await press.read(f"releases/{EMBARGOED}")).json()["withdrawal_reason"] == "A slip."
    gone = await press.read(release=str(EMBARGOED))
    assert (gone.status_code, gone.json()["type"]) == (410, "/errors/withdrawn-release")


@pytest.mark.parametrize("days", [0, 30])
async def test_in_sql_the_public_role_reads_nothing_of_a_hidden_release(press, days):
    clock = press.application.now + timedelta(days=days)
    await (await press.application.query_connection()).execute(SET_DATABASE_CLOCK.format(clock.isoformat()))
    reader = await asyncpg.connect(login_url(press.application.url, PUBLIC_ROLE))
    try:
        visible = {number for number in NUMBERS if days or number != EMBARGOED}
        assert {row[0] for row in await reader.fetch("select number from release.release")} == visible
        for table in ("period", "figure_block", "change_block", "entry"):
            releases = {row[0] for row in await reader.fetch(f"select release from release.{table}")}
            assert releases == visible - {WITHDRAWN}, table
    finally:
        await reader.close()
