"""Concurrent requests: each one is processed, in some order, and none waits for ever."""

import asyncio
from itertools import pairwise, permutations

from work_health import Conflict, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
REFERRALS, OTHER_REFERRALS = "ips-primary-care-referrals", "health-to-employment-referrals"
RETURNS = [(REFERRALS, "FY2025-26-Q1"), (REFERRALS, "FY2025-26-Q2"), (OTHER_REFERRALS, "FY2025-26-Q2")]
RETURN_KEY = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
REQUEST_COUNT = 12


def make_return(measure: str, total: int, base: int | None = None, period: str = "FY2025-26-Q2"):
    return new_return(measure, period, [observation(CITY, total)], base_revision=base)


async def submit(partner, *returns):
    return await partner.create_submission(PROGRAMME, new_submission(*returns))


async def list_events(application) -> list[tuple[str, int]]:
    async with application.owner.connect() as owner:
        rows = await owner.exec_driver_sql("select event, number from return_event order by position")
        return [tuple(row) for row in rows]


async def test_concurrent_submissions_to_one_return_are_serialised(application, council_client):
    reports = await asyncio.gather(
        *(submit(council_client, make_return(REFERRALS, 100 + n)) for n in range(REQUEST_COUNT))
    )
    revisions = sorted((report.returns[0].revision, n) for n, report in enumerate(reports))
    assert [number for number, _ in revisions] == list(range(1, REQUEST_COUNT + 1))
    for number, n in revisions:
        stored = await council_client.get_return(PROGRAMME, **RETURN_KEY, revision=number)
        assert stored.observations[0].value == 100 + n
        assert stored.summary.state == ("pending" if number == REQUEST_COUNT else "superseded")
    # Each was compared with the previous revision, not with the current one when its request arrived.
    for (_, before), (_, n) in pairwise(revisions):
        [change] = reports[n].changes
        assert (change.before.value, change.after.value) == (100 + before, 100 + n)
    expected = [("recorded", 1)]
    for number in range(2, REQUEST_COUNT + 1):
        expected += [("superseded", number - 1), ("recorded", number)]
    assert await list_events(application) == expected


async def test_same_content_submitted_concurrently_is_one_revision(application, council_client):
    reports = await asyncio.gather(*(submit(council_client, make_return(REFERRALS, 112)) for _ in range(REQUEST_COUNT)))
    assert sorted(report.outcome for report in reports) == ["accepted"] + ["unchanged"] * (REQUEST_COUNT - 1)
    assert (await application.count_rows("revision"), await application.count_rows("submission")) == (1, REQUEST_COUNT)


async def test_one_of_many_submissions_with_the_same_base_is_accepted(application, council_client):
    await submit(council_client, make_return(REFERRALS, 100))
    results = await asyncio.gather(
        *(submit(council_client, make_return(REFERRALS, 200 + n, base=1)) for n in range(REQUEST_COUNT)),
        return_exceptions=True,
    )
    accepted = [n for n, result in enumerate(results) if not isinstance(result, Exception)]
    assert len(accepted) == 1
    for result in results:
        if isinstance(result, Exception):
            assert isinstance(result, Conflict)
            assert [(finding.expected, finding.actual) for finding in result.findings] == [
                ("100", str(200 + accepted[0]))
            ]
    assert await application.count_rows("revision") == 2


async def test_returns_in_any_order_do_not_deadlock(application, council_client):
    orders = list(permutations(RETURNS)) * 3
    submissions = [
        submit(
            council_client,
            *(make_return(measure, 10 * n + k, period=period) for k, (measure, period) in enumerate(order)),
        )
        for n, order in enumerate(orders)
    ]
    reports = await asyncio.wait_for(asyncio.gather(*submissions), timeout=60)
    # All three returns of a submission have the same number, so submissions do not interleave.
    assert sorted({tuple(item.revision for item in report.returns) for report in reports}) == [
        (number,) * 3 for number in range(1, len(orders) + 1)
    ]
    assert await application.count_rows("revision") == 3 * len(orders)


async def test_concurrent_dry_runs_write_nothing(application, council_client):
    async def run_dry(n: int):
        return await council_client.create_submission(
            PROGRAMME, new_submission(make_return(REFERRALS, 900 + n)), dry_run=True
        )

    requests = [
        run_dry(n) if n % 2 else submit(council_client, make_return(REFERRALS, n)) for n in range(REQUEST_COUNT)
    ]
    reports = await asyncio.gather(*requests)
    accepted = [report.returns[0].revision for report in reports if not report.dry_run]
    assert sorted(accepted) == list(range(1, REQUEST_COUNT // 2 + 1))
    assert await application.count_rows("submission") == REQUEST_COUNT // 2


async def test_request_does_not_wait_for_another_request_of_the_same_key(application, council_client):
    async with application.owner.begin() as transaction:
        await transaction.exec_driver_sql("update client_key set last_used_at = null")
        assert (await asyncio.wait_for(council_client.list_returns(PROGRAMME), timeout=30)).items == []
        assert (await asyncio.wait_for(submit(council_client, make_return(REFERRALS, 1)), timeout=30)).counts.added == 1
