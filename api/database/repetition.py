"""Repeat an act of a process for as long as it runs, even while the database does not answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from api.database.failures import DRIVER_ERRORS

log = logging.getLogger("work_health")


async def repeat_forever(act: Callable[[], Awaitable[None]], pause_seconds: float, *, failure: str) -> NoReturn:
    """Act, now and after each pause. An error of the database ends one act, and the log has `failure` for it."""
    while True:
        try:
            await act()
        except (OSError, SQLAlchemyError, *DRIVER_ERRORS):
            log.warning(failure, exc_info=True)
        await asyncio.sleep(pause_seconds)
