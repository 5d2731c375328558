"""Callers of the API, and what they may do in each programme."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import Instant, Slug

MAX_KEY_DAYS = 730
DEFAULT_KEY_DAYS = 365
DEFAULT_OVERLAP_DAYS = 7
EXPIRY_NOTICE_DAYS = 30


class Scope(StrEnum):
    """A kind of access that a client has in a programme."""

    SUBMIT = "submit"
    READ = "read"
    REVIEW = "review"
    PUBLISH = "publish"
    ADMIN = "admin"


class Grant(Struct, frozen=True, kw_only=True):
    """A client's scopes in one programme, and the organisation that it acts for."""

    programme: Slug
    organisation: Slug
    scopes: list[Scope]


class Me(Struct, frozen=True, kw_only=True):
    """The caller and its grants."""

    client: Annotated[str, Meta(description="The name that the key was issued under.")]
    person: Annotated[str, Meta(description="The person that the key was issued to.")]
    key: Annotated[str, Meta(description="The key's public part, which is safe to write down.")]
    created_at: Instant
    expires_at: Instant
    expires_soon: Annotated[
        bool, Meta(description=f"True in the last {EXPIRY_NOTICE_DAYS} days of the key: create another one.")
    ]
    last_used_at: Annotated[
        Instant | None, Meta(description="The time of the last use before this call, to the minute.")
    ]
    grants: list[Grant]


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to create for the client of the key in use, with the same grants and the same person."""

    days: Annotated[int, Meta(ge=1, le=MAX_KEY_DAYS, description="Days until the new key expires.")] = DEFAULT_KEY_DAYS
    overlap_days: Annotated[
        int,
        Meta(
            ge=1,
            le=MAX_KEY_DAYS,
            description="Days for which the key in use stays valid, unless it expires earlier.",
        ),
    ] = DEFAULT_OVERLAP_DAYS


class ClientKey(Struct, frozen=True, kw_only=True):
    """A key of the client, without its secret."""

    id: Annotated[str, Meta(description="The key's public part, which is safe to write down.")]
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    last_used_at: Annotated[Instant | None, Meta(description="The time of the last use, to the minute.")]
    in_use: Annotated[bool, Meta(description="True for the key of this request.")]


class ClientKeyList(Struct, frozen=True, kw_only=True):
    """The keys of a client: the valid ones first, then the newest of the others."""

    items: list[ClientKey]


class IssuedKey(Struct, frozen=True, kw_only=True):
    """A new key. This is the only response that contains its secret."""

    secret: Annotated[str, Meta(description="The complete key, for the `Authorization` header. Store it now.")]
    key: ClientKey
    replaced: Annotated[ClientKey, Meta(description="The key in use, with the end of its overlap.")]


class Caller(Struct, frozen=True, kw_only=True):
    """A client whose key is valid: known, not expired and not revoked."""

    client: UUID
    name: str
    person: str
    key: str
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None
    grants: list[Grant]
    plan_versions: dict[str, tuple[int, int]]
    """The database's id and the newest plan version of each programme that the grants open."""
    authenticated_at: Instant
    """The time of the database when the key was checked: the instant of the request."""


class Author(Struct, frozen=True, kw_only=True):
    """The client and the request that are recorded with every action."""

    client: UUID
    person: str
    key: str
    organisation: Slug
    request_id: str
    client_request_id: str | None = None


class StoredResponse(Struct, frozen=True, kw_only=True):
    """A stored response to a request with an `Idempotency-Key`. `answer` is null after a redaction of its content."""

    content_sha256: bytes
    answer: bytes | None


class KeyRecord(Struct, frozen=True, kw_only=True):
    """The stored record of a key, without the key's secret part."""

    id: str
    client: UUID
    name: str
    person: str
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    last_used_at: Instant | None


class KeyHolder(Struct, frozen=True, kw_only=True):
    """A stored key that a request has sent, valid or not, and what its client's grants open. See `Caller`."""

    record: KeyRecord
    grants: list[Grant]
    plan_versions: dict[str, tuple[int, int]]
