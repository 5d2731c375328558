"""A submission takes one statement to authenticate, one to read and one to write, in one transaction."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from tests.conftest import PROGRAMME
from work_health import new_return, new_submission, observation

REFERRALS, CITY = "ips-primary-care-referrals", "E06000018"
STEPS = ["from client_key", "BEGIN", "open_submission", "new_submission", "COMMIT"]


def make_submission(value: int):
    cells = [observation(CITY, value), observation(CITY, value, breakdown={"sex": "unknown"})]
    return new_submission(new_return(REFERRALS, "FY2025-26-Q2", cells))


@pytest.fixture
def statements(application) -> Iterator[list[str]]:
    """Collect the statements that the application sends, transactions included."""
    sent: list[str] = []

    def listen(connection, _) -> None:
        connection.driver_connection.add_query_logger(lambda record: sent.append(record.query))

    event.listen(application.engine.sync_engine, "connect", listen)
    yield sent
    event.remove(application.engine.sync_engine, "connect", listen)


@pytest.mark.parametrize("idempotency_key", [None, "monday"])
async def test_submission_takes_five_round_trips(application, council_client, statements, idempotency_key):
    await application.engine.dispose()  # new connections have the listener
    await council_client.create_submission(PROGRAMME, make_submission(10))  # reads the plan once for all requests
    statements.clear()
    await council_client.create_submission(PROGRAMME, make_submission(12), idempotency_key=idempotency_key)
    assert len(statements) == len(STEPS), statements
    assert all(step in statement for step, statement in zip(STEPS, statements, strict=True)), statements


async def test_dry_run_writes_only_an_audit_entry(application, council_client, statements):
    await application.engine.dispose()
    await council_client.create_submission(PROGRAMME, make_submission(10))
    statements.clear()
    await council_client.create_submission(PROGRAMME, make_submission(12), dry_run=True)
    assert [step for step in STEPS if any(step in statement for statement in statements)] == STEPS[:3]
    assert "ROLLBACK" in statements[-2]
    assert "insert into audit" in statements[-1]
