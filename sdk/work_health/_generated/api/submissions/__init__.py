from __future__ import annotations

from uuid import UUID

from ...._core import AsyncCaller, Caller, Content
from ...models.new_submission import NewSubmission
from ...models.report import Report
from ...models.withdrawal import Withdrawal
from . import create_submission as _create_submission
from . import get_submission as _get_submission
from . import withdraw_return as _withdraw_return


class Submissions(Caller):
    def withdraw_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        withdrawal: Withdrawal,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Report:
        """Take back a return.

        The return then counts as not sent. What it said can still be read, as an earlier revision.
        """
        return self._send(
            _withdraw_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                withdrawal=withdrawal,
                dry_run=dry_run,
                idempotency_key=idempotency_key,
            )
        )

    def create_submission(
        self,
        programme: str,
        submission: NewSubmission,
        *,
        dry_run: bool | None = None,
        preview_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> Report:
        """Push one or more returns.

        All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

        A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
        answers with the same report, and writes nothing.
        """
        return self._send(
            _create_submission.call(
                programme,
                submission=submission,
                dry_run=dry_run,
                preview_token=preview_token,
                idempotency_key=idempotency_key,
            )
        )

    def get_submission(
        self,
        programme: str,
        submission: UUID,
    ) -> Report:
        """What a submission was told.

        Its report and receipt, as they were answered. Findings and changes go if the content is redacted.
        """
        return self._send(
            _get_submission.call(
                programme,
                submission=submission,
            )
        )


class AsyncSubmissions(AsyncCaller):
    async def withdraw_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        withdrawal: Withdrawal,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Report:
        """Take back a return.

        The return then counts as not sent. What it said can still be read, as an earlier revision.
        """
        return await self._send(
            _withdraw_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                withdrawal=withdrawal,
                dry_run=dry_run,
                idempotency_key=idempotency_key,
            )
        )

    async def create_submission(
        self,
        programme: str,
        submission: NewSubmission,
        *,
        dry_run: bool | None = None,
        preview_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> Report:
        """Push one or more returns.

        All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

        A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
        answers with the same report, and writes nothing.
        """
        return await self._send(
            _create_submission.call(
                programme,
                submission=submission,
                dry_run=dry_run,
                preview_token=preview_token,
                idempotency_key=idempotency_key,
            )
        )

    async def get_submission(
        self,
        programme: str,
        submission: UUID,
    ) -> Report:
        """What a submission was told.

        Its report and receipt, as they were answered. Findings and changes go if the content is redacted.
        """
        return await self._send(
            _get_submission.call(
                programme,
                submission=submission,
            )
        )
