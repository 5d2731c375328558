"""The two clients: the same operations, waited for or awaited."""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self

from ._core import AsyncCaller, Caller, Settings
from ._generated.api.outcomes import AsyncOutcomes, Outcomes
from ._generated.api.partners import AsyncPartners, Partners
from ._generated.api.plan import AsyncPlan, Plan
from ._generated.api.reviews import AsyncReviews, Reviews
from ._generated.api.submissions import AsyncSubmissions, Submissions
from ._generated.models import ReturnPage, StandingReturn
from ._http import httpx
from .errors import WorkHealthError


class WorkHealth(Plan, Partners, Submissions, Reviews, Outcomes, Caller):
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
        measure: str | None = None,
        organisation: str | None = None,
        period: str | None = None,
        limit: int | None = None,
    ) -> Iterator[StandingReturn]:
        """Every return as it stands, page after page; `limit` is the size of a page."""
        cursors = _Cursors()
        while True:
            page = self.list_returns(
                programme,
                measure=measure,
                organisation=organisation,
                period=period,
                limit=limit,
                cursor=cursors.current,
            )
            yield from page.items
            if not cursors.advance(page):
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


class AsyncWorkHealth(AsyncPlan, AsyncPartners, AsyncSubmissions, AsyncReviews, AsyncOutcomes, AsyncCaller):
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
        measure: str | None = None,
        organisation: str | None = None,
        period: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[StandingReturn]:
        """Every return as it stands, page after page; `limit` is the size of a page."""
        cursors = _Cursors()
        while True:
            page = await self.list_returns(
                programme,
                measure=measure,
                organisation=organisation,
                period=period,
                limit=limit,
                cursor=cursors.current,
            )
            for item in page.items:
                yield item
            if not cursors.advance(page):
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

    def __init__(self) -> None:
        self.current: str | None = None
        self._seen: set[str] = set()

    def advance(self, page: ReturnPage) -> bool:
        if not page.next_cursor:
            return False
        if page.next_cursor in self._seen:
            raise WorkHealthError("The server gave the same cursor twice; reading on would never end.")
        self._seen.add(page.next_cursor)
        self.current = page.next_cursor
        return True
