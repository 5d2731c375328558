from __future__ import annotations

from ...._core import AsyncCaller, Caller
from ...models.new_submission import NewSubmission
from ...models.report import Report
from ...models.return_detail import ReturnDetail
from ...models.return_page import ReturnPage
from . import create_submission as _create_submission
from . import get_return as _get_return
from . import list_returns as _list_returns


class Submissions(Caller):
    def list_returns(
        self,
        programme: str,
        *,
        measure: str | None = None,
        organisation: str | None = None,
        period: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnPage:
        """Returns as they stand.

        Your organisation's; with the scope `review`, everybody's.
        """
        return self._send(
            _list_returns.call(
                programme,
                measure=measure,
                organisation=organisation,
                period=period,
                cursor=cursor,
                limit=limit,
            )
        )

    def get_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        revision: int | None = None,
    ) -> ReturnDetail:
        """One return with its cells.

        The newest revision, or the one whose number is given: no revision is ever changed.
        """
        return self._send(
            _get_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                revision=revision,
            )
        )

    def create_submission(
        self,
        programme: str,
        submission: NewSubmission,
    ) -> Report:
        """Push one or more returns.

        All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

        A return replaces what stood of it as a whole. One that says what stands already makes no revision.
        """
        return self._send(
            _create_submission.call(
                programme,
                submission,
            )
        )


class AsyncSubmissions(AsyncCaller):
    async def list_returns(
        self,
        programme: str,
        *,
        measure: str | None = None,
        organisation: str | None = None,
        period: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnPage:
        """Returns as they stand.

        Your organisation's; with the scope `review`, everybody's.
        """
        return await self._send(
            _list_returns.call(
                programme,
                measure=measure,
                organisation=organisation,
                period=period,
                cursor=cursor,
                limit=limit,
            )
        )

    async def get_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        revision: int | None = None,
    ) -> ReturnDetail:
        """One return with its cells.

        The newest revision, or the one whose number is given: no revision is ever changed.
        """
        return await self._send(
            _get_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                revision=revision,
            )
        )

    async def create_submission(
        self,
        programme: str,
        submission: NewSubmission,
    ) -> Report:
        """Push one or more returns.

        All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

        A return replaces what stood of it as a whole. One that says what stands already makes no revision.
        """
        return await self._send(
            _create_submission.call(
                programme,
                submission,
            )
        )
