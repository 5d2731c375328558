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

        Exactly the cells that the organisation owes, with codes and labels: fill in the figures and send it back.

        UTF-8 with a byte order mark, so that Excel shows names as they are. Columns that end in `_label` are for
        people.
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

        What one entry of a submission's `returns` must be: exact areas and breakdowns, fields by kind, bounds.
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

        Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

        With `updated_after`, what was added, changed or withdrawn since; what is the same is not told again. To lose
        nothing, ask for one instant after another: `updated_after` is the `as_of` of the time before.
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

        Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

        With `updated_after`, those of which a revision has come since, or whose review has moved.
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

    def list_return_changes(
        self,
        programme: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnEventPage:
        """List events of returns.

        A feed of your organisation's returns; with the scope `review`, of everybody's. Each event is told once.

        Events are told in the order of the database transactions that made them, and one only when every older
        transaction has ended. So none comes to light before a cursor that you already have, however late it was
        committed: keep `next_cursor` and ask again, and you miss nothing.
        """
        from . import list_return_changes as _list_return_changes

        return self._send(
            _list_return_changes.call(
                programme,
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

        The newest revision, the one whose number is given, or the one that stood: no revision is ever changed.
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

        Any two revisions of one return: the cells that changed, were withdrawn or added, or the items and entries.
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

        The newest first, each with where it stands in review; with `as_of`, those that there were, as they stood.
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

        Exactly the cells that the organisation owes, with codes and labels: fill in the figures and send it back.

        UTF-8 with a byte order mark, so that Excel shows names as they are. Columns that end in `_label` are for
        people.
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

        What one entry of a submission's `returns` must be: exact areas and breakdowns, fields by kind, bounds.
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

        Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

        With `updated_after`, what was added, changed or withdrawn since; what is the same is not told again. To lose
        nothing, ask for one instant after another: `updated_after` is the `as_of` of the time before.
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

        Your organisation's and those of the ones that it succeeds; with the scope `review`, everybody's.

        With `updated_after`, those of which a revision has come since, or whose review has moved.
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

    async def list_return_changes(
        self,
        programme: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReturnEventPage:
        """List events of returns.

        A feed of your organisation's returns; with the scope `review`, of everybody's. Each event is told once.

        Events are told in the order of the database transactions that made them, and one only when every older
        transaction has ended. So none comes to light before a cursor that you already have, however late it was
        committed: keep `next_cursor` and ask again, and you miss nothing.
        """
        from . import list_return_changes as _list_return_changes

        return await self._send(
            _list_return_changes.call(
                programme,
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

        The newest revision, the one whose number is given, or the one that stood: no revision is ever changed.
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

        Any two revisions of one return: the cells that changed, were withdrawn or added, or the items and entries.
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

        The newest first, each with where it stands in review; with `as_of`, those that there were, as they stood.
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
