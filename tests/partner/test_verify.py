"""`python -m api verify` checks a whole database."""

import pytest

from api.submissions.queries_stored_cells import list_faults
from tests.conftest import PROGRAMME
from work_health import new_return, new_submission, observation

REFERRALS, QUARTER, CITY = "ips-primary-care-referrals", "FY2025-26-Q2", "E06000018"


async def find_faults(application) -> list[str]:
    async with application.owner.connect() as owner:
        return [fault async for fault in list_faults(owner)]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ("cell_breakdown = cell_breakdown", []),
        ("cell_area = null, cell_breakdown = null, cell_value = null", ["no-cells"]),
        (
            "cell_breakdown = substr(cell_breakdown, 1, 1) || substr(cell_breakdown, 1, 1)",
            ["duplicate-cell", "totals-not-first"],
        ),
        ("cell_value = null", ["no-number-or-status"]),
    ],
)
async def test_cells_that_break_a_rule_are_listed(application, council_client, change, codes):
    cells = [observation(CITY, 112), observation(CITY, 61, breakdown={"sex": "female"})]
    await council_client.create_submission(PROGRAMME, new_submission(new_return(REFERRALS, QUARTER, cells)))
    async with application.owner.begin() as owner:
        await owner.exec_driver_sql(f"update revision set {change}")
    expected = (
        f"{PROGRAMME} nottingham-city-council {REFERRALS} headline main {QUARTER}, revision 1: {', '.join(codes)}"
    )
    assert await find_faults(application) == ([expected] if codes else [])
