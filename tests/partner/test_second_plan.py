"""A second real programme: its plan is accepted, its role is bound, and a return is submitted and read back."""

import asyncio
from datetime import UTC, datetime

from tests.conftest import TESTS_FOLDER
from tests.fixtures.server_process import run_command
from work_health import new_return, new_submission, observation

PLAN_FILE = str(TESTS_FOLDER / "plans" / "connect-to-work.yaml")
PROGRAMME, COUNCIL, ROLE = "connect-to-work-2025-2030", "leicester-city-council", "connect-to-work-service"
REGION = "E12000004"


async def test_programme_of_another_place_works_from_its_file_alone(application):
    application.now = datetime(2026, 4, 20, 9, 30, tzinfo=UTC)
    for command in (
        ["check-plan", PLAN_FILE],
        ["load-plan", PLAN_FILE],
        ["bind-role", ROLE, COUNCIL, "--from", "2025-04-01", "--programme", PROGRAMME],
    ):
        result = await asyncio.to_thread(run_command, *command, DATABASE_URL=application.url)
        assert result.returncode == 0, result.stderr
    council = await application.partner_client(COUNCIL, programme=PROGRAMME)
    owed = (await council.list_obligations(PROGRAMME, period="FY2025-26")).items
    assert {obligation.measure for obligation in owed} == {
        "delivery-plan",
        "people-supported",
        "people-into-employment",
    }

    content = new_submission(new_return("people-into-employment", "FY2025-26", [observation(REGION, 681)]))
    assert (await council.create_submission(PROGRAMME, content)).outcome == "accepted"
    stored = await council.get_return(
        PROGRAMME,
        organisation=COUNCIL,
        measure="people-into-employment",
        series="headline",
        service="main",
        period="FY2025-26",
    )
    assert [(cell.area, cell.value) for cell in stored.observations] == [(REGION, 681)]


async def test_logic_model_of_another_place_is_served(application):
    result = await asyncio.to_thread(run_command, "load-plan", PLAN_FILE, DATABASE_URL=application.url)
    assert result.returncode == 0, result.stderr
    model = await application.sdk_client().get_logic_model(PROGRAMME)
    assert {node.column for node in model.nodes} == {"input", "activity", "output", "outcome", "impact"}
