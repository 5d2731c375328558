"""What a key opens."""

from datetime import datetime

from api.partners import keys
from api.refusals import NotAllowed, NotFound, Unauthenticated
from schema.partners import Caller, Grant, KeyRecord, Scope


def secret_of(authorization: str | None) -> str:
    """The key in an `Authorization` header. Raises Unauthenticated where there is none that could be one."""
    if authorization is None:
        raise Unauthenticated("The call has no Authorization header.")
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("The Authorization header is not of the form `Bearer <key>`.")
    if not keys.well_formed(secret.strip()):
        raise Unauthenticated("That is not a key: keys look like `wh_live_…` or `wh_sandbox_…`.")
    return secret.strip()


def admit(record: KeyRecord | None, grants: list[Grant], *, now: datetime) -> Caller:
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


def permit(caller: Caller, programme: str, *scopes: Scope) -> Grant:
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
