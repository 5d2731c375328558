"""The log of a failed request has its traceback, and no value of a parameter or a row."""

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
