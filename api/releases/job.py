"""The publication job. It can be stopped or killed at any point, and continues where it stopped.

It freezes the approved returns first. Then it protects those that are not protected yet. Then one transaction adds the
displayed counts and writes what readers see.
"""

import logging
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.audit import record_audit
from api.figures.queries import fetch_approved_revisions
from api.figures.returns_data import SelectedRevision
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.plan.queries import fetch_catalogue, fetch_catalogue_version
from api.protection import queries_contributions
from api.protection.job import ProtectedReturns, Protector
from api.protection.scopes import (
    SeriesScopes,
    exclude_periods,
    find_regrouped_measures,
    group_returned_periods,
    list_series_scopes,
)
from api.releases import queries_jobs, queries_previous
from api.releases.queries_jobs import PublicationKey, PublicationRecord
from api.releases.queries_snapshot import Publication
from api.releases.released_entries import list_entry_revisions
from api.releases.rules import PublicationEnded
from api.releases.writer import ReleaseTransaction
from api.reviews.queries_reviews import fetch_cleared_entries
from schema.publication_jobs import FailedScope, PublicationJobState

log = logging.getLogger("work_health")


class FrozenInputs(Struct, frozen=True, kw_only=True):
    """The revisions that a publication uses, however long it runs."""

    returns: list[SelectedRevision]
    cleared: dict[int, list[int]] = {}
    """For each revision of milestones or evidence, the cleared items or entries, counted from 1."""


class Publisher:
    """Run jobs of the kind `publish`."""

    def __init__(self, protector: Protector) -> None:
        self.protector = protector

    async def handle(self, payload: bytes) -> None:
        job = _decode(payload)
        try:
            await self._publish(job)
        except* PublicationEnded:
            async with self.protector.begin_transaction(job.programme) as transaction:
                await queries_jobs.delete_inputs(transaction, job)

    async def give_up(self, payload: bytes, reason: str) -> None:
        job = _decode(payload)
        async with self.protector.begin_transaction(job.programme) as transaction:
            await self._end(transaction, job, {"state": PublicationJobState.FAILED, "failure_reason": reason})

    async def put_back_lost_jobs(self) -> None:
        """Enqueue every open publication that is not in the queue, so that it does not block its programme for ever."""
        async with self.protector.engine.begin() as transaction:
            programme_ids = await queries_jobs.list_programme_ids(transaction)
        for programme_id in programme_ids:
            async with self.protector.begin_transaction(programme_id) as transaction:
                publication_id = await queries_jobs.put_back_lost_job(transaction, programme_id)
                if publication_id is not None:
                    log.warning("The publication %s was not in the queue. It is put back.", publication_id)

    async def _publish(self, job: PublicationKey) -> None:
        begun = await self._begin(job)
        if begun is None:
            return
        publication, series_scopes = begun

        async def report_progress(done: int, count: int) -> None:
            async with self.protector.begin_transaction(job.programme) as transaction:
                await queries_jobs.update_publication(transaction, job, contributions=count, done=done)

        protected = await self.protector.protect_returns(
            publication.catalogue, series_scopes, publication.returns, report_progress
        )
        publication = replace(publication, contributions=protected.contributions)
        async with self.protector.begin_transaction(job.programme) as transaction:
            await queries_contributions.lock_contributions(transaction, publication.catalogue, protected.contributions)
            await self._finish(transaction, publication, series_scopes, protected)

    async def _begin(self, job: PublicationKey) -> tuple[Publication, list[SeriesScopes]] | None:
        """Freeze the inputs, and return what the job protects and publishes; None if it has ended."""
        async with self.protector.begin_transaction(job.programme) as transaction:
            record = await queries_jobs.fetch_record(transaction, job, with_lock=True)
            if record.state not in queries_jobs.OPEN_STATES:
                return None
            frozen_at = record.frozen_at or await self.protector.read_clock(transaction)
            catalogue = await _fetch_catalogue(transaction, job, record)
            inputs = await _freeze_inputs(transaction, job, catalogue)
            await queries_jobs.update_publication(
                transaction,
                job,
                state=PublicationJobState.RUNNING,
                frozen_at=frozen_at,
                plan_version=catalogue.version,
            )
            publication = Publication(
                job=job,
                record=record,
                catalogue=catalogue,
                returns=inputs.returns,
                cleared_entries=inputs.cleared,
                carried=frozenset(await queries_previous.list_periods_of_earlier_method(transaction, catalogue)),
                frozen_at=frozen_at,
                previous=await queries_previous.find_previous_release(transaction, job.programme),
            )
        series_scopes = list_series_scopes(
            catalogue,
            group_returned_periods(inputs.returns),
            today=calendar.to_london_date(frozen_at),
            excluded_measures=record.request.exclude_measures,
        )
        return publication, exclude_periods(series_scopes, publication.carried)

    async def _finish(
        self,
        transaction: AsyncConnection,
        publication: Publication,
        series_scopes: Sequence[SeriesScopes],
        protected: ProtectedReturns,
    ) -> None:
        """Write the whole release, or record why it cannot be published."""
        job = publication.job
        failures = _report_changed_geography(series_scopes, protected)
        regrouped = find_regrouped_measures(
            await queries_contributions.list_protected_series(transaction, job.programme), series_scopes
        )
        failures += [_report_regrouping(scopes) for scopes in series_scopes if regrouped & {*scopes.measures}]
        if failures:
            ended: dict[str, object] = {
                "state": PublicationJobState.REFUSED,
                "failures": msgspec.to_builtins(failures),
            }
        else:
            ended = await ReleaseTransaction(transaction, publication, series_scopes).write(
                read_clock=self.protector.read_clock
            )
        await self._end(transaction, job, ended)

    async def _end(self, transaction: AsyncConnection, job: PublicationKey, ended: dict[str, object]) -> None:
        """Store how the job ended. Raises PublicationEnded if it has ended already."""
        await queries_jobs.delete_inputs(transaction, job)
        finished_at = await self.protector.read_clock(transaction)
        await queries_jobs.update_publication(transaction, job, **ended, finished_at=finished_at)
        subject = {"publication": str(job.publication), "state": str(ended["state"])}
        if "release" in ended:
            subject["release"] = str(ended["release"])
        await record_audit(transaction, job.programme, None, "publication.ended", subject, organisation_id=None)


