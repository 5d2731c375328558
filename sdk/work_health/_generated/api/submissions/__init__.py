from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from ...._calls import Content
    from ...models.new_submission import NewSubmission
    from ...models.submission_report import SubmissionReport
    from ...models.withdrawal import Withdrawal


class Submissions(Sender):
    def create_submission_csv(
        self,
        programme: str,
        content: Content,
        *,
        dry_run: bool | None = None,
        dry_run_token: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        confirm_withdrawals: bool | None = None,
        justification: Iterable[str] | None = None,
        note: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmissionReport:
        """Submit a CSV file.

        Submit a tidy file of up to 1 GB, plain or gzip, with one row for each cell. The checks are those of JSON.

        Columns, in any order: `measure`, `series`, `service`, `period`, `area`, one for each dimension, `value` or
        `numerator` and `denominator`, `lower`, `upper`, `status` and `note`. The columns `kind`, `base_revision` and
        `return_note` describe the whole return of the row. An empty dimension means the total. `[c]` in `value` is a
        status. Columns whose name ends in `_label` are ignored. The template of a measure has the rows that you owe.
        """
        from . import create_submission_csv as _create_submission_csv

        return self._send(
            _create_submission_csv.call(
                programme,
                content=content,
                dry_run=dry_run,
                dry_run_token=dry_run_token,
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justification=justification,
                note=note,
                idempotency_key=idempotency_key,
            )
        )

    def create_submission(
        self,
        programme: str,
        submission: NewSubmission,
        *,
        dry_run: bool | None = None,
        dry_run_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmissionReport:
        """Submit returns as JSON.

        All returns are accepted, with status 201 and a receipt, or all are rejected, with status 422 and every
        finding.

        A return replaces its current revision as a whole. A return with the same content makes no new revision. A dry
        run
        has the same report, but writes nothing.
        """
        from . import create_submission as _create_submission

        return self._send(
            _create_submission.call(
                programme,
                submission=submission,
                dry_run=dry_run,
                dry_run_token=dry_run_token,
                idempotency_key=idempotency_key,
            )
        )

    def create_submission_ndjson(
        self,
        programme: str,
        content: Content,
        *,
        dry_run: bool | None = None,
        dry_run_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmissionReport:
        """Submit an NDJSON file.

        Submit a file of up to 1 GB with one JSON object in each line. The checks are those of JSON.

        The first line is the submission without its observations. Each further line is an observation. Its `return`
        is the
        position of its return in the first line, counted from 0.
        """
        from . import create_submission_ndjson as _create_submission_ndjson

        return self._send(
            _create_submission_ndjson.call(
                programme,
                content=content,
                dry_run=dry_run,
                dry_run_token=dry_run_token,
                idempotency_key=idempotency_key,
            )
        )

    def get_submission(
        self,
        programme: str,
        submission: UUID,
    ) -> SubmissionReport:
        """Get a submission report.

        Return the report and receipt as they were sent. Redacting the content removes findings and changes.
        """
        from . import get_submission as _get_submission

        return self._send(
            _get_submission.call(
                programme,
                submission=submission,
            )
        )

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
    ) -> SubmissionReport:
        """Withdraw a return.

        The return then counts as not received. Its earlier revisions remain readable.
        """
        from . import withdraw_return as _withdraw_return

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


class AsyncSubmissions(AsyncSender):
    async def create_submission_csv(
        self,
        programme: str,
        content: Content,
        *,
        dry_run: bool | None = None,
        dry_run_token: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        confirm_withdrawals: bool | None = None,
        justification: Iterable[str] | None = None,
        note: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmissionReport:
        """Submit a CSV file.

        Submit a tidy file of up to 1 GB, plain or gzip, with one row for each cell. The checks are those of JSON.

        Columns, in any order: `measure`, `series`, `service`, `period`, `area`, one for each dimension, `value` or
        `numerator` and `denominator`, `lower`, `upper`, `status` and `note`. The columns `kind`, `base_revision` and
        `return_note` describe the whole return of the row. An empty dimension means the total. `[c]` in `value` is a
        status. Columns whose name ends in `_label` are ignored. The template of a measure has the rows that you owe.
        """
        from . import create_submission_csv as _create_submission_csv

        return await self._send(
            _create_submission_csv.call(
                programme,
                content=content,
                dry_run=dry_run,
                dry_run_token=dry_run_token,
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justification=justification,
                note=note,
                idempotency_key=idempotency_key,
            )
        )

    async def create_submission(
        self,
        programme: str,
        submission: NewSubmission,
        *,
        dry_run: bool | None = None,
        dry_run_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmissionReport:
        """Submit returns as JSON.

        All returns are accepted, with status 201 and a receipt, or all are rejected, with status 422 and every
        finding.

        A return replaces its current revision as a whole. A return with the same content makes no new revision. A dry
        run
        has the same report, but writes nothing.
        """
        from . import create_submission as _create_submission

        return await self._send(
            _create_submission.call(
                programme,
                submission=submission,
                dry_run=dry_run,
                dry_run_token=dry_run_token,
                idempotency_key=idempotency_key,
            )
        )

    async def create_submission_ndjson(
        self,
        programme: str,
        content: Content,
        *,
        dry_run: bool | None = None,
        dry_run_token: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmissionReport:
        """Submit an NDJSON file.

        Submit a file of up to 1 GB with one JSON object in each line. The checks are those of JSON.

        The first line is the submission without its observations. Each further line is an observation. Its `return`
        is the
        position of its return in the first line, counted from 0.
        """
        from . import create_submission_ndjson as _create_submission_ndjson

        return await self._send(
            _create_submission_ndjson.call(
                programme,
                content=content,
                dry_run=dry_run,
                dry_run_token=dry_run_token,
                idempotency_key=idempotency_key,
            )
        )

    async def get_submission(
        self,
        programme: str,
        submission: UUID,
    ) -> SubmissionReport:
        """Get a submission report.

        Return the report and receipt as they were sent. Redacting the content removes findings and changes.
        """
        from . import get_submission as _get_submission

        return await self._send(
            _get_submission.call(
                programme,
                submission=submission,
            )
        )

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
    ) -> SubmissionReport:
        """Withdraw a return.

        The return then counts as not received. Its earlier revisions remain readable.
        """
        from . import withdraw_return as _withdraw_return

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
