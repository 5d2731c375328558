"""Assemble the application."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import Any, NoReturn
from uuid import uuid4

from litestar import Litestar
from litestar.datastructures import State
from litestar.middleware import ASGIMiddleware
from sqlalchemy.ext.asyncio import AsyncEngine

import api.access.routes
import api.docs.routes
import api.monitoring.routes
import api.outcomes.routes_availability
import api.outcomes.routes_entries
import api.outcomes.routes_preview
import api.outcomes.routes_preview_views
import api.outcomes.routes_released
import api.outcomes.routes_released_views
import api.pages.routes
import api.pages.routes_returns
import api.pages.routes_sign_in
import api.plan.routes
import api.releases.routes
import api.returns.routes
import api.returns.routes_observations
import api.returns.routes_templates
import api.reviews.routes_audit
import api.reviews.routes_decisions
import api.reviews.routes_obligations
import api.reviews.routes_redactions
import api.reviews.routes_reviews
import api.submissions.routes
from api import clock, settings
from api.access import authentication, programme_access
from api.access.rate_limit_middleware import RateLimitMiddleware
from api.access.rate_limits import Quotas, RateLimiter, settle_forever
from api.access.refused_requests import RefusedRequests, note_refusal
from api.access.session_middleware import SessionMiddleware
from api.access.sessions import SessionSeal
from api.clock import Clock, IdSource
from api.database.connections import (
    connect_pulse,
    create_application_engine,
    create_public_engine,
)
from api.database.database_clock import DatabaseClock
from api.database.live_copy import CHANGE_SECONDS
from api.database.pulse import Pulse
from api.database.replica import Replica
from api.database.request_transactions import provide_public_transaction, provide_transaction, release_connections
from api.database.roles import APPLICATION_ROLE, PUBLIC_ROLE
from api.docs.problem_pages import show_problems_as_pages
from api.http.bodies import MAX_BODY_BYTES, TypedRequest
from api.http.budgets import ConcurrencyMiddleware, UploadBudget
from api.http.etags import ETagMiddleware
from api.http.loop_watchdog import LoopWatchdog
from api.http.problems import EXCEPTION_HANDLERS
from api.http.query_parameters import reject_unknown_parameters
from api.http.response_headers import Network, add_response_headers
from api.http.slow_bodies import SlowBodyMiddleware
from api.monitoring.logs import start_log
from api.monitoring.metrics import Metrics
from api.monitoring.readiness import ReadinessChecker
from api.monitoring.requests import monitor_requests
from api.monitoring.routes import build_metrics_handlers
from api.monitoring.tracing import Tracing, start_tracing
from api.monitoring.watching import watch_process
from api.openapi_config import build_openapi_config
from api.outcomes.cache import get_cache

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

ROUTERS = (
    api.monitoring.routes.router,
    api.pages.routes.router,
    api.pages.routes_sign_in.router,
    api.pages.routes_returns.router,
    api.docs.routes.router,
    api.plan.routes.router,
    api.access.routes.router,
    api.submissions.routes.router,
    api.returns.routes.router,
    api.returns.routes_observations.router,
    api.returns.routes_templates.router,
    api.reviews.routes_decisions.router,
    api.reviews.routes_reviews.router,
    api.reviews.routes_redactions.router,
    api.reviews.routes_obligations.router,
    api.reviews.routes_audit.router,
    api.outcomes.routes_preview.router,
    api.outcomes.routes_preview_views.router,
    api.outcomes.routes_availability.router,
    api.releases.routes.router,
    api.outcomes.routes_released.router,
    api.outcomes.routes_released_views.router,
    api.outcomes.routes_entries.router,
)

MIDDLEWARE: Sequence[ASGIMiddleware] = (
    SessionMiddleware(),
    RateLimitMiddleware(),
    ConcurrencyMiddleware(),
    SlowBodyMiddleware(),
    ETagMiddleware(),
)
DEPENDENCIES: dict[str, Callable[..., Any]] = {
    "transaction": provide_transaction,
    "public": provide_public_transaction,
    "caller": authentication.provide_caller,
    "access": programme_access.provide_access,
    "now": clock.provide_now,
    "new_id": clock.provide_new_id,
}


def _make_process_state(time: Clock | DatabaseClock, new_uuid: IdSource) -> dict[str, Any]:
    """Return what each server process keeps for itself."""
    return {
        "clock": time,
        "ids": new_uuid,
        "uploads": UploadBudget(),
        "refused_requests": RefusedRequests(time.read),
        "readiness": ReadinessChecker(),
    }


def create_app(
    engine: AsyncEngine,
    public_reads: AsyncEngine,
    *,
    replica: Replica | None = None,
    lifespan: Sequence[Lifespan] = (),
    database_clock: Clock | None = None,
    new_uuid: IdSource = uuid4,
    change_seconds: float = CHANGE_SECONDS,
    proxies: Sequence[Network] = (),
    metrics_networks: Sequence[Network] = (),
    quotas: Quotas | None = None,
    session_secret: bytes | None = None,
) -> Litestar:
    """Return the application. `public_reads` is the engine of a role that can read only plans and releases.

    Figures of releases are read from `replica` if there is one, as the same role.
    Without `database_clock`, the application knows the time from the first statement that checks a key. The source of
    ids is a parameter so that tests can control it, and so is the time that a response to a withdrawal waits for other
    processes. `proxies` are believed when they state who the caller is. Only `metrics_networks` may read the metrics.
    Without `quotas`, callers may send as many requests as they like. Without `session_secret`, nobody can sign in.
    """
    time, replicas = database_clock or DatabaseClock(), replica and replica.engine
    metrics = Metrics({"application": engine, "public": public_reads, "replica": replicas})
    state: dict[str, Any] = {
        "engine": engine,
        "public_engine": public_reads,
        "replica": replica,
        "change_seconds": change_seconds,
        "metrics": metrics,
        "rate_limiter": quotas and RateLimiter(quotas, time.read),
        "session_seal": session_secret and SessionSeal(session_secret),
    }
    app = Litestar(
        route_handlers=[*ROUTERS, *build_metrics_handlers(metrics_networks, metrics)],
        dependencies=DEPENDENCIES,
        exception_handlers=EXCEPTION_HANDLERS,
        after_exception=[release_connections, note_refusal],
        before_request=reject_unknown_parameters,
        middleware=MIDDLEWARE,
        request_class=TypedRequest,
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        openapi_config=build_openapi_config(),
        lifespan=list(lifespan),
        state=State(state | _make_process_state(time, new_uuid)),
    )
    return monitor_requests(add_response_headers(show_problems_as_pages(app), proxies), metrics.counts)


def serve() -> Litestar:
    """Return the application of a server process. Read the settings once, here."""
    configuration = settings.read_settings()
    start_log("server", configuration)
    database = settings.require_database_url(configuration)
    engine = create_application_engine(database, pool_size=configuration.work_health_pool)
    public_database, replica_url = configuration.database_public_url or database, configuration.database_replica_url
    public_reads = create_public_engine(public_database, pool_size=configuration.work_health_pool)
    replica = (
        Replica(create_public_engine(replica_url, pool_size=configuration.work_health_pool)) if replica_url else None
    )
    pulse = Pulse(lambda: connect_pulse(database, APPLICATION_ROLE), engine)
    followers = [
        partial(get_cache(public_reads).follow, public_database),
        pulse.follow,
        Pulse(lambda: connect_pulse(public_database, PUBLIC_ROLE), public_reads).follow,
    ]
    quotas = Quotas(
        key=configuration.work_health_key_rate,
        address=configuration.work_health_address_rate,
        failures=configuration.work_health_wrong_keys,
    )
    has_watchdog = configuration.work_health_watchdog
    tracing = start_tracing("server")
    lifespan = partial(_run_background, pulse=pulse, followers=followers, has_watchdog=has_watchdog, tracing=tracing)
    app = create_app(
        engine,
        public_reads,
        replica=replica,
        lifespan=[lifespan],
        database_clock=pulse.clock,
        proxies=configuration.proxies,
        metrics_networks=configuration.metrics_networks,
        quotas=quotas,
        session_secret=configuration.session_secret,
    )
    if tracing:
        tracing.trace_requests(app)
        for traced_engine in (engine, public_reads, *([replica.engine] if replica else [])):
            tracing.trace_statements(traced_engine)
    return app


@asynccontextmanager
async def _run_background(
    app: Litestar,
    *,
    pulse: Pulse,
    followers: Sequence[Callable[[], Coroutine[Any, Any, NoReturn]]],
    has_watchdog: bool,
    tracing: Tracing | None,
) -> AsyncGenerator[None]:
    """Run what a server process does next to its requests, and close its connections at the end."""
    # All imported objects live as long as the process, so the garbage collector can ignore them.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    await pulse.beat()  # the first request needs the time
    engine, refused = app.state.engine, app.state.refused_requests
    background = [asyncio.create_task(settle_forever(engine, app.state.rate_limiter.settle, refused.settle))]
    background += [asyncio.create_task(app.state.metrics.measure_forever())]
    background += [asyncio.create_task(follow()) for follow in followers]
    async with watch_process(app), LoopWatchdog() if has_watchdog else nullcontext():
        yield
    for task in background:
        task.cancel()
    with suppress(Exception):  # without the database, they are logged
        await refused.settle(engine, is_last=True)
    await engine.dispose()
    await app.state.public_engine.dispose()
    if app.state.replica:
        await app.state.replica.engine.dispose()
    if tracing:
        await asyncio.to_thread(tracing.stop)
