from __future__ import annotations

from collections.abc import Iterable

from ...._core import AsyncCaller, Caller, Content
from ...models.inequality import Inequality
from ...models.preview import Preview
from ...models.revision_basis import RevisionBasis
from . import preview_inequality as _preview_inequality
from . import preview_outcomes as _preview_outcomes


class Outcomes(Caller):
    def preview_inequality(
        self,
        programme: str,
        *,
        measure: str,
        dimension: str,
        of: str,
        against: str,
        series: str | None = None,
        period: str | None = None,
        area: str | None = None,
        basis: RevisionBasis | str | None = None,
    ) -> Inequality:
        """How far apart the categories of a dimension are.

        Needs the scope `review`: small counts in the answer can identify people. Not for publication.

        The gap and the ratio are of two categories of a proportion; the slope and the relative index of inequality
        are
        over all categories of an ordered dimension, as fifths by deprivation. What cannot be told says why.
        """
        return self._send(
            _preview_inequality.call(
                programme,
                measure=measure,
                dimension=dimension,
                of=of,
                against=against,
                series=series,
                period=period,
                area=area,
                basis=basis,
            )
        )

    def preview_outcomes(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        area: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        comparator: Iterable[str] | None = None,
        basis: RevisionBasis | str | None = None,
        min_coverage: float | None = None,
    ) -> Preview:
        """Live figures, without disclosure control.

        Needs the scope `review`: small counts in the answer can identify people. Not for publication.

        Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
        cannot be answered says why, with what can be asked `instead`. `period` may be `latest`, and is where it is
        left
        out. `group_by` takes the dimensions of one scheme, and an area level such as `ward`. Milestones and evidence
        are
        no counts: read their items and entries in the returns.

        `basis=approved` counts approved revisions alone, also while a correction is pending; with `latest` a figure
        that
        rests on any other is marked `p`. `min_coverage`, from 0 to 1, withholds figures of which a smaller share of
        the
        expected returns is there. `comparator` names areas to set figures beside; left out, the wider areas that have
        a
        figure of the same series. `first_released` in a movement is here the first period that was returned.
        """
        return self._send(
            _preview_outcomes.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                area=area,
                group_by=group_by,
                comparator=comparator,
                basis=basis,
                min_coverage=min_coverage,
            )
        )


class AsyncOutcomes(AsyncCaller):
    async def preview_inequality(
        self,
        programme: str,
        *,
        measure: str,
        dimension: str,
        of: str,
        against: str,
        series: str | None = None,
        period: str | None = None,
        area: str | None = None,
        basis: RevisionBasis | str | None = None,
    ) -> Inequality:
        """How far apart the categories of a dimension are.

        Needs the scope `review`: small counts in the answer can identify people. Not for publication.

        The gap and the ratio are of two categories of a proportion; the slope and the relative index of inequality
        are
        over all categories of an ordered dimension, as fifths by deprivation. What cannot be told says why.
        """
        return await self._send(
            _preview_inequality.call(
                programme,
                measure=measure,
                dimension=dimension,
                of=of,
                against=against,
                series=series,
                period=period,
                area=area,
                basis=basis,
            )
        )

    async def preview_outcomes(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        area: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        comparator: Iterable[str] | None = None,
        basis: RevisionBasis | str | None = None,
        min_coverage: float | None = None,
    ) -> Preview:
        """Live figures, without disclosure control.

        Needs the scope `review`: small counts in the answer can identify people. Not for publication.

        Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
        cannot be answered says why, with what can be asked `instead`. `period` may be `latest`, and is where it is
        left
        out. `group_by` takes the dimensions of one scheme, and an area level such as `ward`. Milestones and evidence
        are
        no counts: read their items and entries in the returns.

        `basis=approved` counts approved revisions alone, also while a correction is pending; with `latest` a figure
        that
        rests on any other is marked `p`. `min_coverage`, from 0 to 1, withholds figures of which a smaller share of
        the
        expected returns is there. `comparator` names areas to set figures beside; left out, the wider areas that have
        a
        figure of the same series. `first_released` in a movement is here the first period that was returned.
        """
        return await self._send(
            _preview_outcomes.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                area=area,
                group_by=group_by,
                comparator=comparator,
                basis=basis,
                min_coverage=min_coverage,
            )
        )
