from __future__ import annotations

from collections.abc import Iterable

from ...._core import AsyncCaller, Caller, Content
from ...models.preview import Preview
from . import preview_outcomes as _preview_outcomes


class Outcomes(Caller):
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
    ) -> Preview:
        """Live figures, without disclosure control.

        Needs the scope `review`: small counts in the answer can identify people. Not for publication.

        Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
        cannot be answered says why. `period` may be `latest`, and is where it is left out. `group_by` takes the
        dimensions of one scheme, and an area level such as `ward`.
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
            )
        )


class AsyncOutcomes(AsyncCaller):
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
    ) -> Preview:
        """Live figures, without disclosure control.

        Needs the scope `review`: small counts in the answer can identify people. Not for publication.

        Every measure is rolled up by the rule that it declares; what can only be bounded is given as bounds, and what
        cannot be answered says why. `period` may be `latest`, and is where it is left out. `group_by` takes the
        dimensions of one scheme, and an area level such as `ward`.
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
            )
        )
