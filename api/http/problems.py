"""Turn every refusal into problem+json (RFC 9457), also refusals of the framework."""

import logging
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from api.database.failures import find_sqlstate
from api.http.outages import find_outage
from api.http.query_parameters import explain_invalid_parameters
from api.http.refusals import (
    BodyTooLarge,
    InvalidParameter,
    InvalidRequest,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Refusal,
    ServerFailed,
    Unauthenticated,
    UnstorableText,
)
from api.http.request_ids import get_request_id
from schema.problems import Problem

log = logging.getLogger("work_health")

PROBLEM_MEDIA_TYPE = "application/problem+json"
REFUSAL_KEY = "refusal"  # the key of a request's state for the code of its refusal, which the metrics count


def error_code(refusal: type[Refusal]) -> str:
    """Return the last part of the problem's type: `not-allowed` for `NotAllowed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", refusal.__name__).lower()


def error_title(refusal: type[Refusal]) -> str:
    return (refusal.__doc__ or "").split("\n")[0]


def refusal_response(request: Request[Any, Any, Any], refusal: Refusal) -> Response[Problem]:
    kind = type(refusal)
    request.scope["state"][REFUSAL_KEY] = error_code(kind)
    headers = {"WWW-Authenticate": 'Bearer realm="work-and-health"'} if kind is Unauthenticated else {}
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    problem = Problem(
        type=f"/errors/{request.scope['state'][REFUSAL_KEY]}",
        title=error_title(kind),
        status=kind.status,
        detail=str(refusal),
        request_id=get_request_id(request.scope),
        errors=list(refusal.findings),
    )
    return Response(problem, status_code=kind.status, media_type=PROBLEM_MEDIA_TYPE, headers=headers)


async def send_refusal(
    scope: Scope, receive: Receive, send: Send, refusal: Refusal, *, retry_after: int | None = None
) -> None:
    """Answer a request with a refusal, from a middleware. `retry_after` replaces the seconds of the refusal's kind."""
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    response: Response[Any] = refusal_response(request, refusal)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    await cast("Any", response).to_asgi_response(None, request)(scope, receive, send)


def read_authorization(scope: Scope) -> bytes | None:
    """Return the `Authorization` header of a request."""
    return next((value for name, value in scope["headers"] if name == b"authorization"), None)


def framework_refusal_response(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Turn a refusal of Litestar into a problem: no such route, no such method, a body over the limit."""
    if error.status_code == HTTPStatus.NOT_FOUND:
        return refusal_response(
            request, NotFound(f"There is nothing at {request.url.path}; `/docs` lists all operations.")
        )
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return refusal_response(request, BodyTooLarge(error.detail))
    if isinstance(error, ValidationException):
        return refusal_response(request, _validation_refusal(request, error))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _method_refusal_response(request, error.headers or {})
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return refusal_response(request, InvalidRequest(f"{error.detail or 'The request is invalid'}."))
    return failure_response(request, error)


def _method_refusal_response(request: Request[Any, Any, Any], headers: Mapping[str, str]) -> Response[Problem]:
    allowed = sorted(name for name in headers.get("allow", "").split(", ") if name != "OPTIONS")
    detail = f"{request.url.path} does not have the method {request.method}. Allowed: {', '.join(allowed)}."
    response = refusal_response(request, MethodNotAllowed(detail))
    response.headers["Allow"] = ", ".join(allowed)
    return response


def _validation_refusal(request: Request[Any, Any, Any], error: ValidationException) -> Refusal:
    faults = cast("list[dict[str, str]]", error.extra or [])
    if not faults:  # a required parameter is missing
        return InvalidParameter(error.detail)
    is_empty = any(fault.get("key") == "data" for fault in faults)
    if is_empty:
        return Malformed("The body is empty.")
    return explain_invalid_parameters(request.route_handler, faults)


# PostgreSQL's errors for the character NUL, in a text or in JSON.
UNSTORABLE_TEXT_SQLSTATES = {"22021", "22P05"}


def failure_response(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Log an error of the server with the request's id, and return a problem without any detail of the error.

    A text that PostgreSQL cannot store is the caller's error. The driver raises it, or SQLAlchemy around the driver.
    An outage of the database passes.
    """
    if find_sqlstate(error) in UNSTORABLE_TEXT_SQLSTATES:
        return refusal_response(request, UnstorableText("A text contains the character NUL (U+0000)."))
    if (outage := find_outage(error, request.method)) is not None:
        log.warning("A request was refused: %s", error_code(type(outage)))
        return refusal_response(request, outage)
    log.error("A request failed.", exc_info=error)
    problem = Problem(
        type=f"/errors/{error_code(ServerFailed)}",
        title=error_title(ServerFailed),
        status=500,
        detail="Quote the request id when you report it.",
        request_id=get_request_id(request.scope),
    )
    return Response(problem, status_code=500, media_type=PROBLEM_MEDIA_TYPE)


EXCEPTION_HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Problem]]] = {
    Refusal: refusal_response,
    HTTPException: framework_refusal_response,
    Exception: failure_response,
}


def response_specs(kind: type[Struct], *statuses: int) -> dict[int, ResponseSpec]:
    """Return the `responses=` of a route that returns this struct as bytes."""
    return {status: ResponseSpec(kind, description="The response.", generate_examples=False) for status in statuses}


def refusal_specs(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the `responses=` of a route that can refuse with these statuses. A body can be too slow or too large."""
    if HTTPStatus.REQUEST_ENTITY_TOO_LARGE in statuses:
        statuses = (*statuses, HTTPStatus.REQUEST_TIMEOUT)
    return {
        status: ResponseSpec(
            Problem, description=HTTPStatus(status).phrase, media_type=PROBLEM_MEDIA_TYPE, generate_examples=False
        )
        for status in sorted({*statuses, 400, 429, 500, 503})
    }
