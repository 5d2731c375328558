"""Decide what a key permits, and whether a request repeats an earlier one."""

from datetime import date, datetime

from msgspec.structs import replace

from api.access import keys
from api.http.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, Unauthenticated
from schema.organisations import Organisation
from schema.partners import Author, Caller, Grant, KeyHolder, Scope, StoredResponse

HOW_TO_SEND_A_KEY = "Send `Authorization: Bearer <key>`; in `/docs`, enter the key under Authentication."


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key belongs to an earlier request with other content."""

    example = "A script always sends the same key, and submits July's return with the key of June's."
    fix = "Create a new key for each new request. Reuse a key only to repeat the same request."


class IdempotencyInProgress(Conflict):
    """A request with this Idempotency-Key is still running."""

    example = "Your first attempt timed out, but the server is still processing it."
    fix = "Wait a second and send the same request again to get its response."
    retry_after = 1


class ContentRedacted(Refusal):
    """The content was redacted."""

    status = 410
    example = "You repeat a submission whose evidence named a person and was redacted since."
    fix = "The content cannot be restored. Its hash remains, and the audit records who removed it."


class OrganisationLeft(NotAllowed):
    """The organisation has left the programme."""

    example = "A council was merged on 31 March. In April its script submits the last quarter with its old key."
    fix = "Use a key of its successor, which can submit and correct its returns. The old key reads its own returns."


def parse_secret(authorization: str | None) -> str:
    """Return the key in an `Authorization` header. Raises Unauthenticated if it is missing or malformed."""
    if authorization is None:
        raise Unauthenticated(f"The request has no Authorization header. {HOW_TO_SEND_A_KEY}")
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("The Authorization header is not of the form `Bearer <key>`.")
    if not secret.strip():
        raise Unauthenticated(f"The Authorization header has no key. {HOW_TO_SEND_A_KEY}")
    if not keys.is_well_formed(secret.strip()):
        raise Unauthenticated("The key is malformed: keys look like `wh_live_…` or `wh_sandbox_…`.")
    return secret.strip()


def check_key(holder: KeyHolder, *, now: datetime) -> Caller:
    """Return the owner of the key. Raises Unauthenticated if the key is revoked or expired."""
    record = holder.record
    if record.revoked_at is not None:
        raise Unauthenticated(f"The key {record.id} was revoked at {record.revoked_at.isoformat(timespec='seconds')}.")
    if record.expires_at <= now:
        raise Unauthenticated(f"The key {record.id} expired at {record.expires_at.isoformat(timespec='seconds')}.")
    return Caller(
        client=record.client,
        name=record.name,
        person=record.person,
        key=record.id,
        created_at=record.created_at,
        expires_at=record.expires_at,
        last_used_at=record.last_used_at,
        grants=holder.grants,
        plan_versions=holder.plan_versions,
        authenticated_at=now,
    )


def require_scope(caller: Caller, programme: str, *scopes: Scope) -> Grant:
    """Return the caller's grant in the programme if it has one of `scopes`.

    Raises NotAllowed without these scopes. Raises NotFound without any grant there, as for a programme that does not
    exist.
    """
    for grant in caller.grants:
        if grant.programme == programme:
            check_scopes(grant, *scopes)
            return grant
    raise NotFound(f"The key has no grant in a programme {programme!r}; `GET /v1/me` lists its grants.")


def check_scopes(grant: Grant, *scopes: Scope) -> None:
    """Raise NotAllowed unless the grant has one of `scopes`."""
    if not set(scopes) & set(grant.scopes):
        required = " or ".join(scopes)
        raise NotAllowed(f"This needs the scope {required}; the key has {', '.join(grant.scopes) or 'none'}.")


def limit_after_leaving(grant: Grant, organisation: Organisation | None, *scopes: Scope, today: date) -> Grant:
    """Return what is left of a grant: once its organisation has left, reading its own returns, or nothing.

    Raises OrganisationLeft if that has none of `scopes`.
    """
    if organisation is None or organisation.valid_to is None or today <= organisation.valid_to:
        return grant
    limited = replace(grant, scopes=[Scope.READ] if organisation.reads_after_leaving else [])
    if not set(scopes) & set(limited.scopes):
        raise OrganisationLeft(f"{organisation.slug} left the programme after {organisation.valid_to.isoformat()}.")
    return limited


def build_author(caller: Caller, grant: Grant, request_id: str, client_request_id: str | None) -> Author:
    return Author(
        client=caller.client,
        person=caller.person,
        key=caller.key,
        organisation=grant.organisation,
        request_id=request_id,
        client_request_id=client_request_id,
    )


def check_stored_response(stored: StoredResponse, content_sha256: bytes) -> bytes:
    """Return the stored response. Raises IdempotencyKeyReused for other content, ContentRedacted if it was removed."""
    if stored.content_sha256 != content_sha256:
        raise IdempotencyKeyReused("The key belongs to a request with other content.")
    if stored.answer is None:
        raise ContentRedacted("The response to that request was redacted.")
    return stored.answer
