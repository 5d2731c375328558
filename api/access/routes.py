"""The caller, and the keys of its client."""

import secrets
from datetime import timedelta
from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import key_rules, keys, queries_keys
from api.access.authentication import KEY_SECURITY, require_key, require_valid_key
from api.database.connections import Transaction
from api.http.problems import refusal_specs
from api.http.refusals import NotFound, Unauthenticated
from api.http.request_ids import get_client_request_id, get_request_id
from schema.partners import Caller, ClientKey, ClientKeyList, IssuedKey, Me, NewKey


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
        expires_soon=key_rules.expires_soon(caller.expires_at, now=caller.authenticated_at),
        last_used_at=caller.last_used_at,
        grants=caller.grants,
    )


@get(
    "/me/keys",
    operation_id="list_keys",
    summary="List the client's keys",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401),
)
async def list_keys(caller: NamedDependency[Caller], transaction: Transaction) -> ClientKeyList:
    """Return the keys of the caller's client, without their secrets: the valid ones, and the newest 100 of all."""
    return ClientKeyList(items=await _list_keys(transaction, caller))


@post(
    "/me/keys",
    operation_id="create_key",
    summary="Create a key to replace the one in use",
    guards=[require_valid_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 409, 413, 415, 422),
)
async def create_key(
    data: JSONBody[NewKey],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    transaction: Transaction,
) -> IssuedKey:
    """Create a key of the same client, with the same grants, and let the key in use end after the overlap.

    The response is the only one that contains the secret. There is no Idempotency-Key: the server would have to
    store the secret. If the response is lost, revoke the lost key and create another.
    A client has at most 3 valid keys.
    """
    await queries_keys.lock_client_keys(transaction, caller, get_client_request_id(request.scope))
    now = caller.authenticated_at
    key_rules.check_key_count(await _list_keys(transaction, caller), now=now)
    key = keys.make_key(secrets.token_bytes(38), sandbox=await queries_keys.is_sandbox_client(transaction, caller.key))
    is_replaced = await queries_keys.replace_own_key(
        transaction,
        key,
        now=now,
        expires_at=now + timedelta(days=data.days),
        overlap_ends_at=now + timedelta(days=data.overlap_days),
        request_id=get_request_id(request.scope),
    )
    if not is_replaced:
        raise _lost_key(caller)
    by_id = {key.id: key for key in await _list_keys(transaction, caller)}
    return IssuedKey(secret=key.secret, key=by_id[key.id], replaced=by_id[caller.key])


@delete(
    "/me/keys/{key:str}",
    operation_id="revoke_key",
    summary="Revoke a key of the client",
    status_code=200,
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 404),
)
async def revoke_key(
    key: FromPath[str],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    transaction: Transaction,
) -> ClientKey:
    """Revoke a key permanently, also the one in use. Revoking it again changes nothing."""
    await queries_keys.lock_client_keys(transaction, caller, get_client_request_id(request.scope))
    request_id, now = get_request_id(request.scope), caller.authenticated_at
    is_revoked = await queries_keys.revoke_own_key(transaction, key, now=now, request_id=request_id)
    revoked = next((one for one in await _list_keys(transaction, caller) if one.id == key), None)
    if revoked is None:
        raise NotFound(f"The client has no key {key!r}; `GET /v1/me/keys` lists its keys.")
    if not is_revoked and revoked.revoked_at is None:
        raise _lost_key(caller)
    return revoked


async def _list_keys(transaction: AsyncConnection, caller: Caller) -> list[ClientKey]:
    now = caller.authenticated_at
    return await queries_keys.list_client_keys(transaction, caller.client, key_in_use=caller.key, now=now)


def _lost_key(caller: Caller) -> Unauthenticated:
    """Return the refusal of a request whose key was revoked or expired while it waited."""
    return Unauthenticated(f"The key {caller.key} is not valid any more.")


router = Router("/v1", route_handlers=[get_me, list_keys, create_key, revoke_key], tags=["Partners"])
