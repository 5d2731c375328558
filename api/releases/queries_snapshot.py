"""Read the inputs of a release's figures."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from datetime import datetime

from anyio import from_thread
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.figures.queries import fetch_published_figures
from api.figures.returns_data import SelectedRevision
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.protection import queries_contributions
from api.protection.scopes import AuditScope, SeriesScopes
from api.releases import published_statistics
from api.releases.coverage import calculate_coverage, find_returned_sources, find_sources
from api.releases.figure_keys import SeriesKey
from api.releases.queries_jobs import PublicationKey, PublicationRecord
from api.releases.queries_previous import PreviousRelease
from api.releases.scope_counts import ScopeCounts, add_contributions
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
    contributions: Mapping[str, Sequence[int]] = {}
    """The ids of the contributions, by the key of their scope."""
    carried: frozenset[tuple[SeriesKey, str]] = frozenset()
    """Periods of series that keep their figures."""
    frozen_at: datetime
    previous: PreviousRelease | None

    @property
    def number(self) -> int:
        return 1 if self.previous is None else self.previous.number + 1


async def fetch_snapshot(
    transaction: AsyncConnection, lock: asyncio.Lock, publication: Publication, scopes: Sequence[SeriesScopes]
) -> Snapshot:
    """Read the inputs. Contributions are read later, scope by scope, under `lock` and from a thread."""
    catalogue = publication.catalogue
    concessions = await fetch_concessions(transaction, catalogue)

    async def fetch_counts(scope: AuditScope, organisations: Set[str] | None) -> ScopeCounts | None:
        ids = publication.contributions.get(scope.key)
        if not ids:
            return None
        async with lock:
            used = await queries_contributions.fetch_contributions(transaction, catalogue, ids)
        return add_contributions(scope, used, organisations)

    def load_counts(scope: AuditScope, organisations: Set[str] | None = None, /) -> ScopeCounts | None:
        return from_thread.run(fetch_counts, scope, organisations)

    today = calendar.to_london_date(publication.frozen_at)
    return Snapshot(
        catalogue=catalogue,
        number=publication.number,
        frozen_at=publication.frozen_at,
        scopes=scopes,
        load_counts=load_counts,
        coverage=calculate_coverage(catalogue, scopes, publication.returns, concessions, today=today),
        sources=find_sources(catalogue, scopes, publication.returns, today=today),
        returned=find_returned_sources(catalogue, scopes, publication.returns, today=today),
        published=await _fetch_published_statistics(transaction, publication, concessions),
        excluded_measures=frozenset(publication.record.request.exclude_measures),
        carried=publication.carried,
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
