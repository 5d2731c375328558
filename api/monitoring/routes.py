"""Probes for load balancers, and metrics for Prometheus."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State

from api.http.problems import refusal_specs, response_specs
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
