"""The client whose operations are awaited. What they do stands in `client`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, Unpack, overload

from ._core import AsyncCaller, Settings, raw_call, trusting
from ._generated.api.outcomes import AsyncOutcomes
from ._generated.api.partners import AsyncPartners
from ._generated.api.plan import AsyncPlan
from ._generated.api.releases import AsyncReleases
from ._generated.api.returns import AsyncReturns
from ._generated.api.reviews import AsyncReviews
from ._generated.api.submissions import AsyncSubmissions
from ._http import httpx
from .frames import AsyncFigures, Cursors

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from ._core import Content, Parameter
    from ._generated.models import (
        Figure,
        NewReturn,
        NewSubmission,
        ReleasedEntry,
        ReturnChange,
        ReturnKind,
        ReviewState,
        StandingObservation,
        StandingReturn,
        UnprotectedFigure,
    )
    from .outcome_queries import AnyQuestion, PreviewQuestion, ReleaseQuestion, ReleaseStep
    from .plan_model import DeliveryPlan
    from .reports import Parts, Submitted
    from .submit_steps import Mapped
    from .tables import Tabular

    Submittable = Tabular | NewReturn | NewSubmission | Iterable[NewReturn]


class AsyncWorkHealth(
    AsyncPlan, AsyncPartners, AsyncSubmissions, AsyncReturns, AsyncReviews, AsyncOutcomes, AsyncReleases, AsyncCaller
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
        self._settings = Settings.of(key, base_url, timeout, max_retries, programme)
        if http is not None and (proxy or certificates):
            raise ValueError("Give proxy and certificates to the client that you pass as http")
        self._http = http or httpx.AsyncClient(proxy=proxy or None, verify=trusting(certificates))
        self._ours = http is None

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
        made._settings = self._settings.but(
            key=key, programme=programme, timeout=timeout, max_retries=max_retries, on_response=on_response
        )
        made._http, made._ours = self._http, False
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
        return await self._send(raw_call(method, path, query, json, content, content_type, idempotency_key))

    async def submit(
        self,
        source: Submittable,
        *,
        programme: str | None = None,
        mapping: Mapped = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        dry_run: bool = False,
        preview_token: str | None = None,
        confirm_withdrawals: bool = False,
        justifications: Mapping[str, str] | None = None,
        note: str | None = None,
        check: bool = True,
        raise_if_rejected: bool = True,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """Send returns from what you have them in, all of them or none.

        See `WorkHealth.submit`.
        """
        from .submit_steps import Envelope, submitting

        steps = submitting(
            self._settings,
            source,
            programme=programme,
            mapping=mapping,
            sheet=sheet,
            envelope=Envelope(
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justifications=justifications,
                note=note,
            ),
            check=check,
            dry_run=dry_run,
            preview_token=preview_token,
            idempotency_key=idempotency_key,
            raise_if_rejected=raise_if_rejected,
        )
        return await self._follow(steps)

    async def submit_in_parts(
        self,
        source: Tabular,
        *,
        programme: str | None = None,
        mapping: Mapped = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        confirm_withdrawals: bool = False,
        justifications: Mapping[str, str] | None = None,
        note: str | None = None,
        rows: int = 50_000,
        journal: Path | None = None,
        on_progress: Callable[[Parts], object] | None = None,
    ) -> Parts:
        """Send a large file as several submissions, each of whole returns. Not all or nothing: see `committed`.

        See `WorkHealth.submit_in_parts`.
        """
        from .submit_steps import Envelope, in_parts

        steps = in_parts(
            self._settings,
            source,
            programme=programme,
            mapping=mapping,
            sheet=sheet,
            envelope=Envelope(
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justifications=justifications,
                note=note,
            ),
            rows=rows,
            journal=journal,
            on_progress=on_progress,
        )
        return await self._follow(steps)

    async def check(
        self,
        source: Tabular,
        *,
        programme: str | None = None,
        mapping: Mapped = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
    ) -> list[str]:
        """Look at a table here, against the schema of what is owed; the names of the returns in it. Sends nothing.

        See `WorkHealth.check`.
        """
        from .submit_steps import Envelope, looking

        envelope = Envelope(measure=measure, period=period, organisation=organisation)
        return await self._follow(looking(self._settings, source, programme, mapping, sheet, envelope))

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[False] = False,
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[ReleaseQuestion],
    ) -> AsyncFigures[Figure]: ...

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[True],
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[PreviewQuestion],
    ) -> AsyncFigures[UnprotectedFigure]: ...

    def outcomes(
        self,
        *,
        preview: bool = False,
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[AnyQuestion],
    ) -> AsyncFigures[Figure] | AsyncFigures[UnprotectedFigure]:
        """Figures to go through, page after page, or to read whole with `to_pandas()` and `to_polars()`.

        See `WorkHealth.outcomes`.
        """
        from .outcome_queries import previewed, released

        if preview:
            return AsyncFigures(self, previewed(self._settings, programme, limit, question))
        return AsyncFigures(self, released(self._settings, programme, limit, question))

    async def release_changes(self, *, since: int = 0, programme: str | None = None) -> AsyncIterator[ReleaseStep]:
        """The releases after the one that you have, in their order, each with the figures that it changed.

        See `WorkHealth.release_changes`.
        """
        from .outcome_queries import changing, stepping

        for where, release in await self._follow(changing(self._settings, programme, since)):
            yield await self._follow(stepping(where, release))

    async def chosen_programme(self) -> str:
        """The programme that is meant where none is said: the client's, else the only one that the key opens.

        See `WorkHealth.chosen_programme`.
        """
        from .submit_steps import the_programme

        return await self._follow(the_programme(self._settings, None))

    async def plan(self, programme: str | None = None) -> DeliveryPlan:
        """The logic model with its measures, to walk along.

        See `WorkHealth.plan`.
        """
        from .plan_model import walking

        return await self._follow(walking(self._settings, programme))

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
        """Every return as it stands, or stood, page after page; `limit` is the size of a page.

        See `WorkHealth.iter_returns`.
        """
        cursors = Cursors()
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
    ) -> AsyncIterator[StandingObservation]:
        """Every cell of the returns as they stand, or stood, page after page; `limit` is the size of a page.

        See `WorkHealth.iter_observations`.
        """
        cursors = Cursors()
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

    async def iter_changes(
        self, programme: str, *, cursor: str | None = None, limit: int | None = None
    ) -> AsyncIterator[ReturnChange]:
        """What happened to returns, from the beginning or after `cursor`, until there is no more for now.

        See `WorkHealth.iter_changes`.
        """
        cursors = Cursors(cursor)
        while True:
            page = await self.list_return_changes(programme, cursor=cursors.current, limit=limit)
            for item in page.items:
                yield item
            if not (page.more and cursors.advance(page.next_cursor)):
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
        cursors, which = Cursors(), release
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
