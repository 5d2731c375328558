"""Write one line to the log when a server stops being ready, and one when it is ready again."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

from litestar import Litestar
from msgspec.structs import asdict

from schema.health import CheckState, Readiness, ReadinessStatus

log = logging.getLogger("work_health")

WATCH_SECONDS = 5.0
LEVELS = {
    ReadinessStatus.READY: logging.INFO,
    ReadinessStatus.DEGRADED: logging.WARNING,
    ReadinessStatus.UNREADY: logging.ERROR,
}
GOOD_STATES = {CheckState.OK, CheckState.SKIPPED}


@asynccontextmanager
async def watch_process(app: Litestar) -> AsyncGenerator[None]:
    """Watch a server process for as long as it serves."""
    state = app.state
    watching = asyncio.create_task(
        watch_forever(lambda: state.readiness.check(state.engine, state.public_engine, state.replica))
    )
    yield
    watching.cancel()


async def watch_forever(check: Callable[[], Awaitable[Readiness]]) -> NoReturn:
    """Check the readiness every five seconds, and write each change to the log."""
    before: Readiness | None = None
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        readiness = await check()
        if before is None or readiness.status is not before.status:
            log.log(LEVELS[readiness.status], describe_readiness(readiness))
        before = readiness


def describe_readiness(readiness: Readiness) -> str:
    """Return the status, with the checks that explain it."""
    faults = [f"{name} {state}" for name, state in asdict(readiness.checks).items() if state not in GOOD_STATES]
    return f"This server is {readiness.status}" + (f": {', '.join(faults)}." if faults else ".")
