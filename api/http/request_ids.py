"""A name for every request, told to the caller and written in the log."""

import difflib
import re
import secrets
from functools import lru_cache
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.params import QueryParameter
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.http.refusals import InvalidParameter, NotFound

REQUEST_ID_PATTERN = re.compile(rb"[A-Za-z0-9_-]{8,64}")


async def reject_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """A parameter that the operation does not have is refused: a misspelt filter must not answer with everything."""
    if any("\x00" in str(value) for value in request.path_params.values()):
        raise NotFound("The address has a NUL character, which no code has.")
    if any("\x00" in str(value) for _, value in request.query_params.multi_items()):
        raise InvalidParameter("A parameter has a NUL character, which no code and no text has.")
    handler = request.route_handler
    fields = _query_parameters(handler)
    unknown = sorted(set(request.query_params) - set(fields))
    if unknown and handler.include_in_schema is not False:
        near = difflib.get_close_matches(unknown[0], fields, n=1)
        hint = f"Did you mean {near[0]}?" if near else "`/docs` lists those that there are."
        raise InvalidParameter(f"This operation has no parameter {unknown[0]!r}. {hint}")


@lru_cache(maxsize=1024)
def _query_parameters(handler: BaseRouteHandler) -> list[str]:
    """The query parameters of an operation and of what it depends on."""
    signature = handler.parsed_fn_signature.parameters
    provided = [
        provider.parsed_fn_signature.parameters
        for name, provider in handler.resolve_dependencies().items()
        if name in signature
    ]
    return [
        field.kwarg_definition.name or name
        for parameters in (signature, *provided)
        for name, field in parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    ]


class RequestIdMiddleware(ASGIMiddleware):
    """Answers `Request-Id`: the caller's own if it sent one that is plain, else a random one."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        given = next((value for name, value in scope["headers"] if name == b"request-id"), b"")
        request_id = given.decode() if REQUEST_ID_PATTERN.fullmatch(given) else f"req_{secrets.token_hex(10)}"
        scope["state"]["request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"request-id", request_id.encode())]
            await send(message)

        await next_app(scope, receive, named)
