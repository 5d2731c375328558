"""The health of a server: it is alive, and it can answer."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct


class Health(Struct, frozen=True, kw_only=True):
    """The server process answers."""

    status: Literal["alive"] = "alive"


class ReadinessStatus(StrEnum):
    """The advice to a load balancer."""

    READY = "ready"
    DEGRADED = "degraded"
    UNREADY = "unready"


class CheckState(StrEnum):
    """The result of a check."""

    OK = "ok"
    FAILED = "failed"
    LATE = "late"
    NEWER = "newer"
    AWAY = "away"
    SKIPPED = "skipped"


class ReadinessChecks(Struct, frozen=True, kw_only=True):
    """The result of each check."""

    database: Annotated[CheckState, Meta(description="The database answers the login for requests with a key.")]
    public_database: Annotated[CheckState, Meta(description="The database answers the login for other requests.")]
    replica: Annotated[
        CheckState, Meta(description="The replica answers. While it is `away`, the database answers what it would.")
    ]
    schema: Annotated[
        CheckState,
        Meta(description="The schema of the database is the one that this software needs, or a `newer` one."),
    ]
    walls: Annotated[CheckState, Meta(description="Nothing that separates callers is missing in the database.")]
    worker: Annotated[
        CheckState, Meta(description="A worker reported in the last minute. Otherwise nothing is published.")
    ]


class Readiness(Struct, frozen=True, kw_only=True):
    """The advice to send requests to this server or not, with the checks behind it.

    `unready` (status 503): a check failed. `degraded` (status 200): it answers requests, but the worker is late, the
    schema is newer or the replica is away.
    """

    status: ReadinessStatus
    checks: ReadinessChecks
