"""The job that protects what is approved, organisation by organisation, so that a release only adds.

It runs when a return is approved. A publication runs the same code for what is still missing. It can be killed at any
point: what is protected is stored, and the rest is protected the next time.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from anyio import to_thread
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database import queue
from api.database.database_clock import fetch_instant
from api.figures.queries import fetch_approved_revisions
from api.figures.returns_data import SelectedRevision
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.plan.queries import fetch_catalogue
from api.plan.scope_shapes import GeographyChanged
from api.protection import queries_contributions
from api.protection.provider_protection import hash_inputs, list_left_out, make_task, protect_return
from api.protection.queries_contributions import Chain, ChainKey, ChangedChain
from api.protection.scopes import AuditScope, SeriesScopes, group_returned_periods, list_series_scopes
from api.protection.stored_contributions import StoredContribution
from api.reviews.queries_reviews import PROTECT_JOB_KIND
from api.submissions.queries_cells import fetch_cells
from schema.disclosure import Rule

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
Progress = Callable[[int, int], Awaitable[None]]
"""Takes how many contributions are protected, and of how many."""


class ProtectedReturns(Struct, frozen=True, kw_only=True):
    """The ids of the contributions of some returns, by scope, and the scopes that cannot be protected."""

    contributions: dict[str, list[int]]
    changed_geography: dict[str, str] = {}
    """The reason, by the key of the scope."""


class _Group(Struct, frozen=True, kw_only=True):
    """The returns of an organisation in a scope."""

    key: ChainKey
    scope: AuditScope
    rule: Rule
    returns: list[SelectedRevision]
    inputs: bytes
    chain: Chain


class Protector:
    """Protect approved returns. `map_tasks` runs the audits in other processes.

    `make_seed` returns a number that nobody can predict, for each contribution. `read_clock` asks in a transaction.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        read_clock: Callable[[AsyncConnection], Awaitable[datetime]] = fetch_instant,
        make_seed: Callable[[], int] = lambda: secrets.randbits(128),
        map_tasks: MapFunction = map,
        max_concurrent: int = 1,
    ) -> None:
        self.engine, self.read_clock, self.make_seed = engine, read_clock, make_seed
        self.map_tasks, self.max_concurrent = map_tasks, max_concurrent

    @asynccontextmanager
    async def begin_transaction(self, programme_id: int) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction that may read every return of a programme."""
        async with self.engine.begin() as transaction:
            await queries_contributions.allow_all_returns(transaction, programme_id)
            yield transaction

    async def handle(self, payload: bytes) -> None:
        """Protect everything that is approved in the programme that the payload names."""
        async with self.engine.begin() as transaction:
            await queue.remove_queued(transaction, PROTECT_JOB_KIND, payload)
        async with self.engine.begin() as transaction:
            catalogue = await fetch_catalogue(transaction, msgspec.json.decode(payload, type=str))
            await queries_contributions.allow_all_returns(transaction, catalogue.id)
            returns = await fetch_approved_revisions(transaction, catalogue)
            today = calendar.to_london_date(await self.read_clock(transaction))
        series_scopes = list_series_scopes(catalogue, group_returned_periods(returns), today=today)
        await self.protect_returns(catalogue, series_scopes, returns)

    async def give_up(self, payload: bytes, reason: str) -> None:
        """Leave the rest to the next publication, which protects what is missing."""

    async def protect_returns(
        self,
        catalogue: Catalogue,
        series_scopes: Sequence[SeriesScopes],
        returns: Sequence[SelectedRevision],
        report_progress: Progress | None = None,
    ) -> ProtectedReturns:
        """Protect those of the counted returns that are not protected yet, and return the contributions of all."""
        async with self.begin_transaction(catalogue.id) as transaction:
            chains = await queries_contributions.fetch_chains(transaction, catalogue)
        result = ProtectedReturns(contributions={})
        missing: list[_Group] = []
        for group in _group_returns(catalogue, series_scopes, returns, chains):
            current = group.chain.find_current(group.inputs)
            if current is None:
                missing.append(group)
            else:
                result.contributions.setdefault(group.scope.key, []).append(current)
        limit, done = asyncio.Semaphore(self.max_concurrent), 0

        async def protect(group: _Group) -> None:
            nonlocal done
            async with limit:
                await self._protect_group(catalogue, group, result)
                done += 1
                if report_progress is not None:
                    await report_progress(done, len(missing))

        if report_progress is not None:
            await report_progress(0, len(missing))
        async with asyncio.TaskGroup() as tasks:
            for group in missing:
                tasks.create_task(protect(group))
        return result

    async def _protect_group(self, catalogue: Catalogue, group: _Group, result: ProtectedReturns) -> None:
        try:
            await self._calculate_group(catalogue, group, result)
        except ChangedChain:
            await self._protect_group(catalogue, group, result)

    async def _calculate_group(self, catalogue: Catalogue, group: _Group, result: ProtectedReturns) -> None:
        async with self.begin_transaction(catalogue.id) as transaction:
            chain = await queries_contributions.fetch_released_chain(transaction, catalogue, group.key)
            cells = await fetch_cells(transaction, catalogue, {revision.id: revision.id for revision in group.returns})

        def run() -> StoredContribution:
            task = make_task(group.scope, group.rule, catalogue, group.returns, cells, chain, seed=self.make_seed())
            return next(iter(self.map_tasks(protect_return, [task])))

        try:
            stored = await to_thread.run_sync(run)
        except GeographyChanged as refusal:
            result.changed_geography[group.scope.key] = str(refusal)
            return
        async with self.begin_transaction(catalogue.id) as transaction:
            contribution = await queries_contributions.add_contribution(
                transaction,
                catalogue,
                group.key,
                stored,
                chain=chain,
                inputs=group.inputs,
                revisions=[revision.id for revision in group.returns],
                left_out=list_left_out(group.key[0], group.scope, stored),
            )
        if contribution is not None:
            result.contributions.setdefault(group.scope.key, []).append(contribution)


def _group_returns(
    catalogue: Catalogue,
    series_scopes: Sequence[SeriesScopes],
    returns: Iterable[SelectedRevision],
    chains: dict[ChainKey, Chain],
) -> Iterable[_Group]:
    """Yield the counted returns of each organisation in each scope."""
    scopes: dict[tuple[str, str, str], tuple[AuditScope, Rule]] = {}
    for scopes_of_series in series_scopes:
        rule = catalogue.plan.disclosure.rule(scopes_of_series.disclosure_class)
        for scope in scopes_of_series.scopes:
            scopes |= {
                (*member.key, code): (scope, rule) for member in scope.members for code in scope.collected_periods
            }
    groups: dict[ChainKey, list[SelectedRevision]] = {}
    by_key: dict[str, tuple[AuditScope, Rule]] = {}
    for revision in returns:
        pair = scopes.get((revision.measure, revision.series, revision.period.code))
        if revision.is_counted and pair is not None:
            by_key[pair[0].key] = pair
            groups.setdefault((revision.organisation, pair[0].key), []).append(revision)
    for key, revisions in groups.items():
        scope, rule = by_key[key[1]]
        yield _Group(
            key=key,
            scope=scope,
            rule=rule,
            returns=revisions,
            inputs=hash_inputs(scope, rule, revisions),
            chain=chains.get(key, Chain()),
        )
