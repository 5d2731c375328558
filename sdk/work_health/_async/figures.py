"""Figures to iterate over, or to read as one table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl

    from work_health._generated.models import FigureFields
    from work_health.outcome_queries import FigureQuery
    from work_health.plots import Axes

    from .sender import AsyncSender

F = TypeVar("F")


class AsyncFigures(Generic[F]):
    """The figures of a query. Iterate over them, page by page, or read them as one table.

    Nothing is sent until then.
    """

    def __init__(self, client: AsyncSender, query: FigureQuery[F]) -> None:
        self._client, self._query = client, query

    async def __aiter__(self) -> AsyncIterator[F]:
        client = self._client
        programme = await client._run_steps(self._query.resolve_programme())  # pyright: ignore[reportPrivateUsage]
        build_call = partial(self._query.build_page_call, programme, False)
        async for page in client._iter_pages(build_call):  # pyright: ignore[reportPrivateUsage]
            for figure in page.items:
                yield cast(F, figure)

    def __repr__(self) -> str:
        return f"<AsyncFigures {self._query.description}: iterate over them, or call to_pandas() or plot()>"

    async def to_csv(self) -> bytes:
        """Return the server's CSV table: every figure, with the same columns for every query."""
        return await self._read_table(has_labels=False)

    async def to_pandas(self, *, all_columns: bool = False) -> pd.DataFrame:
        """Return a frame with one row for each figure, with labels. Needs `work-health[pandas]`.

        It has the columns that most readers need. With `all_columns`, it has those of the CSV. With comparators, `role`
        is `figure` or `comparator`, and `comparator_of` is the area of the figure: select by them first.
        """
        from work_health.frames import build_pandas_frame

        return build_pandas_frame(
            await self._read_table(has_labels=True),
            all_columns=all_columns,
            with_comparators=self._query.with_comparators,
        )

    async def to_polars(self, *, all_columns: bool = False) -> pl.DataFrame:
        """Return a frame with one row for each figure, with labels. Needs `work-health[polars]`.

        It has the columns that most readers need. With `all_columns`, it has those of the CSV. With comparators, `role`
        is `figure` or `comparator`, and `comparator_of` is the area of the figure: select by them first.
        """
        from work_health.frames import build_polars_frame

        return build_polars_frame(
            await self._read_table(has_labels=True),
            all_columns=all_columns,
            with_comparators=self._query.with_comparators,
        )

    async def plot(self, axes: Axes = None) -> Axes:
        """Draw the figures over time, or as bars for one period. Needs `work-health[plot]`.

        They have their 95 % interval or error, and their comparators. Return the axes of matplotlib: the given ones,
        or new ones.
        """
        from work_health._generated.api.plan import get_programme
        from work_health.plots import PlotNames, plot_figures

        client, figures, names = self._client, list["FigureFields"](), PlotNames()
        programme = await client._run_steps(self._query.resolve_programme())  # pyright: ignore[reportPrivateUsage]
        build_call = partial(self._query.build_page_call, programme, True)
        async for page in client._iter_pages(build_call):  # pyright: ignore[reportPrivateUsage]
            figures += page.items
            names.add(page.labels)
        names.is_invented = (await client._send(get_programme.call(programme))).sandbox  # pyright: ignore[reportPrivateUsage]
        return plot_figures(figures, axes, names)

    async def _read_table(self, *, has_labels: bool) -> bytes:
        client = self._client
        programme = await client._run_steps(self._query.resolve_programme())  # pyright: ignore[reportPrivateUsage]
        return await client._send(self._query.build_table_call(programme, has_labels))  # pyright: ignore[reportPrivateUsage]
