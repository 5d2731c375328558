"""Generated from _async/submit_methods.py by tools/unasync.py; do not edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sender import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from work_health._generated.models import NewReturn, NewSubmission
    from work_health.proposal_answers import Choose
    from work_health.results import CheckResult, PartsResult, SubmissionResult
    from work_health.submit_options import MappingSource
    from work_health.tables import Tabular

    Submittable = Tabular | NewReturn | NewSubmission | Iterable[NewReturn]


class SubmitMethods(Sender):
    def submit(
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
        rounded_to: int | None = None,
        check: bool = True,
        raise_if_rejected: bool = True,
        idempotency_key: str | None = None,
    ) -> SubmissionResult:
        """Submit returns from a file, a frame or rows. The server accepts all of them or none of them.

        >>> rows = [
        ...     {"area": "E06000018", "value": 140},
        ...     {"area": "E06000018", "sex": "female", "value": 80},
        ... ]
        >>> result = client.submit(
        ...     rows, measure="ips-primary-care-referrals", period="FY2025-26-Q3", dry_run=True
        ... )
        >>> result.outcome, result.report.counts.added
        ('accepted', 2)

        Args:
            source: The path of a CSV file or workbook, the bytes of a CSV file, a pandas or polars data frame, a dict
                for each row, or returns made with `new_return`. The client streams a CSV file over 64 MB that has no
                mapping, without checking it first.
            programme: The slug of the programme. Default: the client's.
            mapping: A mapping of your column names and codes to those of the plan: a TOML or JSON file, or a dict.
            sheet: The sheet of the workbook, if several contain cells.
            measure: The measure of all rows, if they have no such column.
            period: The period of all rows, if they have no such column.
            organisation: The organisation to submit for, if the key has more than one.
            dry_run: Check the file and report every finding, but change nothing.
            dry_run_token: The token of a dry run. The server rejects the submission if a current revision has changed
                since.
            confirm_withdrawals: Withdraw current cells that the file does not contain, even if they are more than a
                tenth.
            justifications: Texts by the id of the finding that they justify.
            note: A note for reviewers.
            rounded_to: The base to which all counts are rounded, such as 5, if the rows have no such column.
            check: Check the cells on this computer first, against the schema of your duties.
            raise_if_rejected: If False, return a rejection instead of raising it. Its `findings` list the errors.
            idempotency_key: A key of your own, for a script that may start twice.

        Raises:
            CheckFailed: The table is not readable, or its cells do not match your duties. Nothing was sent.
            RequestRejected: The server found errors. Nothing was written.
            Conflict: The submission conflicts with the current revision.
        """
        from work_health.submit_options import SendOptions, SourceOptions, SubmissionOptions
        from work_health.submit_steps import submit_source

        steps = submit_source(
            self._settings,
            source,
            SourceOptions(programme=programme, mapping=mapping, sheet=sheet),
            SubmissionOptions(
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justifications=justifications,
                note=note,
                rounded_to=rounded_to,
            ),
            SendOptions(check=check, dry_run=dry_run, dry_run_token=dry_run_token, idempotency_key=idempotency_key),
            raise_if_rejected=raise_if_rejected,
        )
        return self._run_steps(steps)

    def submit_in_parts(
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
        rounded_to: int | None = None,
        rows: int = 50_000,
        journal: Path | None = None,
        on_progress: Callable[[PartsResult], object] | None = None,
    ) -> PartsResult:
        """Submit a large file as several submissions, each of whole returns. Each part is all or nothing.

        After an interruption, call the method again. It does not repeat the parts in `committed`, and the server acts
        once on the part that was interrupted. If the file has changed, the method starts from the beginning, and cells
        that are already current stay unchanged.

        >>> values = {"FY2025-26-Q3": 140, "FY2025-26-Q4": 150}
        >>> rows = [{"period": period, "area": "E06000018", "value": value} for period, value in values.items()]
        >>> parts = client.submit_in_parts(rows, measure="ips-primary-care-referrals", rows=1)
        >>> parts.committed
        ['ips-primary-care-referrals FY2025-26-Q3', 'ips-primary-care-referrals FY2025-26-Q4']

        Args:
            source: The same as for `submit`, except returns.
            programme: The slug of the programme. Default: the client's.
            mapping: The same as for `submit`.
            sheet: The sheet of the workbook, if several contain cells.
            measure: The measure of all rows, if they have no such column.
            period: The period of all rows, if they have no such column.
            organisation: The organisation to submit for, if the key has more than one.
            confirm_withdrawals: Withdraw current cells that the file does not contain, even if they are more than a
                tenth.
            justifications: Texts by the id of the finding that they justify.
            note: A note for reviewers.
            rounded_to: The base to which all counts are rounded, such as 5, if the rows have no such column.
            rows: The number of rows in a part. A return with more rows is one part.
            journal: The file that records which parts are done. Default: next to the source, if that is a file. The
                method deletes it when all parts are committed.
            on_progress: A function to call after each part.

        Raises:
            CheckFailed: The table is not readable, or its cells do not match your duties. Nothing was sent.
            IncompleteSubmission: The server rejected some parts, or the connection failed.
        """
        from work_health.part_steps import submit_parts
        from work_health.submit_options import SourceOptions, SubmissionOptions

        steps = submit_parts(
            self._settings,
            source,
            SourceOptions(programme=programme, mapping=mapping, sheet=sheet),
            SubmissionOptions(
                measure=measure,
                period=period,
                organisation=organisation,
                confirm_withdrawals=confirm_withdrawals,
                justifications=justifications,
                note=note,
                rounded_to=rounded_to,
            ),
            rows_per_part=rows,
            journal=journal,
            on_progress=on_progress,
        )
        return self._run_steps(steps)

    def check(
        self,
        source: Tabular,
        *,
        programme: str | None = None,
        mapping: MappingSource = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
    ) -> CheckResult:
        """Check a table on this computer against your duties, and return the names of its returns. Nothing is sent.

        Only the server checks whether the period is open, parts fit their totals, figures fit earlier returns, and
        texts look personal. A dry run of `submit` reports those findings.

        >>> from work_health import CheckFailed
        >>> try:
        ...     client.check(
        ...         [{"area": "E06000018", "sex": "femal", "value": 3}],
        ...         measure="ips-primary-care-referrals",
        ...         period="FY2025-26-Q3",
        ...     )
        ... except CheckFailed as refusal:
        ...     print(refusal.findings[0].fix)
        Did you mean female?

        Raises:
            CheckFailed: Its `findings` list every error.
        """
        from work_health.source_steps import check_table
        from work_health.submit_options import SourceOptions, SubmissionOptions

        options = SubmissionOptions(measure=measure, period=period, organisation=organisation)
        where = SourceOptions(programme=programme, mapping=mapping, sheet=sheet)
        return self._run_steps(check_table(self._settings, source, where, options))

    def draft_mapping(
        self,
        path: str | Path,
        *,
        programme: str | None = None,
        sheet: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        organisation: str | None = None,
        choose: Choose | None = None,
    ) -> str:
        """Return the text of a mapping file for an export: a TOML file with comments. Nothing is sent.

        The client finds the sheet, the header, the columns, the areas and the categories by their names and contents.
        Lines with `TO DECIDE` state what it could not find out. Until you decide them, `check` and `submit` refuse the
        file. A row that has numbers is left out by your decision only.

        >>> from pathlib import Path
        >>> _ = Path("export.csv").write_text("Council,Gender,Referrals\\nNottingham,F,80\\n")
        >>> text = client.draft_mapping(
        ...     "export.csv", measure="ips-primary-care-referrals", period="FY2025-26-Q3"
        ... )
        >>> [line for line in text.splitlines() if line.startswith('"F"')]
        ['"F" = "female"  # Female']

        Args:
            path: A CSV file or a workbook.
            programme: The slug of the programme. Default: the client's.
            sheet: The sheet of the workbook, if it is not the one with the largest table.
            measure: The measure of the file. Default: the one that its titles name, or that you owe alone.
            period: The period of the file, if it does not name one.
            organisation: The organisation to submit for, if the key has more than one.
            choose: A function that receives a question, the possible answers with their labels and the proposed one,
                and returns the answer. Default: take the proposal.

        Raises:
            WorkHealthError: A question has no proposed answer, or you owe no such return.
        """
        from pathlib import Path

        from work_health.mapping_steps import draft_mapping
        from work_health.proposal_answers import take_proposal
        from work_health.submit_options import SubmissionOptions

        options = SubmissionOptions(measure=measure, period=period, organisation=organisation)
        steps = draft_mapping(self._settings, Path(path), options, programme, sheet, choose or take_proposal)
        return self._run_steps(steps)
