"""Give every request an id, for the response, the audit and the log, and reject unknown query parameters."""

import difflib
import os
import re
from functools import lru_cache
from typing import Any, cast

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter
from litestar.types import HTTPScope, Scope

from api.http.refusals import InvalidParameter, NotFound

SERVER_ID_PREFIX = "req_"
CLIENT_ID_PATTERN = re.compile(rb"(?!req_)[A-Za-z0-9_-]{8,64}")
Headers = list[tuple[bytes, bytes]]


async def reject_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Reject query parameters that the operation does not have: a misspelt filter must not return everything."""
    if "\x00" in request.scope["path"]:
        raise NotFound("The address contains a NUL character, which no code contains.")
    if b"%00" in request.scope["query_string"]:
        raise InvalidParameter("A parameter contains a NUL character, which no code and no text contains.")
    handler = request.route_handler
    fields = _query_parameters(handler)
    unknown = sorted(set(request.query_params) - set(fields))
    if unknown and handler.include_in_schema is not False:
        nearest = difflib.get_close_matches(unknown[0], fields, n=1)
        suggestion = f"Did you mean {nearest[0]}?" if nearest else "`/docs` lists all parameters."
        raise InvalidParameter(f"This operation has no parameter {unknown[0]!r}. {suggestion}")


@lru_cache(maxsize=1024)
def _query_parameters(handler: BaseRouteHandler) -> list[str]:
    """Return the query parameters of an operation and of its direct and indirect dependencies."""
    providers = dict(handler.resolve_dependencies())
    signatures = [handler.parsed_fn_signature.parameters]
    for signature in signatures:  # the list grows, because dependencies have dependencies
        signatures += [providers.pop(name).parsed_fn_signature.parameters for name in signature if name in providers]
    return [
        field.kwarg_definition.name or name
        for parameters in signatures
        for name, field in parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    ]


def get_operation(scope: Scope) -> str:
    """Return the id that the operation of a request has in the contract, or an empty string outside of all."""
    return str(getattr(cast("Any", scope).get("route_handler"), "operation_id", None) or "")


def assign_request_ids(scope: HTTPScope) -> Headers:
    """Give the request an id of the server, and return the headers of its response: this id, and the caller's own.

    The caller's own id counts only if it matches the pattern. It never looks like one of the server, so that a search
    for an id in the audit or the log finds one request.
    """
    request_id = f"{SERVER_ID_PREFIX}{os.urandom(10).hex()}"
    state = cast("Any", scope).setdefault("state", {})
    state["request_id"] = request_id
    headers = [(b"request-id", request_id.encode())]
    client_id = next((value for name, value in scope["headers"] if name == b"client-request-id"), b"")
    if CLIENT_ID_PATTERN.fullmatch(client_id):
        state["client_request_id"] = client_id.decode()
        headers.append((b"client-request-id", client_id))
    return headers


def get_request_id(scope: Scope) -> str:
    """Return the server's id of a request."""
    return scope["state"]["request_id"]


def get_client_request_id(scope: Scope) -> str | None:
    """Return the caller's own id of a request."""
    return scope["state"].get("client_request_id")
