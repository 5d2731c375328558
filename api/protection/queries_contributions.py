"""Contributions, in SQL. Only the role that publishes may read or write them."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.protection.stored_contributions import (
    StoredContribution,
    UsedContribution,
    pack_contribution,
    unpack_contribution,
)
from api.submissions.queries_locks import lock_returns
from schema.publication_jobs import LeftOutTable
from schema.releases import ReleaseReport
from schema.tables import contribution, redaction, release, revision

ChainKey = tuple[str, str]
"""An organisation and the key of a scope."""


class Chain(Struct, kw_only=True):
    """The contributions of an organisation to a scope: the released ones in order, and those not released yet."""

    released: list[tuple[int, bytes]] = []
    """The id and the hash of the inputs of each."""
    waiting: dict[tuple[int, bytes], int] = {}
    """The id by the number of released contributions before it, and by the hash of the inputs."""

    def find_current(self, inputs: bytes) -> int | None:
        """Return the id of the contribution that continues the chain with these inputs; None if there is none."""
        if self.released and self.released[-1][1] == inputs:
            return self.released[-1][0]
        return self.waiting.get((len(self.released), inputs))


class ChangedChain(Exception):  # noqa: N818  a race, not an error of ours
    """A redaction has deleted true counts on which a new contribution is based. Calculate it again."""


class RemovedContribution(Exception):  # noqa: N818  a race, not an error of ours
    """A redaction has removed a contribution while it was being published. The publication can be requested again."""


async def fetch_chains(transaction: AsyncConnection, catalogue: Catalogue) -> dict[ChainKey, Chain]:
    """Return all chains of a programme."""
    columns = contribution.c
    rows = await transaction.execute(
        select(columns.id, columns.organisation, columns.scope, columns.position, columns.release, columns.inputs)
        .where(columns.programme == catalogue.id)
        .order_by(columns.position)
    )
    chains: dict[ChainKey, Chain] = {}
    for row in rows:
        chain = chains.setdefault((catalogue.organisation_slugs[row.organisation], row.scope), Chain())
        if row.release is not None:
            chain.released.append((row.id, row.inputs))
        else:
            chain.waiting[row.position, row.inputs] = row.id
    return chains


async def fetch_released_chain(
    transaction: AsyncConnection, catalogue: Catalogue, key: ChainKey
) -> list[StoredContribution]:
    """Return what an organisation contributed to the releases so far, withdrawn ones included."""
    rows = await transaction.execute(
        select(contribution.c.content, contribution.c.counts)
        .where(_is_released_in(catalogue, key))
        .order_by(contribution.c.position)
    )
    return [unpack_contribution(row.content, row.counts) for row in rows]


def _is_released_in(catalogue: Catalogue, key: ChainKey) -> ColumnElement[bool]:
    """Return the condition of the released contributions of a chain."""
    organisation, scope = key
    return and_(
        contribution.c.programme == catalogue.id,
        contribution.c.organisation == catalogue.ids.organisations[organisation],
        contribution.c.scope == scope,
        contribution.c.release.is_not(None),
    )


async def add_contribution(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    key: ChainKey,
    stored: StoredContribution,
    *,
    chain: Sequence[StoredContribution],
    inputs: bytes,
    revisions: Sequence[int],
    left_out: Sequence[LeftOutTable],
) -> int | None:
    """Store the contribution that follows a chain, and return its id.

    If another process was faster, return the id of its contribution. Return None if one of the revisions has been
    redacted since it was read. Raises ChangedChain if one of an earlier contribution has.
    """
    earlier_revisions, _ = await _fetch_chain_state(transaction, catalogue, key)
    await lock_returns(transaction, catalogue, [*revisions, *earlier_revisions])
    if await _have_redaction(transaction, catalogue, revisions):
        return None
    _, forgotten = await _fetch_chain_state(transaction, catalogue, key)
    if forgotten != sum(one.is_forgotten for one in chain):
        raise ChangedChain
    organisation, scope = key
    content, counts = pack_contribution(stored)
    identity = {
        "programme": catalogue.id,
        "organisation": catalogue.ids.organisations[organisation],
        "scope": scope,
        "position": len(chain),
        "inputs": inputs,
    }
    await transaction.execute(
        upsert(contribution)
        .values(
            **identity,
            revisions=list(revisions),
            content=content,
            counts=counts,
            left_out=msgspec.to_builtins(left_out),
        )
        .on_conflict_do_nothing()
    )
    return (await transaction.execute(select(contribution.c.id).filter_by(**identity))).scalar_one()


async def _fetch_chain_state(
    transaction: AsyncConnection, catalogue: Catalogue, key: ChainKey
) -> tuple[list[int], int]:
    """Return the revisions of the released contributions of a chain, and how many of these are forgotten."""
    rows = await transaction.execute(
        select(contribution.c.revisions, contribution.c.counts.is_(None).label("is_forgotten")).where(
            _is_released_in(catalogue, key)
        )
    )
    states = rows.all()
    return [one for row in states for one in row.revisions], sum(row.is_forgotten for row in states)


async def _have_redaction(transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]) -> bool:
    rows = await transaction.execute(
        _select_redacted(catalogue).where(revision.c.id == func.any(list(revisions))).limit(1)
    )
    return rows.first() is not None


def _select_redacted(catalogue: Catalogue) -> Select[tuple[int]]:
    """Select the ids of redacted revisions."""
    is_redacted = and_(
        redaction.c.programme == revision.c.programme,
        redaction.c["return"] == revision.c["return"],
        redaction.c.number == revision.c.number,
        redaction.c.content_sha256.is_not(None),
    )
    return select(revision.c.id).join(redaction, is_redacted).where(revision.c.programme == catalogue.id)


def _list_ids(contributions: Mapping[str, Sequence[int]]) -> list[int]:
    return [id_ for scope_ids in contributions.values() for id_ in scope_ids]


async def lock_contributions(
    transaction: AsyncConnection, catalogue: Catalogue, contributions: Mapping[str, Sequence[int]]
) -> None:
    """Let redactions of these contributions wait until the transaction ends. Raises RemovedContribution."""
    ids = _list_ids(contributions)
    rows = await transaction.execute(
        select(contribution.c.id)
        .where(contribution.c.programme == catalogue.id, contribution.c.id == func.any(ids))
        .order_by(contribution.c.id)
        .with_for_update(read=True)
    )
    if len(rows.all()) < len(ids):
        raise RemovedContribution


async def fetch_contributions(
    transaction: AsyncConnection, catalogue: Catalogue, ids: Sequence[int]
) -> list[UsedContribution]:
    """Return contributions in the order of their organisations, without those that are redacted by now."""
    columns = contribution.c
    is_redacted = _select_redacted(catalogue).where(revision.c.id == func.any(columns.revisions)).exists()
    rows = await transaction.execute(
        select(columns.organisation, columns.position, columns.release, columns.content, columns.counts)
        .where(columns.programme == catalogue.id, columns.id == func.any(list(ids)), ~is_redacted)
        .order_by(columns.organisation)
    )
    return [
        UsedContribution(
            organisation=catalogue.organisation_slugs[row.organisation],
            is_first=row.position == 0 and row.release is None,
            stored=unpack_contribution(row.content, row.counts),
        )
        for row in rows
    ]


async def fetch_left_out(
    transaction: AsyncConnection, programme_id: int, contributions: Mapping[str, Sequence[int]]
) -> dict[str, list[LeftOutTable]]:
    """Return the tables that these contributions leave out, by scope. `contributions` has the ids by scope."""
    ids = _list_ids(contributions)
    rows = await transaction.execute(
        select(contribution.c.scope, contribution.c.left_out)
        .where(
            contribution.c.programme == programme_id, contribution.c.id == func.any(ids), contribution.c.left_out != []
        )
        .order_by(contribution.c.scope, contribution.c.organisation)
    )
    tables: dict[str, list[LeftOutTable]] = {}
    for row in rows:
        tables.setdefault(row.scope, []).extend(msgspec.convert(row.left_out, list[LeftOutTable]))
    return tables


async def mark_released(
    transaction: AsyncConnection, programme_id: int, contributions: Mapping[str, Sequence[int]], *, release: int
) -> None:
    """Record that a release displays these contributions, and delete those that can no longer follow.

    `contributions` has the ids by scope.
    """
    ids = _list_ids(contributions)
    await transaction.execute(
        update(contribution)
        .where(
            contribution.c.programme == programme_id,
            contribution.c.id == func.any(ids),
            contribution.c.release.is_(None),
        )
        .values(release=release)
    )
    shown = contribution.alias("shown")
    is_same_chain = and_(
        shown.c.programme == contribution.c.programme,
        shown.c.organisation == contribution.c.organisation,
        shown.c.scope == contribution.c.scope,
    )
    await transaction.execute(
        delete(contribution).where(
            contribution.c.programme == programme_id,
            contribution.c.release.is_(None),
            exists().where(is_same_chain, shown.c.release.is_not(None), shown.c.position >= contribution.c.position),
        )
    )


async def list_protected_series(transaction: AsyncConnection, programme_id: int) -> list[tuple[str, list[str]]]:
    """Return the series that releases have displayed, each with its measures; withdrawn releases are included."""
    scopes = await transaction.execute(
        select(contribution.c.scope)
        .where(contribution.c.programme == programme_id, contribution.c.release.is_not(None))
        .distinct()
    )
    series = {scope.rpartition(" ")[0] for scope in scopes.scalars()}
    rows = await transaction.execute(select(release.c.report).where(release.c.programme == programme_id))
    reports = [msgspec.convert(report, ReleaseReport) for report in rows.scalars()]
    return [(scope.scope, scope.measures) for report in reports for scope in report.scopes if scope.scope in series]


async def allow_all_returns(transaction: AsyncConnection, programme_id: int) -> None:
    """Let the rest of the transaction read every return of a programme, which protection needs."""
    await transaction.execute(
        text(
            "select set_config('work_health.programme', :programme, true), set_config('work_health.review', 'on', true)"
        ),
        {"programme": str(programme_id)},
    )
