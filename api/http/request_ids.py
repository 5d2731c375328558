"""Give every request an id, for the response, the audit and the log."""

import os
import re
from typing import Any, cast

from litestar.types import HTTPScope, Scope

SERVER_ID_PREFIX = "req_"
CLIENT_ID_PATTERN = re.compile(rb"(?!req_)[A-Za-z0-9_-]{8,64}")
Headers = list[tuple[bytes, bytes]]


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
