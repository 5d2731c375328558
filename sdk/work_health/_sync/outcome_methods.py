"""Generated from _async/outcome_methods.py by tools/unasync.py; do not edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack, overload

from .figures import Figures
from .sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from work_health._generated.models import PreviewFigure, PublishedFigure
    from work_health.outcome_queries import AnyOutcomeQuery, PreviewQuery, ReleaseQuery, ReleaseStep
    from work_health.plan_model import DeliveryPlan


class OutcomeMethods(Sender):
    @overload
    def outcomes(
        self,
        *,
        preview: Literal[False] = False,
        programme: str | None = None,
        limit: int | None = None,
        **query: Unpack[ReleaseQuery],
    ) -> Figures[PublishedFigure]: ...

    @overload
    def outcomes(
        self,
        *,
        preview: Literal[True],
        programme: str | None = None,
        limit: int | None = None,
        **query: Unpack[PreviewQuery],
    ) -> Figures[PreviewFigure]: ...

    def outcomes(
        self,
        *,
        preview: bool = False,
        programme: str | None = None,
        limit: int | None = None,
        **query: Unpack[AnyOutcomeQuery],
    ) -> Figures[PublishedFigure] | Figures[PreviewFigure]:
        """Return figures to iterate over, or to read as one table with `to_pandas()` or `to_polars()`.

        They are the figures of the newest release, or of `release="3"`; reading them needs no key. With `preview=True`
        they are preview figures, for reviewers: without disclosure control, not for publication. The other arguments
        are those of `list_outcomes` and `preview_outcomes`. `limit` is the size of a page.

        >>> figures = client.outcomes(
        ...     preview=True, measure="ips-primary-care-referrals", period=["FY2025-26-Q1", "FY2025-26-Q2"]
        ... )
        >>> for figure in figures:
        ...     print(figure.period.code, figure.value)
        FY2025-26-Q1 112
        FY2025-26-Q2 125
        >>> frame = figures.to_pandas()
        >>> frame["value"].tolist()
        [112.0, 125.0]

        Raises:
            NotFound: On the first figure, if nothing is released yet.
            TypeError: These figures do not have one of the arguments.
        """
        from work_health.outcome_queries import query_preview, query_release

        if preview:
            return Figures(self, query_preview(self._settings, programme, limit, query))
        return Figures(self, query_release(self._settings, programme, limit, query))

    def iter_release_steps(self, *, since: int = 0, programme: str | None = None) -> Iterator[ReleaseStep]:
        """Yield the releases after the one numbered `since`, in order, each with the figures that it changed.

        >>> loaded = 0
        >>> for step in client.iter_release_steps(since=loaded):
        ...     for change in step.changes:
        ...         print(change.measure, change.period, change.why, change.after and change.after.value)
        ...     loaded = step.release.number

        Raises:
            WorkHealthError: One of the releases was withdrawn: read the newest release with `outcomes`, then continue
                from its number. Or no release has the number `since`: start again with `since=0`.
        """
        from work_health.outcome_queries import fetch_release_step, list_later_releases

        for slug, release in self._run_steps(list_later_releases(self._settings, programme, since)):
            yield self._run_steps(fetch_release_step(slug, release))

    def resolve_programme(self) -> str:
        """Return the slug of the client's programme, or of the only one that the key opens.

        >>> client.resolve_programme()
        'work-and-health-2025-2028-sandbox'
        """
        from work_health.programme_steps import choose_programme

        return self._run_steps(choose_programme(self._settings, None))

    def plan(self, programme: str | None = None) -> DeliveryPlan:
        """Return the logic model with its measures.

        >>> plan = client.plan()
        >>> [node.code for node in plan["A2.3"].leads_to]
        ['O5']
        >>> [measure.slug for measure in plan["O5"].measures]
        ['ips-secondary-care-engagement', 'ips-engagements']
        """
        from work_health.plan_model import load_plan

        return self._run_steps(load_plan(self._settings, programme))