def _decode(payload: bytes) -> PublicationKey:
    return msgspec.json.decode(payload, type=PublicationKey)


async def _fetch_catalogue(transaction: AsyncConnection, job: PublicationKey, record: PublicationRecord) -> Catalogue:
    """Return the plan of the job: the version that it began with, or the current one if it has not begun."""
    if record.plan_version is None:
        return await fetch_catalogue(transaction, record.programme)
    return await fetch_catalogue_version(transaction, record.programme, job.programme, record.plan_version)


async def _freeze_inputs(transaction: AsyncConnection, job: PublicationKey, catalogue: Catalogue) -> FrozenInputs:
    """Return the frozen inputs; store them first if the job has not begun."""
    content = await queries_jobs.fetch_inputs(transaction, job)
    if content is not None:
        return msgspec.msgpack.decode(content, type=FrozenInputs)
    returns = await fetch_approved_revisions(transaction, catalogue)
    entries = list_entry_revisions(returns, catalogue)
    inputs = FrozenInputs(returns=returns, cleared=await fetch_cleared_entries(transaction, catalogue, entries))
    await queries_jobs.save_inputs(transaction, job, msgspec.msgpack.encode(inputs))
    return inputs


def _report_changed_geography(series_scopes: Sequence[SeriesScopes], protected: ProtectedReturns) -> list[FailedScope]:
    return [
        FailedScope(
            scope=scope.key,
            measures=scopes.measures,
            code="geography-changed",
            detail=protected.changed_geography[scope.key],
        )
        for scopes in series_scopes
        for scope in scopes.scopes
        if scope.key in protected.changed_geography
    ]


def _report_regrouping(scopes: SeriesScopes) -> FailedScope:
    return FailedScope(
        scope=scopes.key,
        measures=scopes.measures,
        code="scope-changed",
        detail=(
            "The plan protects this measure together with other measures than before, so its counts would be rounded "
            "a second time. Exclude the measure from this release, or give it a new series."
        ),
    )
