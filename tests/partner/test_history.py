"""Whatever is sent, in whatever order: what stands is what was sent last, and every past moment can be read again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from work_health import NewSubmission, RequestRejected

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
SEXES = ("female", "male", "unknown")
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}
Cells = dict[str, int]  # by sex; the total is ""

PARTS = st.dictionaries(st.sampled_from(SEXES), st.integers(0, 3), max_size=3)
STEP = st.one_of(
    PARTS.map(lambda parts: ("data", parts)),
    st.just(("nil", {})),
    st.just(("withdrawn", {})),
    st.just(("again", {})),
)


def cells_of(parts: Cells) -> Cells:
    """A total that its parts fit, whichever of them are there."""
    return {"": sum(parts.values()) if len(parts) == len(SEXES) else sum(parts.values()) + 1, **parts}


def body(kind: str, cells: Cells) -> NewSubmission:
    observations = [
        {"area": CITY, "value": value, "breakdown": {"sex": sex} if sex else {}} for sex, value in cells.items()
    ]
    one = {name: WHERE[name] for name in ("measure", "series", "service", "period")}
    one |= {"kind": kind, "observations": observations, "note": "Because." if kind == "withdrawn" else None}
    return NewSubmission.from_dict({"returns": [one], "confirm_withdrawals": True})


async def current(partner, **moment: datetime) -> Cells:
    items = (await partner.list_observations(PROGRAMME, **moment)).items
    return {one.breakdown.to_dict().get("sex", ""): one.value for one in items}


async def forget(application) -> None:
    async with application.owner.begin() as owner:
        await owner.exec_driver_sql('truncate observation, submission, "return" cascade')


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=1, max_size=6))
async def test_any_sequence_leaves_what_its_last_submission_alone_would(application, council_client, steps):
    await forget(application)
    kind, cells, number = "none", {}, 0
    last = None
    past: list[tuple[datetime, str, int, Cells]] = [(application.now, kind, number, cells)]
    for step, parts in steps:
        application.now += timedelta(seconds=1)
        if step == "again":
            if last is None or kind == "withdrawn":
                continue
            sent, wanted = last, (kind, cells)
        else:
            sent, wanted = body(step, said := cells_of(parts) if step == "data" else {}), (step, said)
        if wanted[0] == "withdrawn" and kind in ("none", "withdrawn"):
            with pytest.raises(RequestRejected, match="nothing-to-withdraw"):
                await council_client.create_submission(PROGRAMME, sent)
            continue
        report = await council_client.create_submission(PROGRAMME, sent)
        counts = report.counts
        assert counts.received == counts.added + counts.changed + counts.unchanged == len(wanted[1])
        assert counts.withdrawn == len(cells.keys() - wanted[1].keys())
        assert counts.changed == sum(cells[one] != wanted[1][one] for one in cells.keys() & wanted[1].keys())
        assert (report.outcome == "unchanged") == (wanted == (kind, cells))
        number += wanted != (kind, cells)
        assert report.returns[0].revision == number
        kind, cells = wanted
        last = sent
        past.append((application.now, kind, number, cells))
    await read_again(council_client, past)


async def read_again(partner, past: list[tuple[datetime, str, int, Cells]]) -> None:
    """Every moment as it was, and every stretch between two of them by what differs."""
    assert await current(partner) == past[-1][3]
    for moment, kind, number, cells in past:
        assert await current(partner, as_of=moment) == cells
        standing = (await partner.list_returns(PROGRAMME, as_of=moment)).items
        assert [(one.kind, one.revision) for one in standing] == ([(kind, number)] if number else [])
    (first, _, _, before), (then, _, _, now) = past[0], past[-1]
    since = (await partner.list_observations(PROGRAMME, updated_after=first, as_of=then)).items
    assert {(o.breakdown.to_dict().get("sex", ""), o.change, o.value) for o in since} == changes(before, now)
    middle = past[len(past) // 2]
    since = (await partner.list_observations(PROGRAMME, updated_after=middle[0])).items
    assert {(o.breakdown.to_dict().get("sex", ""), o.change, o.value) for o in since} == changes(middle[3], now)
    if number := past[-1][2]:
        numbers = [one.revision for one in (await partner.list_revisions(PROGRAMME, **WHERE)).items]
        assert numbers == list(range(number, 0, -1))


def changes(before: Cells, now: Cells) -> set[tuple[str, str, int | None]]:
    return (
        {(one, "added", now[one]) for one in now.keys() - before.keys()}
        | {(one, "withdrawn", None) for one in before.keys() - now.keys()}
        | {(one, "changed", now[one]) for one in now.keys() & before.keys() if now[one] != before[one]}
    )
