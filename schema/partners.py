"""Callers of the API, and what they may do in each programme."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import Instant, Slug


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
    last_used_at: Annotated[
        Instant | None, Meta(description="The time of the last use before this call, to the minute.")
    ]
    grants: list[Grant]


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


class Author(Struct, frozen=True, kw_only=True):
    """The client and the request that are recorded with every action."""

    client: UUID
    person: str
    key: str
    organisation: Slug
    request_id: str


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
