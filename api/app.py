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
from api.access import routes as partners
from api.clock import Clock, Ids
from api.database.connections import application_engine, let_go, public, public_engine, transaction
from api.docs import routes as docs
from api.http.bodies import LARGEST_JSON, TypedRequest
from api.http.etags import ETags
from api.http.problems import HANDLERS
from api.http.request_ids import RequestId, known_parameters_only
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
    clock: Clock = time_and_ids.system,
    ids: Ids = uuid4,
) -> Litestar:
    """Everything wired together; `public_reads` are connections that can see releases alone.

    The clock and the source of ids are arguments, so that tests can hold them.
    """
    return Litestar(
        route_handlers=[
            docs.router,
            plan.router,
            partners.router,
            submissions.router,
            returns.router,
            reviews.router,
            outcomes.router,
            releases.router,
            released.router,
            routes_entries.router,
        ],
        dependencies={
            "transaction": transaction,
            "public": public,
            "caller": partners.caller,
            "now": time_and_ids.now,
            "new_id": time_and_ids.new_id,
        },
        exception_handlers=HANDLERS,
        after_exception=[let_go],
        before_request=known_parameters_only,
        middleware=[RequestId(), ETags()],
        request_class=TypedRequest,
        request_max_body_size=LARGEST_JSON,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Work and Health",
            version="1",
            description=DESCRIPTION.strip(),
            tags=[
                Tag(name="Plan", description="What is meant to lead to what, and what is counted. No key needed."),
                Tag(name="Partners", description="Who the key belongs to."),
                Tag(name="Submissions", description="Pushing returns, and taking them back."),
                Tag(name="Returns", description="Reading returns as they stand or stood, and forms to be filled in."),
                Tag(name="Reviews", description="What is owed, what reviewers decide, and who did what."),
                Tag(name="Outcomes", description="What the returns amount to."),
                Tag(name="Releases", description="Publishing figures that give nobody away."),
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
        state=State({"engine": engine, "public_engine": public_reads, "clock": clock, "ids": ids}),
    )


def serve() -> Litestar:
    """What each server process runs: the settings are read once, here."""
    given = settings.read()
    if given.database_url is None:
        raise settings.BadSetting("DATABASE_URL: needed here; `python -m api run` sets it for the embedded database")
    engine = application_engine(given.database_url, pool_size=given.work_health_pool)
    replica = given.database_replica_url or given.database_url
    public_reads = public_engine(replica, pool_size=given.work_health_pool)

    @asynccontextmanager
    async def connections(_: Litestar) -> AsyncGenerator[None]:
        # What is imported by now lives as long as the process: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        yield
        await engine.dispose()
        await public_reads.dispose()

    return create_app(engine, public_reads, lifespan=[connections])
