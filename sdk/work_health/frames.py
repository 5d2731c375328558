"""Figures to go through one by one, or whole as a data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from .errors import WorkHealthError

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl

    from ._core import AsyncSender, Call, Steps, SyncSender

F = TypeVar("F")
Item_co = TypeVar("Item_co", covariant=True)

# fmt: off
NUMBER_COLUMNS = frozenset({
    "value", "lower_bound", "upper_bound", "largest_error", "numerator", "denominator", "lower", "upper",
    "lower_99_8", "upper_99_8", "trend_chi_squared", "movement_start", "movement_change", "target_value",
    "comparator_value", "comparator_lower", "comparator_upper", "previous", "current", "numerator_low",
    "numerator_high", "denominator_low", "denominator_high",
})
# fmt: on
INTEGER_COLUMNS = frozenset({"cells_without_value", "release", "policy"})
BOOLEAN_COLUMNS = frozenset({"target_met"})
TEXT_COLUMNS = frozenset({"markers", "comparators", "contributors", "instead"})


class Page(Protocol[Item_co]):
    """Some of the figures, and where the next ones are."""

    @property
    def items(self) -> Sequence[Item_co]: ...
    @property
    def next_cursor(self) -> object: ...


@dataclass(frozen=True, slots=True)
class FigureQuery(Generic[F]):
    """One question, as pages of figures or as a table."""

    build_page_call: Callable[[str, str | None], Call[Any]]
    """By programme and cursor."""
    build_table_call: Callable[[str], Call[bytes]]
    resolve_programme: Callable[[], Steps[str]]


class PageCursor:
    """Where a reading of many pages stands. A cursor that comes twice would never end."""

    def __init__(self, first: str | None = None) -> None:
        self.current: str | None = first
        self._seen: set[str] = set()

    def advance(self, cursor: object) -> bool:
        if not isinstance(cursor, str) or not cursor:
            return False
        if cursor in self._seen:
            raise WorkHealthError("The server gave the same cursor twice; reading on would never end.")
        self._seen.add(cursor)
        self.current = cursor
        return True


class Figures(Generic[F]):
    """What was asked for. Nothing is read until it is gone through, and then page by page."""

    def __init__(self, client: SyncSender, reading: FigureQuery[F]) -> None:
        self._client, self._query = client, reading

    def __iter__(self) -> Iterator[F]:
        send, follow = self._client._send, self._client._run_steps  # pyright: ignore[reportPrivateUsage]
        programme = follow(self._query.resolve_programme())
        cursors = PageCursor()
        while True:
            page = cast("Page[F]", send(self._query.build_page_call(programme, cursors.current)))
            yield from page.items
            if not cursors.advance(page.next_cursor):
                return

    def to_csv(self) -> bytes:
        """The table as the server writes it: every figure, the same columns whatever was asked."""
        send, follow = self._client._send, self._client._run_steps  # pyright: ignore[reportPrivateUsage]
        return send(self._query.build_table_call(follow(self._query.resolve_programme())))

    def to_pandas(self) -> pd.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[pandas]`."""
        return build_pandas_frame(self.to_csv())

    def to_polars(self) -> pl.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[polars]`."""
        return build_polars_frame(self.to_csv())


class AsyncFigures(Generic[F]):
    """What was asked for, for `async for`. Nothing is read until it is gone through, and then page by page."""

    def __init__(self, client: AsyncSender, reading: FigureQuery[F]) -> None:
        self._client, self._query = client, reading

    async def __aiter__(self) -> AsyncIterator[F]:
        send, follow = self._client._send, self._client._run_steps  # pyright: ignore[reportPrivateUsage]
        programme = await follow(self._query.resolve_programme())
        cursors = PageCursor()
        while True:
            page = cast("Page[F]", await send(self._query.build_page_call(programme, cursors.current)))
            for item in page.items:
                yield item
            if not cursors.advance(page.next_cursor):
                return

    async def to_csv(self) -> bytes:
        """The table as the server writes it: every figure, the same columns whatever was asked."""
        send, follow = self._client._send, self._client._run_steps  # pyright: ignore[reportPrivateUsage]
        return await send(self._query.build_table_call(await follow(self._query.resolve_programme())))

    async def to_pandas(self) -> pd.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[pandas]`."""
        return build_pandas_frame(await self.to_csv())

    async def to_polars(self) -> pl.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[polars]`."""
        return build_polars_frame(await self.to_csv())


def _column_type(name: str) -> str:
    """What a column holds, by its name: the columns are the contract's."""
    if name in NUMBER_COLUMNS:
        return "number"
    if name in INTEGER_COLUMNS or name.startswith("coverage_"):
        return "count"
    if name in BOOLEAN_COLUMNS:
        return "truth"
    if name in TEXT_COLUMNS:
        return "text"
    return "date" if name in {"period_start", "period_end", "as_of_start", "as_of_end"} else "category"


def _read_header(content: bytes) -> Sequence[str]:
    first = content.partition(b"\n")[0].decode("utf-8-sig")
    return next(csv.reader([first.rstrip("\r")]))


def build_pandas_frame(content: bytes) -> pd.DataFrame:
    """Codes are categories, days datetimes, coverage nullable integers; what has no number is NaN with its status."""
    try:
        import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise WorkHealthError("To read into pandas, install `work-health[pandas]`.") from error
    kinds = {name: _column_type(name) for name in _read_header(content)}
    types = {"number": "float64", "count": "Int64", "truth": "boolean", "text": "string", "category": "category"}
    frame = pd.read_csv(
        io.BytesIO(content),
        dtype={name: types[kind] for name, kind in kinds.items() if kind != "date"},  # pyright: ignore[reportArgumentType]
        keep_default_na=False,
        na_values=[""],
        true_values=["true"],
        false_values=["false"],
    )
    for name, kind in kinds.items():
        if kind == "date":
            frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d")  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return frame


def build_polars_frame(content: bytes) -> pl.DataFrame:
    """Codes are categories, days dates, coverage integers; what has no number is null with its status."""
    try:
        import polars as pl
    except ImportError as error:
        raise WorkHealthError("To read into polars, install `work-health[polars]`.") from error
    types = {
        "number": pl.Float64(),
        "count": pl.Int64(),
        "truth": pl.Boolean(),
        "text": pl.String(),
        "category": pl.Categorical(),
        "date": pl.Date(),
    }
    schema = {name: types[_column_type(name)] for name in _read_header(content)}
    return pl.read_csv(content, schema=schema, null_values=[""])
