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

        The return then counts as not sent. What it said can still be read, as an earlier revision.
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

        All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

        A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
        answers with the same report, and writes nothing.
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

        The same pipeline, from a tidy file of up to 1 GB: one row for each cell, plain or gzip.

        Columns, in any order: `measure`, `series`, `service`, `period`, `area`, one for each dimension, `value` or
        `numerator` and `denominator`, `lower`, `upper`, `status`, `note`; `kind`, `base_revision` and `return_note`
        speak of the return that the row belongs to. An empty dimension means the total; `[c]` in `value` is the
        status.
        Columns that end in `_label` are for people and not read. The template of a measure has the rows that you owe.
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

        The same pipeline, from lines of up to 1 GB: the first is the submission without its observations.

        Each line after it is an observation, with `return` (from 0) saying which of the first line's returns it is
        of.
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

        Its report and receipt, as they were answered. Findings and changes go if the content is redacted.
        """
        from . import get_submission as _get_submission

        return self._send(
            _get_submission.call(
                programme,
                submission=submission,
            )
        )


class AsyncSubmissions(AsyncSender):
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

        The return then counts as not sent. What it said can still be read, as an earlier revision.
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

        All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

        A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
        answers with the same report, and writes nothing.
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

        The same pipeline, from a tidy file of up to 1 GB: one row for each cell, plain or gzip.

        Columns, in any order: `measure`, `series`, `service`, `period`, `area`, one for each dimension, `value` or
        `numerator` and `denominator`, `lower`, `upper`, `status`, `note`; `kind`, `base_revision` and `return_note`
        speak of the return that the row belongs to. An empty dimension means the total; `[c]` in `value` is the
        status.
        Columns that end in `_label` are for people and not read. The template of a measure has the rows that you owe.
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

        The same pipeline, from lines of up to 1 GB: the first is the submission without its observations.

        Each line after it is an observation, with `return` (from 0) saying which of the first line's returns it is
        of.
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

        Its report and receipt, as they were answered. Findings and changes go if the content is redacted.
        """
        from . import get_submission as _get_submission

        return await self._send(
            _get_submission.call(
                programme,
                submission=submission,
            )
        )
