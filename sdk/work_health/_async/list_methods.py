"""Methods that read whole lists, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sender import AsyncSender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime

    from work_health._calls import Call
    from work_health._generated.models import (
        Obligation,
        ObligationPage,
        ObligationState,
        ObservationPage,
        ReleasedEntry,
        ReleasedEntryList,
        ReturnCell,
        ReturnEvent,
        ReturnEventPage,
        ReturnKind,
        ReturnPage,
        ReturnRevision,
        ReviewState,
    )


class AsyncListMethods(AsyncSender):
    async def iter_obligations(
        self,
        programme: str,
        *,
        organisation: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        state: ObligationState | str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Obligation]:
        """Yield every expected return, by due date. `limit` is the size of a page.

        >>> duties = client.iter_obligations(programme, measure="ips-primary-care-referrals", limit=1)
        >>> [duty.period.code async for duty in duties][:2]
        ['FY2025-26-Q1', 'FY2025-26-Q2']
        """
        from work_health._generated.api.reviews import list_obligations

        def build_call(cursor: str | None) -> Call[ObligationPage]:
            return list_obligations.call(
                programme,
                organisation=organisation,
                measure=measure,
                period=period,
                state=state,
                limit=limit,
                cursor=cursor,
            )

        async for page in self._iter_pages(build_call):
            for duty in page.items:
                yield duty

    async def iter_returns(
        self,
        programme: str,
        *,
        organisation: str | None = None,
        measure: str | None = None,
        series: str | None = None,
        service: str | None = None,
        period: str | None = None,
        kind: ReturnKind | str | None = None,
        state: ReviewState | str | None = None,
        as_of: datetime | None = None,
        updated_after: datetime | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[ReturnRevision]:
        """Yield every current return, or every return as of a moment. `limit` is the size of a page.

        >>> revisions = client.iter_returns(programme, measure="ips-primary-care-referrals", limit=1)
        >>> [revision.period.code async for revision in revisions][:2]
        ['FY2025-26-Q1', 'FY2025-26-Q2']
        """
        from work_health._generated.api.returns import list_returns

        def build_call(cursor: str | None) -> Call[ReturnPage]:
            return list_returns.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                kind=kind,
                state=state,
                as_of=as_of,
                updated_after=updated_after,
                limit=limit,
                cursor=cursor,
            )

        async for page in self._iter_pages(build_call):
            for revision in page.items:
                yield revision

    async def iter_observations(
        self,
        programme: str,
        *,
        organisation: str | None = None,
        measure: str | None = None,
        series: str | None = None,
        service: str | None = None,
        period: str | None = None,
        area: str | None = None,
        as_of: datetime | None = None,
        updated_after: datetime | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[ReturnCell]:
        """Yield every cell of the current returns, or of the returns as of a moment. `limit` is the size of a page.

        >>> cells = client.iter_observations(
        ...     programme, measure="ips-primary-care-referrals", period="FY2025-26-Q2"
        ... )
        >>> [(cell.breakdown.to_dict(), cell.value) async for cell in cells][:2]
        [({}, 125), ({'sex': 'female'}, 70)]
        """
        from work_health._generated.api.returns import list_observations

        def build_call(cursor: str | None) -> Call[ObservationPage]:
            return list_observations.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                area=area,
                as_of=as_of,
                updated_after=updated_after,
                limit=limit,
                cursor=cursor,
            )

        async for page in self._iter_pages(build_call):
            for cell in page.items:
                yield cell

    async def iter_return_changes(
        self, programme: str, *, cursor: str | None = None, limit: int | None = None
    ) -> AsyncIterator[ReturnEvent]:
        """Yield the events of returns, from the beginning or after `cursor`, up to the newest one.

        To continue another day, call `list_return_changes` and store the `next_cursor` that it returns.

        >>> async for event in client.iter_return_changes(programme):
        ...     print(event.event.value)
        ...     break
        recorded
        """
        from work_health._generated.api.returns import list_return_changes

        def build_call(cursor: str | None) -> Call[ReturnEventPage]:
            return list_return_changes.call(programme, cursor=cursor, limit=limit)

        async for page in self._iter_pages(build_call, cursor):
            for event in page.items:
                yield event

    async def iter_release_entries(
        self,
        programme: str,
        release: str = "latest",
        *,
        measure: Iterable[str] | None = None,
        period: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[ReleasedEntry]:
        """Yield the milestones and evidence of a release that reviewers have cleared. It needs no key.

        >>> entries = client.iter_release_entries(programme, measure=["lived-experience-involvement"])
        >>> try:
        ...     async for entry in entries:
        ...         print(entry.period.code, entry.domain, entry.title)
        ... except NotFound:
        ...     print("Nothing is released yet.")
        Nothing is released yet.

        Raises:
            NotFound: On the first entry, if there is no such release.
        """
        from work_health._generated.api.releases import list_release_entries

        def build_call(cursor: str | None) -> Call[ReleasedEntryList]:
            return list_release_entries.call(
                programme, release, measure=measure, period=period, cursor=cursor, limit=limit
            )

        async for page in self._iter_pages(build_call):
            release = str(page.release)  # the next pages come from this release, even if a newer one appears
            for entry in page.items:
                yield entry
