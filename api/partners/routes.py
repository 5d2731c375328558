"""`GET /v1/me`, and how every other route learns who is calling."""

from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter

from api.clock import Now
from api.database import Transaction
from api.partners import keys, queries, rules
from api.problems import refusals
from schema.partners import Caller, Me

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255)]
KEY: list[dict[str, list[str]]] = [{"key": []}]


def with_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuses a call without anything like a key before its body is read."""
    rules.secret_of(connection.headers.get("authorization"))


async def caller(request: Request[Any, Any, Any], transaction: Transaction, now: Now) -> Caller:
    secret = rules.secret_of(request.headers.get("authorization"))
    record, grants = await queries.key(transaction, keys.digest(secret))
    admitted = rules.admit(record, grants, now=now)
    if record is not None:
        await queries.used(transaction, record, now=now)
    return admitted


@get(
    "/me",
    operation_id="get_me",
    summary="Who the key belongs to",
    guards=[with_key],
    security=KEY,
    responses=refusals(401),
)
async def get_me(caller: NamedDependency[Caller]) -> Me:
    """The client, its organisation and scopes in each programme, and when the key expires."""
    return Me(
        client=caller.name,
        key=caller.key,
        created_at=caller.created_at,
        expires_at=caller.expires_at,
        last_used_at=caller.last_used_at,
        grants=caller.grants,
    )


router = Router("/v1", route_handlers=[get_me], tags=["Partners"])
