"""The application, assembled."""

import gc
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

from litestar import Litestar
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Tag
from sqlalchemy.ext.asyncio import AsyncEngine

from api import clock as time_and_ids
from api import settings
from api.access import authentication, programme_access
from api.access import routes as access
from api.clock import Clock, IdSource
from api.database.connections import (
    create_application_engine,
    create_public_engine,
    provide_public_transaction,
    provide_transaction,
    release_connections,
)
from api.docs import routes as docs
from api.http.bodies import MAX_JSON_BYTES, TypedRequest
from api.http.etags import ETagMiddleware
from api.http.problems import EXCEPTION_HANDLERS
from api.http.request_ids import RequestIdMiddleware, reject_unknown_parameters
from api.outcomes import routes_entries
from api.outcomes import routes_preview as outcomes
from api.outcomes import routes_released as released
from api.plan import routes as plan
from api.releases import routes as releases
from api.returns import routes as returns
from api.reviews import routes as reviews
from api.submissions import routes as submissions

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]

DESCRIPTION = """
Push counts into a delivery plan for health and work, and read what they amount to.
Guides: [sending returns](/guides/submitting), [reviewing them](/guides/reviewing),
[publishing](/guides/publishing), [reading returns](/guides/reading), [reading outcomes](/guides/outcomes),
[the SDK](/guides/sdk).
Every [code of a refusal or finding](/errors) has its page.

Reading a plan, and what is published, needs no key. For the rest send `Authorization: Bearer <key>`.
A period code says its own type: `2025-07` (month), `FY2025-26-Q1` (financial quarter, April to June 2025),
`FY2025-26-H1`, `FY2025-26`, `CY2025-Q3`, `CY2025`, `AY2025-26` (academic year), `R12-2025-12` (12 months ending
December 2025), `D2025-09-30` (a day), `P2025-04..2025-12` (to date).

Answers have an `ETag`: send it as `If-None-Match`, and 304 says that what you have is current.

A refusal is problem+json (RFC 9457): its `type` opens as a page that explains it.
"""


def create_app(
    engine: AsyncEngine,
    public_reads: AsyncEngine,
    *,
    lifespan: Sequence[Lifespan] = (),
    read_clock: Clock = time_and_ids.system_now,
    new_uuid: IdSource = uuid4,
) -> Litestar:
    """Everything wired together; `public_reads` are connections that can see releases alone.

    The clock and the source of ids are arguments, so that tests can hold them.
    """
    return Litestar(
        route_handlers=[
            docs.router,
            plan.router,
            access.router,
            submissions.router,
            returns.router,
            reviews.router,
            outcomes.router,
            releases.router,
            released.router,
            routes_entries.router,
        ],
        dependencies={
            "transaction": provide_transaction,
            "public": provide_public_transaction,
            "caller": authentication.provide_caller,
            "access": programme_access.provide_access,
            "now": time_and_ids.provide_now,
            "new_id": time_and_ids.provide_new_id,
        },
        exception_handlers=EXCEPTION_HANDLERS,
        after_exception=[release_connections],
        before_request=reject_unknown_parameters,
        middleware=[RequestIdMiddleware(), ETagMiddleware()],
        request_class=TypedRequest,
        request_max_body_size=MAX_JSON_BYTES,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Work and Health",
            version="1",
            description=DESCRIPTION.strip(),
            tags=[
                Tag(name="Plan", description="The programme, its logic model, measures and code lists. No key needed."),
                Tag(name="Partners", description="The caller and its grants."),
                Tag(name="Submissions", description="Submit and withdraw returns."),
                Tag(name="Returns", description="Read returns, now or at an earlier instant, and templates."),
                Tag(name="Reviews", description="Obligations, review decisions and the audit trail."),
                Tag(name="Outcomes", description="Published outcomes, and previews for reviewers."),
                Tag(name="Releases", description="Publish, read and withdraw releases."),
            ],
            components=Components(
                security_schemes={
                    "key": SecurityScheme(
                        type="http",
                        scheme="bearer",
                        description="A key as it was shown once: `wh_live_…` or `wh_sandbox_…`.",
                    )
                }
            ),
            use_handler_docstrings=True,
            render_plugins=[],
        ),
        lifespan=list(lifespan),
        state=State({"engine": engine, "public_engine": public_reads, "clock": read_clock, "ids": new_uuid}),
    )


def serve() -> Litestar:
    """What each server process runs: the settings are read once, here."""
    given = settings.read_settings()
    if given.database_url is None:
        raise settings.InvalidSetting(
            "DATABASE_URL: needed here; `python -m api run` sets it for the embedded database"
        )
    engine = create_application_engine(given.database_url, pool_size=given.work_health_pool)
    replica = given.database_replica_url or given.database_url
    public_reads = create_public_engine(replica, pool_size=given.work_health_pool)

    @asynccontextmanager
    async def connections(_: Litestar) -> AsyncGenerator[None]:
        # What is imported by now lives as long as the process: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        yield
        await engine.dispose()
        await public_reads.dispose()

    return create_app(engine, public_reads, lifespan=[connections])
