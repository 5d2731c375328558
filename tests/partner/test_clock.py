"""A served application uses the clock of the database, not that of its host."""

import gc
from datetime import datetime, timedelta

import pytest

from api.app import serve
from api.database.failures import DatabaseUnreachable


class WrongHostClock(datetime):
    """The clock of a host that is ten minutes slow."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(minutes=10)


@pytest.fixture
def garbage_collection():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_time_of_a_served_application_is_that_of_the_database(application, monkeypatch, garbage_collection):
    monkeypatch.setattr("api.clock.datetime", WrongHostClock)
    monkeypatch.setenv("DATABASE_URL", application.url)
    app = serve()
    with pytest.raises(DatabaseUnreachable):
        app.state.clock()
    async with app.lifespan():
        stated = await (await application.query_connection()).fetchval("select clock_timestamp()")
        assert abs(app.state.clock() - stated) < timedelta(minutes=1)
