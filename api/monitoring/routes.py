"""Probes for load balancers, and metrics for Prometheus."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from anyio import to_thread
from litestar import Request, Response, Router, asgi, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from api.http.problems import refusal_specs, response_specs
from api.http.response_headers import Network, is_within
from api.monitoring.database_metrics import DatabaseMetrics
from api.monitoring.metrics import Metrics, build_info
from api.monitoring.readiness import ReadinessChecker
from schema.health import Health, Readiness, ReadinessStatus

NO_STORE = {"Cache-Control": "no-store"}
PROBE = {"is_probe": True}


@get(
    "/healthz",
    operation_id="get_health",
    summary="Get the health of the server",
    responses=refusal_specs(),
    opt=PROBE,
    sync_to_thread=False,
)
def get_health() -> Response[Health]:
    """Report that the server process answers. It asks no database: restart the process if this fails."""
    return Response(Health(), headers=NO_STORE)


@get(
    "/readyz",
    operation_id="get_readiness",
    summary="Get the readiness of the server",
    responses=refusal_specs() | response_specs(Readiness, HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE),
    opt=PROBE,
)
async def get_readiness(request: Request[Any, Any, Any], state: State) -> Response[Readiness]:
    """Report whether requests should be sent to this server: status 200 if so, otherwise 503, with every check.

    A result is used for a second, that of the walls for a minute. A check that takes 2 seconds has failed.
    """
    checker: ReadinessChecker = request.app.state.readiness
    readiness = await checker.check(state.engine, state.public_engine, state.replica)
    is_unready = readiness.status is ReadinessStatus.UNREADY
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_unready else HTTPStatus.OK
    return Response(readiness, status_code=status, headers=NO_STORE)


router = Router(path="/", route_handlers=[get_health, get_readiness], tags=["Health"])


def build_metrics_handlers(networks: Sequence[Network], metrics: Metrics) -> list[ASGIRouteHandler]:
    """Return the handler of `/metrics`, which is an unknown path for every address outside of the networks.

    It is no operation of the API, so the contract does not have it. Without networks there is no handler.
    """
    if not networks:
        return []
    info, database = build_info(), DatabaseMetrics()

    @asgi("/metrics", opt=PROBE)
    async def get_metrics(scope: Scope, receive: Receive, send: Send) -> None:
        values = cast("Any", scope)
        if values["method"] != "GET" or not is_within((values["client"] or ("",))[0], tuple(networks)):
            raise NotFoundException
        metrics.transfer()
        others = [info, *await database.read(values["litestar_app"].state.engine)]
        request = Request[Any, Any, Any](scope)
        accept = request.headers.get("accept", "")
        content, media_type = await to_thread.run_sync(metrics.expose, accept, others)
        response: Any = Response(content, media_type=media_type, headers=NO_STORE)
        await response.to_asgi_response(None, request)(scope, receive, send)

    return [get_metrics]
