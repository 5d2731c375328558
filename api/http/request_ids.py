"""Give every request an id, for the response and the log, and reject unknown query parameters."""

import difflib
import os
import re
from functools import lru_cache
from typing import Any, cast

from litestar import Request
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import QueryParameter
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.http.refusals import InvalidParameter, NotFound

REQUEST_ID_PATTERN = re.compile(rb"[A-Za-z0-9_-]{8,64}")


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


class RequestIdMiddleware(ASGIMiddleware):
    """Send `Request-Id`: the caller's own if it matches the pattern, otherwise a random one."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        requested = next((value for name, value in scope["headers"] if name == b"request-id"), b"")
        request_id = requested.decode() if REQUEST_ID_PATTERN.fullmatch(requested) else f"req_{os.urandom(10).hex()}"
        scope["state"]["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"request-id", request_id.encode())]
            await send(message)

        await next_app(scope, receive, send_with_id)
