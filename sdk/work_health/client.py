"""The client that waits for its answers. `async_client` has the same operations, to be awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, Unpack, overload

from ._core import Settings, SyncSender, build_raw_call, build_ssl_context
from ._generated.api.outcomes import Outcomes
from ._generated.api.partners import Partners
from ._generated.api.plan import Plan
from ._generated.api.releases import Releases
from ._generated.api.returns import Returns
from ._generated.api.reviews import Reviews
from ._generated.api.submissions import Submissions
from ._http import httpx
from .frames import Figures, PageCursor

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Mapping
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


class WorkHealth(Plan, Partners, Submissions, Returns, Reviews, Outcomes, Releases, SyncSender):
    """The API, operation by operation. Each returns what was asked for or raises a `WorkHealthError`.

    >>> from work_health import WorkHealth
    >>> with WorkHealth() as client:
    ...     print(client.get_period("FY2025-26-Q3").label)
    Q3 2025/26 (Oct to Dec 2025)

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
        http: httpx.Client | None = None,
    ) -> None:
        self._settings = Settings.create(key, base_url, timeout, max_retries, programme)
        if http is not None and (proxy or certificates):
            raise ValueError("Give proxy and certificates to the client that you pass as http")
        self._http = http or httpx.Client(proxy=proxy or None, verify=build_ssl_context(certificates))
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

        `on_response` sees each answer as it came, before it is read: its status, headers and body.

        >>> seen = []
        >>> me = client.with_options(timeout=60, on_response=seen.append).get_me()
        >>> seen[0].status_code, seen[0].headers["Request-Id"][:4]
        (200, 'req_')
        """
        made = self.__class__.__new__(self.__class__)
        made._settings = self._settings.replace(
            key=key, programme=programme, timeout=timeout, max_retries=max_retries, on_response=on_response
        )
        made._http, made._owns_http = self._http, False
        return made

    def request(
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

        >>> client.request("GET", "/v1/me").json()["client"]
        'Sandbox'
        """
        return self._send(build_raw_call(method, path, query, json, content, content_type, idempotency_key))

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
        check: bool = True,
        raise_if_rejected: bool = True,
        idempotency_key: str | None = None,
    ) -> SubmissionResult:
        """Send returns from what you have them in, all of them or none.

        >>> rows = [
        ...     {"area": "E06000018", "value": 140},
        ...     {"area": "E06000018", "sex": "female", "value": 80},
        ... ]
        >>> said = client.submit(
        ...     rows, measure="ips-primary-care-referrals", period="FY2025-26-Q3", dry_run=True
        ... )
        >>> said.outcome, said.report.counts.added
        ('accepted', 2)

        Args:
            source: The path of a CSV file or workbook, the bytes of a CSV file, a pandas or polars data frame, a dict
                for each row; or returns as `new_return` makes them. A CSV file above 64 MB that needs no mapping is
                streamed, and not looked at here.
            programme: Else the client's.
            mapping: Your column names and codes, told as ours: a TOML or JSON file, or the like as a dict.
            sheet: The sheet of the workbook, if it has several.
            measure: Where the rows do not say it.
            period: Where the rows do not say it.
            organisation: The organisation to submit for, if the key has more than one.
            dry_run: Tell all that would be told, and write nothing.
            dry_run_token: Of a dry run: refuse if what stands has moved since.
            confirm_withdrawals: What is not sent any more may go, even if it is more than a tenth.
            justifications: Texts by the id of the finding that they answer.
            note: For reviewers.
            check: Look at the cells here first, against the schema of what is owed. Raises `CheckFailed`.
            raise_if_rejected: With False a refusal is returned: see `accepted` and `findings` of the answer.
            idempotency_key: Of your own making, for a script that may be started twice.

        Raises:
            CheckFailed: The table cannot be read, or does not fit what is owed. Nothing was sent.
            Rejected: The server found errors. Nothing was written.
            Conflict: It does not fit with what stands.
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
        rows: int = 50_000,
        journal: Path | None = None,
        on_progress: Callable[[PartsResult], object] | None = None,
    ) -> PartsResult:
        """Send a large file as several submissions, each of whole returns. Not all or nothing: see `committed`.

        After a break do the same again: parts that are done are not sent again, and one that was on its way is done
        once. A file that has changed begins anew; what stands already changes nothing.

        >>> counted = {"FY2025-26-Q3": 140, "FY2025-26-Q4": 150}
        >>> rows = [{"period": period, "area": "E06000018", "value": n} for period, n in counted.items()]
        >>> client.submit_in_parts(rows, measure="ips-primary-care-referrals", rows=1).committed
        ['ips-primary-care-referrals FY2025-26-Q3', 'ips-primary-care-referrals FY2025-26-Q4']

        Args:
            source: As for `submit`, except returns.
            programme: Else the client's.
            mapping: As for `submit`.
            sheet: The sheet of the workbook, if it has several.
            measure: Where the rows do not say it.
            period: Where the rows do not say it.
            organisation: The organisation to submit for, if the key has more than one.
            confirm_withdrawals: What is not sent any more may go, even if it is more than a tenth.
            justifications: Texts by the id of the finding that they answer.
            note: For reviewers.
            rows: So many in each part; a return that has more is one part.
            journal: Where to keep what is done; beside the file if it is one. It goes when all is committed.
            on_progress: Told after each part.

        Raises:
            CheckFailed: The table cannot be read, or does not fit what is owed. Nothing was sent.
            PartlySubmitted: Some parts were refused, or the server went away.
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
    ) -> list[str]:
        """Look at a table here, against the schema of what is owed; the names of the returns in it. Sends nothing.

        A dry run of `submit` tells more: whether parts fit their totals, and how it stands to what was sent before.

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
            CheckFailed: With every finding.
        """
        from .submit_steps import SubmissionOptions, check_table

        envelope = SubmissionOptions(measure=measure, period=period, organisation=organisation)
        return self._run_steps(check_table(self._settings, source, programme, mapping, sheet, envelope))

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[False] = False,
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[ReleaseQuery],
    ) -> Figures[PublishedFigure]: ...

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[True],
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[PreviewQuery],
    ) -> Figures[PreviewFigure]: ...

    def outcomes(
        self,
        *,
        preview: bool = False,
        programme: str | None = None,
        limit: int | None = None,
        **question: Unpack[AnyOutcomeQuery],
    ) -> Figures[PublishedFigure] | Figures[PreviewFigure]:
        """Figures to go through, page after page, or to read whole with `to_pandas()` and `to_polars()`.

        They are those of the newest release, or of `release="3"`; reading them needs no key. With `preview=True` they
        are the live ones, for reviewers: without disclosure control, not for publication. The other arguments are
        those of `list_outcomes` and `preview_outcomes`; `limit` is the size of a page.

        >>> figures = client.outcomes(
        ...     preview=True, measure="ips-primary-care-referrals", period=["FY2025-26-Q1", "FY2025-26-Q2"]
        ... )
        >>> for figure in figures:
        ...     print(figure.period.code, figure.value)
        FY2025-26-Q1 112
        FY2025-26-Q2 125
        >>> figures.to_pandas()["value"].sum()
        np.float64(237.0)

        Raises:
            NotFound: When they are read, and nothing is released yet.
            TypeError: What is asked cannot be asked of these figures.
        """
        from .outcome_queries import query_preview, query_release

        if preview:
            return Figures(self, query_preview(self._settings, programme, limit, question))
        return Figures(self, query_release(self._settings, programme, limit, question))

    def iter_release_steps(self, *, since: int = 0, programme: str | None = None) -> Iterator[ReleaseStep]:
        """The releases after the one that you have, in their order, each with the figures that it changed.

        >>> have = 0
        >>> for step in client.release_changes(since=have):
        ...     for change in step.changes:
        ...         print(change.measure, change.period, change.why, change.after and change.after.value)
        ...     have = step.release.number

        Raises:
            WorkHealthError: One of them has been withdrawn; read the newest release whole, and go on from it.
        """
        from .outcome_queries import fetch_release_step, list_later_releases

        for where, release in self._run_steps(list_later_releases(self._settings, programme, since)):
            yield self._run_steps(fetch_release_step(where, release))

    def resolve_programme(self) -> str:
        """The programme that is meant where none is said: the client's, else the only one that the key opens.

        >>> client.resolve_programme()
        'work-and-health-2025-2028-sandbox'
        """
        from .submit_steps import choose_programme

        return self._run_steps(choose_programme(self._settings, None))

    def plan(self, programme: str | None = None) -> DeliveryPlan:
        """The logic model with its measures, to walk along.

        >>> plan = client.plan()
        >>> [one.code for one in plan["A2.3"].leads_to]
        ['O5']
        >>> [one.slug for one in plan["O5"].measures]
        ['ips-secondary-care-engagement', 'ips-engagements']
        """
        from .plan_model import load_plan

        return self._run_steps(load_plan(self._settings, programme))

    def iter_returns(
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
    ) -> Iterator[ReturnRevision]:
        """Every return as it stands, or stood, page after page; `limit` is the size of a page.

        >>> referrals = client.iter_returns(programme, measure="ips-primary-care-referrals", limit=1)
        >>> [one.period.code for one in referrals][:2]
        ['FY2025-26-Q1', 'FY2025-26-Q2']
        """
        cursors = PageCursor()
        while True:
            page = self.list_returns(
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
            yield from page.items
            if not cursors.advance(page.next_cursor):
                return

    def iter_observations(
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
    ) -> Iterator[ReturnCell]:
        """Every cell of the returns as they stand, or stood, page after page; `limit` is the size of a page.

        >>> cells = client.iter_observations(
        ...     programme, measure="ips-primary-care-referrals", period="FY2025-26-Q2"
        ... )
        >>> [(one.breakdown.to_dict(), one.value) for one in cells][:2]
        [({}, 125), ({'sex': 'female'}, 70)]
        """
        cursors = PageCursor()
        while True:
            page = self.list_observations(
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
            yield from page.items
            if not cursors.advance(page.next_cursor):
                return

    def iter_return_changes(
        self, programme: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Iterator[ReturnEvent]:
        """What happened to returns, from the beginning or after `cursor`, until there is no more for now.

        To go on another day use `list_return_changes`, and keep the `next_cursor` that it answers.

        >>> next(client.iter_changes(programme)).event.value
        'recorded'
        """
        cursors = PageCursor(cursor)
        while True:
            page = self.list_return_changes(programme, cursor=cursors.current, limit=limit)
            yield from page.items
            if not (page.has_more and cursors.advance(page.next_cursor)):
                return

    def iter_release_entries(
        self,
        programme: str,
        release: str = "latest",
        *,
        measure: Iterable[str] | None = None,
        period: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> Iterator[ReleasedEntry]:
        """What reviewers have cleared of milestones and evidence in a release, page after page; needs no key.

        >>> entries = client.iter_release_entries(programme, measure=["lived-experience-involvement"])
        >>> try:
        ...     for one in entries:
        ...         print(one.period.code, one.domain, one.title)
        ... except NotFound:
        ...     print("Nothing is released yet.")
        Nothing is released yet.

        Raises:
            NotFound: When they are read, and there is no such release.
        """
        cursors, which = PageCursor(), release
        while True:
            page = self.list_release_entries(
                programme, which, measure=measure, period=period, cursor=cursors.current, limit=limit
            )
            yield from page.items
            which = str(page.release)
            if not cursors.advance(page.next_cursor):
                return

    def close(self) -> None:
        """Let go of the connections. Leaving a `with` block does it."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"WorkHealth(base_url={self._settings.url!r})"
