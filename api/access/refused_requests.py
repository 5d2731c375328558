"""Record requests that were refused for their key (401) or its rights (403), with the address that sent them.

Anybody can cause thousands of them, and no transaction commits for them. So a process counts equal ones in memory. The
first of a minute is written within a second, the others of the minute as one further entry. Those with a key of a
programme go to its audit, all others to the log, for the operator. At most `MAX_KINDS` kinds of each are written in a
minute, so an attack fills no disk.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from litestar.types import Scope
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access.audit import SeparateEntry, record_separately
from api.access.authentication import KEY_HOLDER
from api.clock import ReadClock
from api.database.failures import DatabaseUnreachable
from api.http.problems import error_code
from api.http.refusals import NotAllowed, Unauthenticated
from api.http.request_ids import get_client_request_id, get_operation, get_request_id
from schema.partners import KeyHolder

log = logging.getLogger("work_health")

MAX_KINDS = 100
ACTIONS = {Unauthenticated.status: "authentication.failed", NotAllowed.status: "authorisation.failed"}


class RefusedKind(Struct, frozen=True, kw_only=True):
    """The properties that refused requests counted together share. `programme` is of the path, `key` a stored id."""

    status: int
    error: str
    operation: str
    address: str
    programme: str | None
    key: str | None

    def describe(self) -> dict[str, str]:
        """Return the subject of the audit entry."""
        subject = {"error": self.error, "operation": self.operation, "address": self.address}
        return subject if self.key is None else subject | {"key": self.key}


class RefusedCount(Struct, kw_only=True):
    """How many equal requests were refused, and which was the first of them."""

    holder: KeyHolder | None
    request_id: str
    client_request_id: str | None
    first_at: datetime
    requests: int = 0


class RefusedRequests:
    """Counts the refused requests of this process."""

    def __init__(self, read_clock: ReadClock) -> None:
        self._read_clock = read_clock
        self._minute = ""
        self._counts: dict[RefusedKind, RefusedCount] = {}
        self._written: set[RefusedKind] = set()
        self._left_out = 0

    def count(self, kind: RefusedKind, scope: Scope) -> None:
        now = self._begin_minute()
        if kind not in self._counts:
            known = self._written | self._counts.keys()
            if kind not in known and sum((one.key is None) == (kind.key is None) for one in known) >= MAX_KINDS:
                self._left_out += 1
                return
            self._counts[kind] = RefusedCount(
                holder=scope["state"].get(KEY_HOLDER),
                request_id=get_request_id(scope),
                client_request_id=get_client_request_id(scope),
                first_at=now,
            )
        self._counts[kind].requests += 1

    def _begin_minute(self) -> datetime:
        now = self._read_clock()
        if (minute := now.isoformat(timespec="minutes")) != self._minute:
            self._minute, self._written = minute, set()
        return now

    async def settle(self, engine: AsyncEngine, *, is_last: bool = False) -> None:
        """Write the kinds that are new in this minute, and the counts of earlier minutes. The last time, write all."""
        self._begin_minute()
        due = {kind: self._counts[kind] for kind in self._counts if is_last or kind not in self._written}
        self._counts = {kind: count for kind, count in self._counts.items() if kind not in due}
        self._written |= due.keys()
        if self._left_out:
            log.warning("%d more requests without a valid key or right were refused", self._left_out)
            self._left_out = 0
        groups: dict[Signer, list[SeparateEntry]] = defaultdict(list)
        for kind, count in due.items():
            entries = list(_build_entries(kind, count))
            for signer, entry in entries:
                groups[signer].append(entry)
            if not entries:
                _log(kind, count)
        try:
            for (programme_id, client, key), entries in groups.items():
                await record_separately(engine, programme_id, entries, client=client, key=key)
        except BaseException:
            for kind, count in due.items():
                _log(kind, count)
            raise


class Signer(NamedTuple):
    """The programme of audit entries, and the client and key that was authenticated."""

    programme_id: int
    client: UUID | None = None
    key: str | None = None


def _build_entries(kind: RefusedKind, count: RefusedCount) -> Iterator[tuple[Signer, SeparateEntry]]:
    """Yield an entry for each programme that a refused request belongs to.

    One that was authenticated belongs to its organisation in the programme of the path. One that was not belongs to
    every programme of its key, but to no organisation, so that only the owner of the programme reads it.
    """
    holder = count.holder
    if holder is None:
        return
    is_authenticated = kind.status != Unauthenticated.status
    subject = kind.describe() | {"requests": str(count.requests), "first_at": count.first_at.isoformat()}
    for grant in holder.grants:
        if is_authenticated and grant.programme != kind.programme:
            continue
        programme_id, _ = holder.plan_versions[grant.programme]
        entry = SeparateEntry(
            action=ACTIONS[kind.status],
            organisation=grant.organisation if is_authenticated else None,
            request_id=count.request_id,
            client_request_id=count.client_request_id,
            subject=subject | {"organisation": grant.organisation},
        )
        signer = Signer(programme_id, holder.record.client, holder.record.id)
        yield signer if is_authenticated else Signer(programme_id), entry


def _log(kind: RefusedKind, count: RefusedCount) -> None:
    first = count.request_id + (f" (the client's {count.client_request_id})" if count.client_request_id else "")
    log.warning(
        "%s: %d requests of %s from %s since %s, key %s, first request %s",
        *(ACTIONS[kind.status], count.requests, kind.operation or "nothing", kind.address),
        *(count.first_at.isoformat(), kind.key or "unknown", first),
    )


async def note_refusal(error: Exception, scope: Scope) -> None:
    """Count a request that was refused with 401 or 403."""
    if not isinstance(error, (Unauthenticated, NotAllowed)):
        return
    with suppress(DatabaseUnreachable):  # it has not answered yet since the process started
        values = cast("Any", scope)
        holder: KeyHolder | None = values["state"].get(KEY_HOLDER)
        kind = RefusedKind(
            status=error.status,
            error=error_code(type(error)),
            operation=get_operation(scope),
            address=(values["client"] or ("",))[0],
            programme=values["path_params"].get("programme"),
            key=holder.record.id if holder else None,
        )
        values["litestar_app"].state.refused_requests.count(kind, scope)
