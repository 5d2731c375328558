"""What a roll-up starts from: the revision of each return that counts, and its cells as columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from schema.periods import Period
from schema.submissions import PublishedFigure, ReturnKind, ReviewState


class StandingRevision(Struct, frozen=True, kw_only=True):
    """The revision of a return that counts: the newest one, or the approved one."""

    id: int
    number: int = 1
    state: ReviewState = ReviewState.PENDING
    counts: bool = True  # False where the return was received and none of its revisions is approved, as was asked
    measure: str
    series: str
    organisation: str
    service: str
    period: Period
    kind: ReturnKind
    approved: bool = False  # whether some revision of the return counts as approved
    first_recorded_at: datetime


class StandingCells(Struct, frozen=True, kw_only=True, eq=False):
    """Cells of standing revisions. NaN stands for a number that is not there."""

    revision: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    breakdown: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    numerator: npt.NDArray[np.float64]
    denominator: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    hidden: npt.NDArray[np.bool_]  # status `c`
    published: Mapping[int, Sequence[PublishedFigure]] = {}  # of each revision of a published series; never rolled up


def no_cells(published: Mapping[int, Sequence[PublishedFigure]]) -> StandingCells:
    """Published figures alone."""
    ids, counts = np.zeros(0, dtype=np.int64), np.zeros(0)
    return StandingCells(
        revision=ids,
        area=ids,
        breakdown=ids,
        value=counts,
        numerator=counts,
        denominator=counts,
        lower=counts,
        upper=counts,
        hidden=np.zeros(0, dtype=np.bool_),
        published=published,
    )


_COLUMNS = ("revision", "area", "breakdown", "value", "numerator", "denominator", "lower", "upper", "hidden")


def each(cells: StandingCells) -> dict[int, StandingCells]:
    """The cells of each revision by themselves, so that nobody looks for them among all."""
    order = np.argsort(cells.revision, kind="stable")
    columns = {name: getattr(cells, name)[order] for name in _COLUMNS}
    ids, starts = np.unique(columns["revision"], return_index=True)
    ends = np.append(starts, order.size)[1:]
    return {
        number: replace(cells, **{name: column[start:end] for name, column in columns.items()})
        for number, start, end in zip(ids.tolist(), starts.tolist(), ends.tolist(), strict=True)
    }


def together(parts: Sequence[StandingCells]) -> StandingCells:
    """Cells of several revisions as one."""
    every = parts or [no_cells({})]
    return replace(every[0], **{name: np.concatenate([getattr(one, name) for one in every]) for name in _COLUMNS})
