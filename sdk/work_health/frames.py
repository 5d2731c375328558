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

    from ._core import AsyncCaller, Call, Caller, Steps

F = TypeVar("F")
Item_co = TypeVar("Item_co", covariant=True)

# fmt: off
NUMBERS = frozenset({
    "value", "lower_bound", "upper_bound", "largest_error", "numerator", "denominator", "lower", "upper",
    "lower_99_8", "upper_99_8", "trend_chi_squared", "movement_start", "movement_change", "target_value",
    "comparator_value", "comparator_lower", "comparator_upper", "previous", "current", "numerator_low",
    "numerator_high", "denominator_low", "denominator_high",
})
# fmt: on
COUNTS = frozenset({"cells_without_number", "release", "policy"})
TRUTHS = frozenset({"target_met"})
TEXTS = frozenset({"markers", "comparators", "contributors", "instead"})


class Page(Protocol[Item_co]):
    """Some of the figures, and where the next ones are."""

    @property
    def items(self) -> Sequence[Item_co]: ...
    @property
    def next_cursor(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Reading(Generic[F]):
    """One question, as pages of figures or as a table."""

    page: Callable[[str, str | None], Call[Any]]
    """By programme and cursor."""
    table: Callable[[str], Call[bytes]]
    programme: Callable[[], Steps[str]]


class Cursors:
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

    def __init__(self, client: Caller, reading: Reading[F]) -> None:
        self._client, self._reading = client, reading

    def __iter__(self) -> Iterator[F]:
        send, follow = self._client._send, self._client._follow  # pyright: ignore[reportPrivateUsage]
        programme = follow(self._reading.programme())
        cursors = Cursors()
        while True:
            page = cast("Page[F]", send(self._reading.page(programme, cursors.current)))
            yield from page.items
            if not cursors.advance(page.next_cursor):
                return

    def to_csv(self) -> bytes:
        """The table as the server writes it: every figure, the same columns whatever was asked."""
        send, follow = self._client._send, self._client._follow  # pyright: ignore[reportPrivateUsage]
        return send(self._reading.table(follow(self._reading.programme())))

    def to_pandas(self) -> pd.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[pandas]`."""
        return pandas_of(self.to_csv())

    def to_polars(self) -> pl.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[polars]`."""
        return polars_of(self.to_csv())


class AsyncFigures(Generic[F]):
    """What was asked for, for `async for`. Nothing is read until it is gone through, and then page by page."""

    def __init__(self, client: AsyncCaller, reading: Reading[F]) -> None:
        self._client, self._reading = client, reading

    async def __aiter__(self) -> AsyncIterator[F]:
        send, follow = self._client._send, self._client._follow  # pyright: ignore[reportPrivateUsage]
        programme = await follow(self._reading.programme())
        cursors = Cursors()
        while True:
            page = cast("Page[F]", await send(self._reading.page(programme, cursors.current)))
            for item in page.items:
                yield item
            if not cursors.advance(page.next_cursor):
                return

    async def to_csv(self) -> bytes:
        """The table as the server writes it: every figure, the same columns whatever was asked."""
        send, follow = self._client._send, self._client._follow  # pyright: ignore[reportPrivateUsage]
        return await send(self._reading.table(await follow(self._reading.programme())))

    async def to_pandas(self) -> pd.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[pandas]`."""
        return pandas_of(await self.to_csv())

    async def to_polars(self) -> pl.DataFrame:
        """One row for each figure, with the columns of the CSV. Needs `work-health[polars]`."""
        return polars_of(await self.to_csv())


def _kind(name: str) -> str:
    """What a column holds, by its name: the columns are the contract's."""
    if name in NUMBERS:
        return "number"
    if name in COUNTS or name.startswith("coverage_"):
        return "count"
    if name in TRUTHS:
        return "truth"
    if name in TEXTS:
        return "text"
    return "date" if name in {"period_start", "period_end", "as_of_start", "as_of_end"} else "category"


def _columns(content: bytes) -> Sequence[str]:
    first = content.partition(b"\n")[0].decode("utf-8-sig")
    return next(csv.reader([first.rstrip("\r")]))


def pandas_of(content: bytes) -> pd.DataFrame:
    """Codes are categories, days datetimes, coverage nullable integers; what has no number is NaN with its status."""
    try:
        import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise WorkHealthError("To read into pandas, install `work-health[pandas]`.") from error
    kinds = {name: _kind(name) for name in _columns(content)}
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


def polars_of(content: bytes) -> pl.DataFrame:
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
    schema = {name: types[_kind(name)] for name in _columns(content)}
    return pl.read_csv(content, schema=schema, null_values=[""])
