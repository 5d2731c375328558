from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    import datetime

    from ...._calls import Content
    from ...models.observation_page import ObservationPage
    from ...models.return_detail import ReturnDetail
    from ...models.return_event_page import ReturnEventPage
    from ...models.return_kind import ReturnKind
    from ...models.return_page import ReturnPage
    from ...models.return_schema import ReturnSchema
    from ...models.review_state import ReviewState
    from ...models.revision_diff import RevisionDiff
    from ...models.revision_page import RevisionPage


class Returns(Sender):
    def get_template(
        self,
        programme: str,
        measure: str,
        *,
        period: str,
        organisation: str | None = None,
        series: str | None = None,
        service: str | None = None,
    ) -> bytes:
        """Get a CSV template for a return.

        Get a CSV file of exactly the cells that the organisation owes: enter the figures and send it back.

        The file is UTF-8 with a byte order mark, so that Excel shows names correctly. Columns that end in `_label`
        are
        for people; a submission ignores them.
        """
        from . import get_template as _get_template

        return self._send(
            _get_template.call(
                programme,
                measure=measure,
                period=period,
                organisation=organisation,
                series=series,
                service=service,
            )
        )

    def get_template_workbook(
        self,
        programme: str,
        measure: str,
        *,
        period: str,
        organisation: str | None = None,
        series: str | None = None,
        service: str | None = None,
    ) -> bytes:
        """Get an Excel template for a return.

        Get the CSV template as a workbook (XLSX): only the figures, statuses and notes can be filled in.

        Areas, categories and statuses have drop-down lists; the second sheet has their codes and labels. The sheets
        are
        protected without a password. Save the filled sheet as CSV, or submit the workbook with the SDK.
        """
        from . import get_template_workbook as _get_template_workbook

        return self._send(
            _get_template_workbook.call(
                programme,
                measure=measure,
                period=period,
                organisation=organisation,
                series=series,
                service=service,
            )
        )

    def get_template_schema(
        self,
        programme: str,
        measure: str,
        *,
        period: str,
        organisation: str | None = None,
        series: str | None = None,
        service: str | None = None,
    ) -> ReturnSchema:
        """Get the JSON Schema of a return.

        Get the schema of one entry of a submission's `returns`: its areas, breakdowns, fields and bounds.
        """
        from . import get_template_schema as _get_template_schema

        return self._send(
            _get_template_schema.call(
                programme,
                measure=measure,
                period=period,
                organisation=organisation,
                series=series,
                service=service,
            )
        )

    def list_returns(
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
        as_of: datetime.datetime | None = None,
        updated_after: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnPage:
        """List returns.

        List the returns of your organisation and of those that it succeeds. Reviewers list everybody's.

        With `updated_after`, list only returns that have a new revision or a new review state since that instant.
        """
        from . import list_returns as _list_returns

        return self._send(
            _list_returns.call(
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
        as_of: datetime.datetime | None = None,
    ) -> ReturnDetail:
        """Get a return with its cells.

        Return the newest revision, the revision with the given number, or the newest as of the given instant.

        A revision never changes.
        """
        from . import get_return as _get_return

        return self._send(
            _get_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                revision=revision,
                as_of=as_of,
            )
        )

    def list_revisions(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        as_of: datetime.datetime | None = None,
    ) -> RevisionPage:
        """List revisions of a return.

        List the revisions with their review states, the newest first. With `as_of`, list them as of that instant.
        """
        from . import list_revisions as _list_revisions

        return self._send(
            _list_revisions.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                as_of=as_of,
            )
        )

    def compare_revisions(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        older: int,
        newer: int,
    ) -> RevisionDiff:
        """Compare two revisions of a return.

        List the cells, items or entries that were changed, withdrawn or added between any two revisions.
        """
        from . import compare_revisions as _compare_revisions

        return self._send(
            _compare_revisions.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                older=older,
                newer=newer,
            )
        )

    def list_observations(
        self,
        programme: str,
        *,
        measure: str | None = None,
        series: str | None = None,
        service: str | None = None,
        organisation: str | None = None,
        period: str | None = None,
        area: str | None = None,
        as_of: datetime.datetime | None = None,
        updated_after: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ObservationPage:
        """List cells of returns.

        List the cells of returns of your organisation and of those that it succeeds. Reviewers list everybody's.

        With `updated_after`, list only cells that were added, changed or withdrawn since that instant. To miss no
        change,
        send an `as_of` each time, and send it again as the `updated_after` of the next time.
        """
        from . import list_observations as _list_observations

        return self._send(
            _list_observations.call(
                programme,
                measure=measure,
                series=series,
                service=service,
                organisation=organisation,
                period=period,
                area=area,
                as_of=as_of,
                updated_after=updated_after,
                cursor=cursor,
                limit=limit,
            )
        )

    def list_return_changes(
        self,
        programme: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnEventPage:
        """List events of returns.

        List the events of your organisation's returns, each exactly once. Reviewers list everybody's.

        Store `next_cursor` and send it next time: you then miss no event. Events are in the order of the database
        transactions that wrote them. An event appears only when every older transaction has ended, so no event can
        appear
        before a cursor that you already have.
        """
        from . import list_return_changes as _list_return_changes

        return self._send(
            _list_return_changes.call(
                programme,
                cursor=cursor,
                limit=limit,
            )
        )


class AsyncReturns(AsyncSender):
    async def get_template(
        self,
        programme: str,
        measure: str,
        *,
        period: str,
        organisation: str | None = None,
        series: str | None = None,
        service: str | None = None,
    ) -> bytes:
        """Get a CSV template for a return.

        Get a CSV file of exactly the cells that the organisation owes: enter the figures and send it back.

        The file is UTF-8 with a byte order mark, so that Excel shows names correctly. Columns that end in `_label`
        are
        for people; a submission ignores them.
        """
        from . import get_template as _get_template

        return await self._send(
            _get_template.call(
                programme,
                measure=measure,
                period=period,
                organisation=organisation,
                series=series,
                service=service,
            )
        )

    async def get_template_workbook(
        self,
        programme: str,
        measure: str,
        *,
        period: str,
        organisation: str | None = None,
        series: str | None = None,
        service: str | None = None,
    ) -> bytes:
        """Get an Excel template for a return.

        Get the CSV template as a workbook (XLSX): only the figures, statuses and notes can be filled in.

        Areas, categories and statuses have drop-down lists; the second sheet has their codes and labels. The sheets
        are
        protected without a password. Save the filled sheet as CSV, or submit the workbook with the SDK.
        """
        from . import get_template_workbook as _get_template_workbook

        return await self._send(
            _get_template_workbook.call(
                programme,
                measure=measure,
                period=period,
                organisation=organisation,
                series=series,
                service=service,
            )
        )

    async def get_template_schema(
        self,
        programme: str,
        measure: str,
        *,
        period: str,
        organisation: str | None = None,
        series: str | None = None,
        service: str | None = None,
    ) -> ReturnSchema:
        """Get the JSON Schema of a return.

        Get the schema of one entry of a submission's `returns`: its areas, breakdowns, fields and bounds.
        """
        from . import get_template_schema as _get_template_schema

        return await self._send(
            _get_template_schema.call(
                programme,
                measure=measure,
                period=period,
                organisation=organisation,
                series=series,
                service=service,
            )
        )

    async def list_returns(
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
        as_of: datetime.datetime | None = None,
        updated_after: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnPage:
        """List returns.

        List the returns of your organisation and of those that it succeeds. Reviewers list everybody's.

        With `updated_after`, list only returns that have a new revision or a new review state since that instant.
        """
        from . import list_returns as _list_returns

        return await self._send(
            _list_returns.call(
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
        as_of: datetime.datetime | None = None,
    ) -> ReturnDetail:
        """Get a return with its cells.

        Return the newest revision, the revision with the given number, or the newest as of the given instant.

        A revision never changes.
        """
        from . import get_return as _get_return

        return await self._send(
            _get_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                revision=revision,
                as_of=as_of,
            )
        )

    async def list_revisions(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        as_of: datetime.datetime | None = None,
    ) -> RevisionPage:
        """List revisions of a return.

        List the revisions with their review states, the newest first. With `as_of`, list them as of that instant.
        """
        from . import list_revisions as _list_revisions

        return await self._send(
            _list_revisions.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                as_of=as_of,
            )
        )

    async def compare_revisions(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        older: int,
        newer: int,
    ) -> RevisionDiff:
        """Compare two revisions of a return.

        List the cells, items or entries that were changed, withdrawn or added between any two revisions.
        """
        from . import compare_revisions as _compare_revisions

        return await self._send(
            _compare_revisions.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                older=older,
                newer=newer,
            )
        )

    async def list_observations(
        self,
        programme: str,
        *,
        measure: str | None = None,
        series: str | None = None,
        service: str | None = None,
        organisation: str | None = None,
        period: str | None = None,
        area: str | None = None,
        as_of: datetime.datetime | None = None,
        updated_after: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ObservationPage:
        """List cells of returns.

        List the cells of returns of your organisation and of those that it succeeds. Reviewers list everybody's.

        With `updated_after`, list only cells that were added, changed or withdrawn since that instant. To miss no
        change,
        send an `as_of` each time, and send it again as the `updated_after` of the next time.
        """
        from . import list_observations as _list_observations

        return await self._send(
            _list_observations.call(
                programme,
                measure=measure,
                series=series,
                service=service,
                organisation=organisation,
                period=period,
                area=area,
                as_of=as_of,
                updated_after=updated_after,
                cursor=cursor,
                limit=limit,
            )
        )

    async def list_return_changes(
        self,
        programme: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnEventPage:
        """List events of returns.

        List the events of your organisation's returns, each exactly once. Reviewers list everybody's.

        Store `next_cursor` and send it next time: you then miss no event. Events are in the order of the database
        transactions that wrote them. An event appears only when every older transaction has ended, so no event can
        appear
        before a cursor that you already have.
        """
        from . import list_return_changes as _list_return_changes

        return await self._send(
            _list_return_changes.call(
                programme,
                cursor=cursor,
                limit=limit,
            )
        )
