"""`GET /v1/me`."""

from litestar import Router, get
from litestar.di import NamedDependency

from api.access.authentication import KEY_SECURITY, require_key
from api.http.problems import refusal_specs
from schema.partners import Caller, Me


@get(
    "/me",
    operation_id="get_me",
    summary="Get the caller and its grants",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401),
)
async def get_me(caller: NamedDependency[Caller]) -> Me:
    """Return the client, its organisation and scopes in each programme, and when its key expires."""
    return Me(
        client=caller.name,
        person=caller.person,
        key=caller.key,
        created_at=caller.created_at,
        expires_at=caller.expires_at,
        last_used_at=caller.last_used_at,
        grants=caller.grants,
    )


router = Router("/v1", route_handlers=[get_me], tags=["Partners"])
