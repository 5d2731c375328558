"""Run long calculations in a thread, so that other requests do not wait."""

from collections.abc import Callable, Sized
from typing import TypeVar

from anyio import to_thread

Result = TypeVar("Result")
# A thread costs about 0.1 ms. The checks of this many cells last about 5 ms, and other requests can wait that long.
# numpy and the parsers release the interpreter lock or are interrupted, so a thread does not block other requests.
THREAD_THRESHOLD_ROWS = 5000
THREAD_THRESHOLD_FIGURES = 500  # a figure has some 40 fields


async def run_in_thread_if_large(
    rows: int, work: Callable[[], Result], *, threshold: int = THREAD_THRESHOLD_ROWS
) -> Result:
    """Run work on this many rows, in a thread if it would make other requests wait."""
    return await to_thread.run_sync(work) if rows > threshold else work()


async def run_on_figures(figures: Sized, work: Callable[[], Result]) -> Result:
    """Run work on figures, in a thread if there are many."""
    return await run_in_thread_if_large(len(figures), work, threshold=THREAD_THRESHOLD_FIGURES)
