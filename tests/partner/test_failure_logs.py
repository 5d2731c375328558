"""The log of a failed request has its traceback, and no value of a parameter or a row."""

import logging

import pytest
from sqlalchemy import text

from api.http.failure_logs import describe_failure

NOTE = "a note about a person"


@pytest.mark.parametrize(
    "statement",
    [
        "select cast(:value as integer)",  # the driver refuses the parameter
        "select cast(concat(cast(:value as text)) as integer)",  # PostgreSQL's message has the value
        "select 1 from nowhere where cast(:value as text) is null",
    ],
)
async def test_log_of_a_failed_statement_has_no_values(application, statement):
    with pytest.raises(Exception) as failure:  # noqa: PT011  its type is the driver's
        async with application.engine.connect() as connection:
            await connection.execute(text(statement), {"value": NOTE})
    description = describe_failure(failure.value)
    assert NOTE not in description
    assert "SQLSTATE" in description
    assert "Traceback" in description


async def test_failed_request_is_logged_with_its_id_and_without_its_parameters(application, caplog):
    async with application.owner.begin() as owner:
        await owner.execute(text("alter table programme rename to lost"))
    try:
        http = application.http_client()
        response = await http.get(f"/v1/programmes/{NOTE}", headers={"Client-Request-Id": "mine-12345"})
    finally:
        async with application.owner.begin() as owner:
            await owner.execute(text("alter table lost rename to programme"))
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert response.status_code == 500
    assert response.headers["Request-Id"] in record.getMessage()
    assert "mine-12345" in record.getMessage()
    assert NOTE not in record.getMessage()
    assert record.exc_info is None
