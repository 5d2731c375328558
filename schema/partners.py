"""Who calls, for whom, and what they may do."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.codes import Instant, Slug


class Scope(StrEnum):
    """What a key opens, programme by programme."""

    SUBMIT = "submit"
    READ = "read"
    REVIEW = "review"
    PUBLISH = "publish"
    ADMIN = "admin"


class Grant(Struct, frozen=True, kw_only=True):
    """What a client may do in one programme, and for which organisation."""

    programme: Slug
    organisation: Slug
    scopes: list[Scope]


class Me(Struct, frozen=True, kw_only=True):
    """The caller and its grants."""

    client: Annotated[str, Meta(description="The name that the key was issued under.")]
    key: Annotated[str, Meta(description="The key's public part, which is safe to write down.")]
    created_at: Instant
    expires_at: Instant
    last_used_at: Annotated[Instant | None, Meta(description="Before this call; told to the minute.")]
    grants: list[Grant]


class Caller(Struct, frozen=True, kw_only=True):
    """A client whose key is known and neither expired nor revoked."""

    client: UUID
    name: str
    key: str
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None
    grants: list[Grant]


class Author(Struct, frozen=True, kw_only=True):
    """Who does something, by which request: what is kept beside every act."""

    client: UUID
    key: str
    organisation: Slug
    request_id: str


class StoredResponse(Struct, frozen=True, kw_only=True):
    """An answer that is kept to be given again. `answer` is null once its content is redacted."""

    content_sha256: bytes
    answer: bytes | None


class KeyRecord(Struct, frozen=True, kw_only=True):
    """What is kept of a key."""

    id: str
    client: UUID
    name: str
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    last_used_at: Instant | None
