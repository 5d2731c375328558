"""What a key opens."""

from datetime import datetime

from api.access import keys
from api.http.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, Unauthenticated
from schema.partners import Author, Caller, Grant, KeyRecord, Scope, StoredResponse


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key was sent before, with another content."""

    example = "A script has its key written in it, and sends July's return under the key of June's."
    fix = "Make a new key for each new request; repeat a request that may have been lost with its own key."


class IdempotencyInProgress(Conflict):
    """A request with this Idempotency-Key is still being carried out."""

    example = "The first attempt timed out for you, and is still being carried out here."
    fix = "Wait a second and send the same again: the answer is kept for you."
    retry_after = 1


class ContentRedacted(Refusal):
    """The content was removed."""

    status = 410
    example = "A revision that named a person is read."
    fix = "It held what should never have been sent. What remains is its hash; the audit says who removed it."


def parse_secret(authorization: str | None) -> str:
    """The key in an `Authorization` header. Raises Unauthenticated where there is none that could be one."""
    if authorization is None:
        raise Unauthenticated("The call has no Authorization header.")
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("The Authorization header is not of the form `Bearer <key>`.")
    if not keys.is_well_formed(secret.strip()):
        raise Unauthenticated("That is not a key: keys look like `wh_live_…` or `wh_sandbox_…`.")
    return secret.strip()


def check_key(record: KeyRecord | None, grants: list[Grant], *, now: datetime) -> Caller:
    """Raises Unauthenticated for a key that is unknown, revoked or expired."""
    if record is None:
        raise Unauthenticated("The key is not known here.")
    if record.revoked_at is not None:
        raise Unauthenticated(f"The key {record.id} was revoked at {record.revoked_at.isoformat(timespec='seconds')}.")
    if record.expires_at <= now:
        raise Unauthenticated(f"The key {record.id} expired at {record.expires_at.isoformat(timespec='seconds')}.")
    return Caller(
        client=record.client,
        name=record.name,
        key=record.id,
        created_at=record.created_at,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
        grants=grants,
    )


def require_scope(caller: Caller, programme: str, *scopes: Scope) -> Grant:
    """The caller's grant in the programme, if it has one of `scopes`.

    A programme that the key does not open at all is answered like one that does not exist.
    """
    for grant in caller.grants:
        if grant.programme == programme:
            if not set(scopes) & set(grant.scopes):
                wanted = " or ".join(scopes)
                raise NotAllowed(f"This needs the scope {wanted}; the key has {', '.join(grant.scopes) or 'none'}.")
            return grant
    raise NotFound(f"The key opens no programme {programme!r}; `GET /v1/me` lists those that it does.")


def build_author(caller: Caller, grant: Grant, request_id: str) -> Author:
    return Author(client=caller.client, key=caller.key, organisation=grant.organisation, request_id=request_id)


def replay_response(kept: StoredResponse | None, content_sha256: bytes) -> bytes | None:
    """The answer that is to be given again; None where the request is new.

    Raises IdempotencyKeyReused for another content, Redacted where the answer is gone.
    """
    if kept is None:
        return None
    if kept.content_sha256 != content_sha256:
        raise IdempotencyKeyReused("The key belongs to a request with another content.")
    if kept.answer is None:
        raise ContentRedacted("The answer to that request has been redacted.")
    return kept.answer
