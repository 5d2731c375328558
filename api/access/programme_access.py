"""The access of a caller to one programme."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import audit, idempotency, permissions, queries_keys
from api.access.authentication import authenticate
from api.access.idempotency import IdempotentRequest
from api.clock import Clock
from api.database.connections import Transaction
from api.http.request_ids import get_client_request_id, get_operation, get_request_id
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.plan.queries import fetch_catalogue_version
from schema.partners import Author, Caller, Grant, Scope


class ProgrammeAccess(Struct, frozen=True, kw_only=True, eq=False):
    """The caller in one programme: its grant, the plan, and the transaction in which it acts."""

    request: Request[Any, Any, Any]
    transaction: AsyncConnection
    caller: Caller
    grant: Grant
    catalogue: Catalogue

    @property
    def author(self) -> Author:
        scope = self.request.scope
        return permissions.build_author(self.caller, self.grant, get_request_id(scope), get_client_request_id(scope))

    @property
    def is_reviewer(self) -> bool:
        return Scope.REVIEW in self.grant.scopes

    @property
    def readable_organisations(self) -> list[str] | None:
        """The organisations whose returns the caller may read; None means all."""
        return None if self.is_reviewer else self.catalogue.list_represented_organisations(self.grant.organisation)

    @property
    def now(self) -> datetime:
        """The instant of the request, by the database."""
        return self.caller.authenticated_at

    @property
    def clock(self) -> Clock:
        """The clock that this process follows: its time is later than `now` after waiting for a lock or a body."""
        return self.request.app.state.clock

    def require_scopes(self, *scopes: Scope) -> None:
        """Raise NotAllowed or OrganisationLeft unless the caller has one of `scopes` now."""
        permissions.require_scope(self.caller, self.grant.programme, *scopes)
        _limit_grant(self.grant, self.catalogue, *scopes, now=self.clock.read())

    async def identify_request(self, operation: str, key: str | None) -> IdempotentRequest:
        """Return the operation, body hash and Idempotency-Key of the request. `operation` includes its path."""
        content_sha256 = hashlib.sha256(await self.request.body()).digest()
        return IdempotentRequest(operation=operation, content_sha256=content_sha256, key=key)

    async def run_once(
        self,
        request: IdempotentRequest,
        act: Callable[[], Awaitable[Struct]],
        *,
        organisation: str | None = None,
        submission: UUID | None = None,
        status: int = 201,
    ) -> Response[bytes]:
        """Run `act`, or return the stored response to an earlier request with the same key. See idempotency.run_once.

        `organisation` is the one that the response belongs to: the caller's own by default.
        """
        return await idempotency.run_once(
            self.transaction,
            self.catalogue.id,
            self.author,
            request,
            act,
            organisation_id=self.catalogue.ids.organisations[organisation or self.grant.organisation],
            now=self.now,
            submission=submission,
            status=status,
        )

    async def record_audit(self, action: str, subject: Mapping[str, str], *, organisation: str | None = None) -> None:
        """Record in the audit that the caller did this, for `organisation` or by default for its own."""
        await audit.record_audit(
            self.transaction,
            self.catalogue.id,
            self.author,
            action,
            subject,
            organisation_id=self.catalogue.ids.organisations[organisation or self.grant.organisation],
        )

    async def record_read(self, subject: Mapping[str, str]) -> None:
        """Record in the audit that a reviewer reads returns. Callers who are no reviewers can read only their own.

        The entry belongs to the request, so one that is answered with 304 is recorded too.
        """
        if self.is_reviewer:
            await self.record_audit("returns.read", {"operation": get_operation(self.request.scope)} | dict(subject))

    async def renew(self, transaction: AsyncConnection, *scopes: Scope) -> "ProgrammeAccess":
        """Authenticate and authorise again, in a later transaction. Raises Unauthenticated, NotFound, NotAllowed."""
        caller = await authenticate(self.request, transaction)
        return await authorise(self.request, transaction, caller, self.grant.programme, *scopes)

    async def set_row_level_security(self) -> None:
        """Restrict the rest of the transaction to the rows that the grant opens; PostgreSQL enforces it."""
        slugs = self.catalogue.list_represented_organisations(self.grant.organisation)
        await queries_keys.bind_transaction_to_grant(
            self.transaction,
            self.catalogue.id,
            [self.catalogue.ids.organisations[slug] for slug in slugs],
            self.grant.scopes,
            self.author,
            reads_whole_audit=self.grant.organisation == self.catalogue.plan.owner,
        )


async def authorise(
    request: Request[Any, Any, Any], transaction: AsyncConnection, caller: Caller, programme: str, *scopes: Scope
) -> ProgrammeAccess:
    """Return the access of a caller with one of `scopes`, and restrict the transaction to it.

    Raises NotFound, NotAllowed.
    """
    access = await open_access(request, transaction, caller, programme, *scopes)
    await access.set_row_level_security()
    return access


async def open_access(
    request: Request[Any, Any, Any], transaction: AsyncConnection, caller: Caller, programme: str, *scopes: Scope
) -> ProgrammeAccess:
    """Return the access of a caller with one of `scopes`, as `authorise` does, but leave the transaction as it is."""
    grant = permissions.require_scope(caller, programme, *scopes)
    catalogue = await fetch_catalogue_version(transaction, programme, *caller.plan_versions[programme])
    grant = _limit_grant(grant, catalogue, *scopes, now=caller.authenticated_at)
    return ProgrammeAccess(request=request, transaction=transaction, caller=caller, grant=grant, catalogue=catalogue)


def _limit_grant(grant: Grant, catalogue: Catalogue, *scopes: Scope, now: datetime) -> Grant:
    """Raises OrganisationLeft."""
    organisation = next((one for one in catalogue.plan.organisations if one.slug == grant.organisation), None)
    return permissions.limit_after_leaving(grant, organisation, *scopes, today=calendar.to_london_date(now))


async def provide_access(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
) -> ProgrammeAccess:
    """Return the access of a caller with any scope in the programme: the handler requires the scopes that it needs."""
    return await authorise(request, transaction, caller, programme, *Scope)
