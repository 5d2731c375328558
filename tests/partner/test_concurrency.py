"""Many at once: every one is there, in some order, and none waits for ever."""

import asyncio
from itertools import pairwise, permutations

from work_health import Conflict, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
REFERRALS, OTHERS = "ips-primary-care-referrals", "health-to-employment-referrals"
RETURNS = [(REFERRALS, "FY2025-26-Q1"), (REFERRALS, "FY2025-26-Q2"), (OTHERS, "FY2025-26-Q2")]
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": REFERRALS,
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
MANY = 12


def counted(measure: str, total: int, base: int | None = None, period: str = "FY2025-26-Q2"):
    return new_return(measure, period, [observation(CITY, total)], base_revision=base)


async def push(partner, *returns):
    return await partner.create_submission(PROGRAMME, new_submission(*returns))


async def events(application) -> list[tuple[str, int]]:
    async with application.owner.connect() as owner:
        rows = await owner.exec_driver_sql("select event, number from return_event order by position")
        return [tuple(row) for row in rows]


async def test_many_submissions_to_one_return_follow_each_other(application, council_client):
    reports = await asyncio.gather(*(push(council_client, counted(REFERRALS, 100 + n)) for n in range(MANY)))
    revisions = sorted((one.returns[0].revision, n) for n, one in enumerate(reports))
    assert [number for number, _ in revisions] == list(range(1, MANY + 1))
    for number, n in revisions:
        kept = await council_client.get_return(PROGRAMME, **WHERE, revision=number)
        assert kept.observations[0].value == 100 + n
        assert kept.standing.state == ("pending" if number == MANY else "superseded")
    # Each was compared with the one before it, not with what stood when its request came in.
    for (_, before), (_, n) in pairwise(revisions):
        [change] = reports[n].changes
        assert (change.was.value, change.now.value) == (100 + before, 100 + n)
    expected = [("recorded", 1)]
    for number in range(2, MANY + 1):
        expected += [("superseded", number - 1), ("recorded", number)]
    assert await events(application) == expected


async def test_the_same_content_many_times_at_once_is_one_revision(application, council_client):
    reports = await asyncio.gather(*(push(council_client, counted(REFERRALS, 112)) for _ in range(MANY)))
    assert sorted(one.outcome for one in reports) == ["accepted"] + ["unchanged"] * (MANY - 1)
    assert (await application.count_rows("revision"), await application.count_rows("submission")) == (1, MANY)


async def test_with_a_base_one_of_many_is_taken_and_the_others_are_told(application, council_client):
    await push(council_client, counted(REFERRALS, 100))
    answers = await asyncio.gather(
        *(push(council_client, counted(REFERRALS, 200 + n, base=1)) for n in range(MANY)), return_exceptions=True
    )
    taken = [n for n, one in enumerate(answers) if not isinstance(one, Exception)]
    assert len(taken) == 1
    for one in answers:
        if isinstance(one, Exception):
            assert isinstance(one, Conflict)
            assert [(f.expected, f.actual) for f in one.findings] == [("100", str(200 + taken[0]))]
    assert await application.count_rows("revision") == 2


async def test_returns_in_any_order_do_not_wait_in_a_circle(application, council_client):
    orders = list(permutations(RETURNS)) * 3
    submissions = [
        push(
            council_client, *(counted(measure, 10 * n + k, period=period) for k, (measure, period) in enumerate(order))
        )
        for n, order in enumerate(orders)
    ]
    reports = await asyncio.wait_for(asyncio.gather(*submissions), timeout=60)
    # All three returns of a submission have the same number: none got in between.
    assert sorted({tuple(one.revision for one in report.returns) for report in reports}) == [
        (number,) * 3 for number in range(1, len(orders) + 1)
    ]
    assert await application.count_rows("revision") == 3 * len(orders)


async def test_dry_runs_among_them_leave_no_trace(application, council_client):
    async def dry(n: int):
        return await council_client.create_submission(
            PROGRAMME, new_submission(counted(REFERRALS, 900 + n)), dry_run=True
        )

    mixed = [dry(n) if n % 2 else push(council_client, counted(REFERRALS, n)) for n in range(MANY)]
    reports = await asyncio.gather(*mixed)
    taken = [one.returns[0].revision for one in reports if not one.dry_run]
    assert sorted(taken) == list(range(1, MANY // 2 + 1))
    assert await application.count_rows("submission") == MANY // 2


async def test_nobody_waits_for_a_longer_request_of_the_same_key(application, council_client):
    async with application.owner.begin() as transaction:
        await transaction.exec_driver_sql("update client_key set last_used_at = null")
        assert (await asyncio.wait_for(council_client.list_returns(PROGRAMME), timeout=30)).items == []
        assert (await asyncio.wait_for(push(council_client, counted(REFERRALS, 1)), timeout=30)).counts.added == 1
