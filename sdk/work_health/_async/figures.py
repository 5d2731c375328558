"""Figures to iterate over, or to read as one table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl

    from work_health.outcome_queries import FigureQuery

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
        build_call = partial(self._query.build_page_call, programme)
        async for page in client._iter_pages(build_call):  # pyright: ignore[reportPrivateUsage]
            for figure in page.items:
                yield cast(F, figure)

    async def to_csv(self) -> bytes:
        """Return the server's CSV table: every figure, with the same columns for every query."""
        client = self._client
        programme = await client._run_steps(self._query.resolve_programme())  # pyright: ignore[reportPrivateUsage]
        return await client._send(self._query.build_table_call(programme))  # pyright: ignore[reportPrivateUsage]

    async def to_pandas(self) -> pd.DataFrame:
        """Return a frame with one row for each figure and the columns of the CSV. Needs `work-health[pandas]`."""
        from work_health.frames import build_pandas_frame

        return build_pandas_frame(await self.to_csv())

    async def to_polars(self) -> pl.DataFrame:
        """Return a frame with one row for each figure and the columns of the CSV. Needs `work-health[polars]`."""
        from work_health.frames import build_polars_frame

        return build_polars_frame(await self.to_csv())
