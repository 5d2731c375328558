"""Histories: the last submission is current after any sequence, and every past instant can be read again."""

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
    """Return these parts with a total that fits them."""
    return {"": sum(parts.values()) if len(parts) == len(SEXES) else sum(parts.values()) + 1, **parts}


def to_submission(kind: str, cells: Cells) -> NewSubmission:
    observations = [
        {"area": CITY, "value": value, "breakdown": {"sex": sex} if sex else {}} for sex, value in cells.items()
    ]
    new = {name: WHERE[name] for name in ("measure", "series", "service", "period")}
    new |= {"kind": kind, "observations": observations, "note": "Because." if kind == "withdrawn" else None}
    return NewSubmission.from_dict({"returns": [new], "confirm_withdrawals": True})


async def read_cells(partner, **moment: datetime) -> Cells:
    items = (await partner.list_observations(PROGRAMME, **moment)).items
    return {item.breakdown.to_dict().get("sex", ""): item.value for item in items}


async def delete_returns(application) -> None:
    async with application.owner.begin() as owner:
        await owner.exec_driver_sql('truncate submission, "return" cascade')


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=1, max_size=6))
async def test_any_sequence_ends_in_the_state_of_its_last_submission(application, council_client, steps):
    await delete_returns(application)
    kind, cells, number = "none", {}, 0
    last_submission = None
    past: list[tuple[datetime, str, int, Cells]] = [(application.now, kind, number, cells)]
    for step, parts in steps:
        application.now += timedelta(seconds=1)
        if step == "again":
            if last_submission is None or kind == "withdrawn":
                continue
            submission, target = last_submission, (kind, cells)
        else:
            submission, target = (
                to_submission(step, new_cells := cells_of(parts) if step == "data" else {}),
                (step, new_cells),
            )
        if target[0] == "withdrawn" and kind in ("none", "withdrawn"):
            with pytest.raises(RequestRejected, match="nothing-to-withdraw"):
                await council_client.create_submission(PROGRAMME, submission)
            continue
        report = await council_client.create_submission(PROGRAMME, submission)
        counts = report.counts
        assert counts.received == counts.added + counts.changed + counts.unchanged == len(target[1])
        assert counts.withdrawn == len(cells.keys() - target[1].keys())
        assert counts.changed == sum(cells[sex] != target[1][sex] for sex in cells.keys() & target[1].keys())
        assert (report.outcome == "unchanged") == (target == (kind, cells))
        number += target != (kind, cells)
        assert report.returns[0].revision == number
        kind, cells = target
        last_submission = submission
        past.append((application.now, kind, number, cells))
    await check_past_instants(council_client, past)


async def check_past_instants(partner, past: list[tuple[datetime, str, int, Cells]]) -> None:
    """Check the cells at every instant and the changes between two of them."""
    assert await read_cells(partner) == past[-1][3]
    for moment, kind, number, cells in past:
        assert await read_cells(partner, as_of=moment) == cells
        returns = (await partner.list_returns(PROGRAMME, as_of=moment)).items
        assert [(item.kind, item.revision) for item in returns] == ([(kind, number)] if number else [])
    (first, _, _, cells_before), (last, _, _, cells_after) = past[0], past[-1]
    changed = (await partner.list_observations(PROGRAMME, updated_after=first, as_of=last)).items
    assert {(item.breakdown.to_dict().get("sex", ""), item.change, item.value) for item in changed} == changes(
        cells_before, cells_after
    )
    middle = past[len(past) // 2]
    changed = (await partner.list_observations(PROGRAMME, updated_after=middle[0])).items
    assert {(item.breakdown.to_dict().get("sex", ""), item.change, item.value) for item in changed} == changes(
        middle[3], cells_after
    )
    if number := past[-1][2]:
        numbers = [item.revision for item in (await partner.list_revisions(PROGRAMME, **WHERE)).items]
        assert numbers == list(range(number, 0, -1))


def changes(cells_before: Cells, cells_after: Cells) -> set[tuple[str, str, int | None]]:
    return (
        {(sex, "added", cells_after[sex]) for sex in cells_after.keys() - cells_before.keys()}
        | {(sex, "withdrawn", None) for sex in cells_before.keys() - cells_after.keys()}
        | {
            (sex, "changed", cells_after[sex])
            for sex in cells_after.keys() & cells_before.keys()
            if cells_after[sex] != cells_before[sex]
        }
    )
