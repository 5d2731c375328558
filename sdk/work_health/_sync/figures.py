"""Generated from _async/figures.py by tools/unasync.py; do not edit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl

    from work_health.outcome_queries import FigureQuery

    from .sender import Sender

F = TypeVar("F")


class Figures(Generic[F]):
    """The figures of a query. Iterate over them, page by page, or read them as one table.

    Nothing is sent until then.
    """

    def __init__(self, client: Sender, query: FigureQuery[F]) -> None:
        self._client, self._query = client, query

    def __iter__(self) -> Iterator[F]:
        client = self._client
        programme = client._run_steps(self._query.resolve_programme())  # pyright: ignore[reportPrivateUsage]
        build_call = partial(self._query.build_page_call, programme)
        for page in client._iter_pages(build_call):  # pyright: ignore[reportPrivateUsage]
            for figure in page.items:
                yield cast(F, figure)

    def to_csv(self) -> bytes:
        """Return the server's CSV table: every figure, with the same columns for every query."""
        client = self._client
        programme = client._run_steps(self._query.resolve_programme())  # pyright: ignore[reportPrivateUsage]
        return client._send(self._query.build_table_call(programme))  # pyright: ignore[reportPrivateUsage]

    def to_pandas(self) -> pd.DataFrame:
        """Return a frame with one row for each figure and the columns of the CSV. Needs `work-health[pandas]`."""
        from work_health.frames import build_pandas_frame

        return build_pandas_frame(self.to_csv())

    def to_polars(self) -> pl.DataFrame:
        """Return a frame with one row for each figure and the columns of the CSV. Needs `work-health[polars]`."""
        from work_health.frames import build_polars_frame

        return build_polars_frame(self.to_csv())
