"""The two clients: the same operations, waited for or awaited."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from ._core import AsyncCaller, Caller, Settings
from ._generated.api.outcomes import AsyncOutcomes, Outcomes
from ._generated.api.partners import AsyncPartners, Partners
from ._generated.api.plan import AsyncPlan, Plan
from ._generated.api.releases import AsyncReleases, Releases
from ._generated.api.returns import AsyncReturns, Returns
from ._generated.api.reviews import AsyncReviews, Reviews
from ._generated.api.submissions import AsyncSubmissions, Submissions
from ._generated.models import (
    ChangePage,
    ObservationPage,
    ReturnChange,
    ReturnKind,
    ReturnPage,
    ReviewState,
    StandingObservation,
    StandingReturn,
)
from ._http import httpx
from .errors import WorkHealthError


class WorkHealth(Plan, Partners, Submissions, Returns, Reviews, Outcomes, Releases, Caller):
    """The API, operation by operation. Each returns what was asked for or raises a `WorkHealthError`.

    Args:
        key: The key as it was shown once; else WORK_HEALTH_KEY. Reading the plan needs none.
        base_url: Where the server is; else WORK_HEALTH_URL, else http://127.0.0.1:8000.
        timeout: Seconds to wait for an answer. Making the connection may take 5 of them.
        max_retries: How often a read is repeated after a fault that may pass. A submission is repeated only if the
            connection was never made.
        http: A client of your own, for a proxy or certificates. It stays yours to close.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        http: httpx.Client | None = None,
    ) -> None:
        self._settings = Settings(key, base_url, timeout, max_retries)
        self._http = http or httpx.Client()
        self._ours = http is None

    def iter_returns(
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
    ) -> Iterator[StandingReturn]:
        """Every return as it stands, or stood, page after page; `limit` is the size of a page."""
        cursors = _Cursors()
        while True:
            page = self.list_returns(
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
                cursor=cursors.current,
            )
            yield from page.items
            if not cursors.advance(page):
                return

    def iter_observations(
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
    ) -> Iterator[StandingObservation]:
        """Every cell of the returns as they stand, or stood, page after page; `limit` is the size of a page."""
        cursors = _Cursors()
        while True:
            page = self.list_observations(
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
                cursor=cursors.current,
            )
            yield from page.items
            if not cursors.advance(page):
                return

    def iter_changes(
        self, programme: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Iterator[ReturnChange]:
        """What happened to returns, from the beginning or after `cursor`, until there is no more for now.

        To go on another day use `list_return_changes`, and keep the `next_cursor` that it answers.
        """
        cursors = _Cursors(cursor)
        while True:
            page = self.list_return_changes(programme, cursor=cursors.current, limit=limit)
            yield from page.items
            if not (page.more and cursors.advance(page)):
                return

    def close(self) -> None:
        if self._ours:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"WorkHealth(base_url={self._settings.url!r})"


class AsyncWorkHealth(
    AsyncPlan, AsyncPartners, AsyncSubmissions, AsyncReturns, AsyncReviews, AsyncOutcomes, AsyncReleases, AsyncCaller
):
    """`WorkHealth` with operations to be awaited.

    Args:
        key: The key as it was shown once; else WORK_HEALTH_KEY. Reading the plan needs none.
        base_url: Where the server is; else WORK_HEALTH_URL, else http://127.0.0.1:8000.
        timeout: Seconds to wait for an answer. Making the connection may take 5 of them.
        max_retries: How often a read is repeated after a fault that may pass. A submission is repeated only if the
            connection was never made.
        http: A client of your own, for a proxy or certificates. It stays yours to close.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._settings = Settings(key, base_url, timeout, max_retries)
        self._http = http or httpx.AsyncClient()
        self._ours = http is None

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
    ) -> AsyncIterator[StandingReturn]:
        """Every return as it stands, or stood, page after page; `limit` is the size of a page."""
        cursors = _Cursors()
        while True:
            page = await self.list_returns(
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
                cursor=cursors.current,
            )
            for item in page.items:
                yield item
            if not cursors.advance(page):
                return

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
    ) -> AsyncIterator[StandingObservation]:
        """Every cell of the returns as they stand, or stood, page after page; `limit` is the size of a page."""
        cursors = _Cursors()
        while True:
            page = await self.list_observations(
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
                cursor=cursors.current,
            )
            for item in page.items:
                yield item
            if not cursors.advance(page):
                return

    async def iter_changes(
        self, programme: str, *, cursor: str | None = None, limit: int | None = None
    ) -> AsyncIterator[ReturnChange]:
        """What happened to returns, from the beginning or after `cursor`, until there is no more for now.

        To go on another day use `list_return_changes`, and keep the `next_cursor` that it answers.
        """
        cursors = _Cursors(cursor)
        while True:
            page = await self.list_return_changes(programme, cursor=cursors.current, limit=limit)
            for item in page.items:
                yield item
            if not (page.more and cursors.advance(page)):
                return

    async def aclose(self) -> None:
        if self._ours:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncWorkHealth(base_url={self._settings.url!r})"


class _Cursors:
    """Where a reading of many pages stands. A cursor that comes twice would never end."""

    def __init__(self, first: str | None = None) -> None:
        self.current: str | None = first
        self._seen: set[str] = set()

    def advance(self, page: ReturnPage | ObservationPage | ChangePage) -> bool:
        if not page.next_cursor:
            return False
        if page.next_cursor in self._seen:
            raise WorkHealthError("The server gave the same cursor twice; reading on would never end.")
        self._seen.add(page.next_cursor)
        self.current = page.next_cursor
        return True
