"""The client whose operations are awaited. What they do stands in `client`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, Unpack, overload

from ._core import AsyncSender, Settings, build_raw_call, build_ssl_context
from ._generated.api.outcomes import AsyncOutcomes
from ._generated.api.partners import AsyncPartners
from ._generated.api.plan import AsyncPlan
from ._generated.api.releases import AsyncReleases
from ._generated.api.returns import AsyncReturns
from ._generated.api.reviews import AsyncReviews
from ._generated.api.submissions import AsyncSubmissions
from ._http import httpx
from .frames import AsyncFigures, PageCursor

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from ._core import Content, Parameter
    from ._generated.models import (
        NewReturn,
        NewSubmission,
        PreviewFigure,
        PublishedFigure,
        ReleasedEntry,
        ReturnCell,
        ReturnEvent,
        ReturnKind,
        ReturnRevision,
        ReviewState,
    )
    from .outcome_queries import AnyOutcomeQuery, PreviewQuery, ReleaseQuery, ReleaseStep
    from .plan_model import DeliveryPlan
    from .reports import PartsResult, SubmissionResult
    from .submit_steps import MappingSource
    from .tables import Tabular

    Submittable = Tabular | NewReturn | NewSubmission | Iterable[NewReturn]


class AsyncWorkHealth(
    AsyncPlan, AsyncPartners, AsyncSubmissions, AsyncReturns, AsyncReviews, AsyncOutcomes, AsyncReleases, AsyncSender
):
    """`WorkHealth` with operations to be awaited.

    >>> import asyncio
    >>> from work_health import AsyncWorkHealth
    >>> async def label(period: str) -> str:
    ...     async with AsyncWorkHealth() as client:
    ...         return (await client.get_period(period)).label
    >>> asyncio.run(label("FY2025-26-Q3"))
    'Q3 2025/26 (Oct to Dec 2025)'

    Args:
        key: The key as it was shown once; else WORK_HEALTH_KEY. Reading the plan needs none.
        base_url: Where the server is; else WORK_HEALTH_URL, else http://127.0.0.1:8000.
        programme: What `submit`, `outcomes` and `plan` are about; else WORK_HEALTH_PROGRAMME, else the only one that
            the key opens.
        timeout: Seconds to wait for an answer. Making the connection may take 5 of them.
        max_retries: How often a request is repeated after a fault that may pass: no connection, 408, 429, 5xx. Pauses
            grow from half a second to 8, by chance shorter; `Retry-After` is kept up to 60. Reads are repeated, and
            what has an Idempotency-Key, as each submission has; other writes only if the connection was never made.
        proxy: `http://user:password@host:port`; else HTTPS_PROXY and its like.
        certificates: A file or folder of PEM certificates of authorities to be trusted beside the system's, or an
            `ssl.SSLContext`. Verifying cannot be switched off.
        http: A client of your own, in place of the two above. It stays yours to close.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        base_url: str | None = None,
        programme: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 2,
        proxy: str | None = None,
        certificates: str | Path | ssl.SSLContext | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._settings = Settings.create(key, base_url, timeout, max_retries, programme)
        if http is not None and (proxy or certificates):
            raise ValueError("Give proxy and certificates to the client that you pass as http")
        self._http = http or httpx.AsyncClient(proxy=proxy or None, verify=build_ssl_context(certificates))
        self._owns_http = http is None

    def with_options(
        self,
        *,
        key: str | None = None,
        programme: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        on_response: Callable[[httpx.Response], object] | None = None,
    ) -> Self:
        """A client that differs in what is named, over the same connections; close the first one, not this.

        See `WorkHealth.with_options`.
        """
        made = self.__class__.__new__(self.__class__)
        made._settings = self._settings.replace(
            key=key, programme=programme, timeout=timeout, max_retries=max_retries, on_response=on_response
        )
        made._http, made._owns_http = self._http, False
        return made

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Parameter] | None = None,
        json: object = None,
        content: Content | None = None,
        content_type: str | None = None,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """Any request, with the key, retries and errors of the others. The answer is given as it came.

        See `WorkHealth.request`.
        """
        return await self._send(build_raw_call(method, path, query, json, content, content_type, idempotency_key))

    async def submit(
        self,
        source: Submittable,
        *,
        programme: str | None = None,
        mapping: MappingSource = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        dry_run: bool = False,
        dry_run_token: str | None = None,
        confirm_withdrawals: bool = False,
        justifications: Mapping[str, str] | None = None,
        note: str | None = None,
        check: bool = True,
        raise_if_rejected: bool = True,
        idempotency_key: str | None = None,
    ) -> SubmissionResult:
        """Send returns from what you have them in, all of them or none.

        See `WorkHealth.submit`.
        """
        from .submit_steps import SubmissionOptions, submit_source

        steps = submit_source(
            self._settings,
            source,
            programme=programme,
            mapping=mapping,
            sheet=sheet,
            envelope=SubmissionOptions(
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justifications=justifications,
                note=note,
            ),
            check=check,
            dry_run=dry_run,
            dry_run_token=dry_run_token,
            idempotency_key=idempotency_key,
            raise_if_rejected=raise_if_rejected,
        )
        return await self._run_steps(steps)

    async def submit_in_parts(
        self,
        source: Tabular,
        *,
        programme: str | None = None,
        mapping: MappingSource = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        confirm_withdrawals: bool = False,
        justifications: Mapping[str, str] | None = None,
        note: str | None = None,
        rows: int = 50_000,
        journal: Path | None = None,
        on_progress: Callable[[PartsResult], object] | None = None,
    ) -> PartsResult:
        """Send a large file as several submissions, each of whole returns. Not all or nothing: see `committed`.

        See `WorkHealth.submit_in_parts`.
        """
        from .submit_steps import SubmissionOptions, submit_parts

        steps = submit_parts(
            self._settings,
            source,
            programme=programme,
            mapping=mapping,
            sheet=sheet,
            envelope=SubmissionOptions(
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justifications=justifications,
                note=note,
            ),
            rows_per_part=rows,
            journal=journal,
            on_progress=on_progress,
        )
        return await self._run_steps(steps)

    async def check(
        self,
        source: Tabular,
        *,
        programme: str | None = None,
        mapping: MappingSource = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
    ) -> list[str]:
        """Look at a table here, against the schema of what is owed; the names of the returns in it. Sends nothing.

        See `WorkHealth.check`.
        """
        from .submit_steps import SubmissionOptions, check_table

        envelope = SubmissionOptions(measure=measure, period=period, organisation=organisation)
        return await self._run_steps(check_table(self._settings, source, programme, mapping, sheet, envelope))

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[False] = False,
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[ReleaseQuery],
    ) -> AsyncFigures[PublishedFigure]: ...

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[True],
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[PreviewQuery],
    ) -> AsyncFigures[PreviewFigure]: ...

    def outcomes(
        self,
        *,
        preview: bool = False,
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[AnyOutcomeQuery],
    ) -> AsyncFigures[PublishedFigure] | AsyncFigures[PreviewFigure]:
        """Figures to go through, page after page, or to read whole with `to_pandas()` and `to_polars()`.

        See `WorkHealth.outcomes`.
        """
        from .outcome_queries import query_preview, query_release

        if preview:
            return AsyncFigures(self, query_preview(self._settings, programme, limit, question))
        return AsyncFigures(self, query_release(self._settings, programme, limit, question))

    async def iter_release_steps(self, *, since: int = 0, programme: str | None = None) -> AsyncIterator[ReleaseStep]:
        """The releases after the one that you have, in their order, each with the figures that it changed.

        See `WorkHealth.release_changes`.
        """
        from .outcome_queries import fetch_release_step, list_later_releases

        for where, release in await self._run_steps(list_later_releases(self._settings, programme, since)):
            yield await self._run_steps(fetch_release_step(where, release))

    async def resolve_programme(self) -> str:
        """The programme that is meant where none is said: the client's, else the only one that the key opens.

        See `WorkHealth.resolve_programme`.
        """
        from .submit_steps import choose_programme

        return await self._run_steps(choose_programme(self._settings, None))

    async def plan(self, programme: str | None = None) -> DeliveryPlan:
        """The logic model with its measures, to walk along.

        See `WorkHealth.plan`.
        """
        from .plan_model import load_plan

        return await self._run_steps(load_plan(self._settings, programme))

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
        """Every return as it stands, or stood, page after page; `limit` is the size of a page.

        See `WorkHealth.iter_returns`.
        """
        cursors = PageCursor()
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
            if not cursors.advance(page.next_cursor):
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
    ) -> AsyncIterator[ReturnCell]:
        """Every cell of the returns as they stand, or stood, page after page; `limit` is the size of a page.

        See `WorkHealth.iter_observations`.
        """
        cursors = PageCursor()
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
            if not cursors.advance(page.next_cursor):
                return

    async def iter_return_changes(
        self, programme: str, *, cursor: str | None = None, limit: int | None = None
    ) -> AsyncIterator[ReturnEvent]:
        """What happened to returns, from the beginning or after `cursor`, until there is no more for now.

        See `WorkHealth.iter_changes`.
        """
        cursors = PageCursor(cursor)
        while True:
            page = await self.list_return_changes(programme, cursor=cursors.current, limit=limit)
            for item in page.items:
                yield item
            if not (page.has_more and cursors.advance(page.next_cursor)):
                return

    async def iter_release_entries(
        self,
        programme: str,
        release: str = "latest",
        *,
        measure: Iterable[str] | None = None,
        period: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[ReleasedEntry]:
        """What reviewers have cleared of milestones and evidence in a release, page after page; needs no key.

        See `WorkHealth.iter_release_entries`.
        """
        cursors, which = PageCursor(), release
        while True:
            page = await self.list_release_entries(
                programme, which, measure=measure, period=period, cursor=cursors.current, limit=limit
            )
            for item in page.items:
                yield item
            which = str(page.release)
            if not cursors.advance(page.next_cursor):
                return

    async def aclose(self) -> None:
        """Let go of the connections. Leaving a `with` block does it.

        See `WorkHealth.close`.
        """
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncWorkHealth(base_url={self._settings.url!r})"
