"""Read the inputs of a release's figures."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from anyio import from_thread
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.figures.queries import fetch_published_figures
from api.figures.returns_data import SelectedRevision
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.releases import published_statistics, queries_jobs
from api.releases.audit_history import AuditHistory, unpack_history
from api.releases.coverage import calculate_coverage
from api.releases.figure_keys import SeriesKey
from api.releases.queries_jobs import HISTORY_STEP_PREFIX, PublicationKey, PublicationRecord
from api.releases.queries_previous import PreviousRelease
from api.releases.scopes import AuditScope
from api.releases.snapshot import Snapshot
from api.reviews.concessions import Concessions
from api.reviews.queries_concessions import fetch_concessions
from schema.released_figures import PublishedFigure


class Publication(Struct, frozen=True, kw_only=True):
    """One run of a publication job: the request, the plan and the frozen inputs."""

    job: PublicationKey
    record: PublicationRecord
    catalogue: Catalogue
    returns: list[SelectedRevision]
    cleared_entries: dict[int, list[int]]
    frozen_at: datetime
    previous: PreviousRelease | None

    @property
    def number(self) -> int:
        return 1 if self.previous is None else self.previous.number + 1


async def fetch_snapshot(
    transaction: AsyncConnection, lock: asyncio.Lock, publication: Publication, scopes: Sequence[AuditScope]
) -> Snapshot:
    """Read the inputs. Audit histories are read later, one at a time, under `lock` and from a thread."""
    catalogue = publication.catalogue
    concessions = await fetch_concessions(transaction, catalogue)
    steps = await queries_jobs.list_completed_steps(transaction, publication.job)

    async def fetch_history(step: str) -> bytes:
        async with lock:
            return await queries_jobs.fetch_step(transaction, publication.job, step)

    def load_history(key: str) -> AuditHistory | None:
        step = HISTORY_STEP_PREFIX + key
        return unpack_history(from_thread.run(fetch_history, step)) if step in steps else None

    today = calendar.to_london_date(publication.frozen_at)
    return Snapshot(
        catalogue=catalogue,
        number=publication.number,
        frozen_at=publication.frozen_at,
        scopes=scopes,
        load_history=load_history,
        coverage=calculate_coverage(catalogue, scopes, publication.returns, concessions, today=today),
        published=await _fetch_published_statistics(transaction, publication, concessions),
        excluded_measures=frozenset(publication.record.request.exclude_measures),
    )


async def _fetch_published_statistics(
    transaction: AsyncConnection, publication: Publication, concessions: Concessions
) -> dict[SeriesKey, list[PublishedFigure]]:
    """Return the approved figures of published statistics, as their publishers give them."""
    catalogue, excluded = publication.catalogue, publication.record.request.exclude_measures
    policy = catalogue.plan.disclosure.version
    figures_by_series: dict[SeriesKey, list[PublishedFigure]] = {}
    for measure, series in published_statistics.list_published_series(catalogue, excluded):
        key = (measure.slug, series.slug)
        returns = [r for r in publication.returns if r.is_counted and (r.measure, r.series) == key]
        content = await fetch_published_figures(transaction, catalogue, [r.id for r in returns])
        figures_by_series[key] = [
            published_statistics.convert_published_figure(figure, publication.number, policy)
            for figure in published_statistics.calculate_published_figures(
                measure, series, returns, content, catalogue, concessions
            )
        ]
    return figures_by_series
