"""The input of a roll-up: the selected revision of each return, and its cells as columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.submissions.cell_columns import NUMBER_FIELDS
from schema.periods import Period
from schema.submissions import PublisherFigure, ReturnKind, ReviewState


class SelectedRevision(Struct, frozen=True, kw_only=True):
    """The newest or the approved revision of a return, depending on the revision basis."""

    id: int
    number: int = 1
    state: ReviewState = ReviewState.PENDING
    is_counted: bool = True
    """False if the query counts approved revisions only and the return has none."""
    measure: str
    series: str
    organisation: str
    service: str
    period: Period
    kind: ReturnKind
    has_approved_revision: bool = False
    first_recorded_at: datetime


class RevisionCells(Struct, frozen=True, kw_only=True, eq=False):
    """The cells of selected revisions, as columns. A missing number is NaN."""

    revision: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    breakdown: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    numerator: npt.NDArray[np.float64]
    denominator: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    confidential: npt.NDArray[np.bool_]
    """True for cells with the status `c`."""
    published_figures: Mapping[int, Sequence[PublisherFigure]] = {}
    """The figures of each revision of a published series. They are never rolled up."""


def make_empty_cells(published: Mapping[int, Sequence[PublisherFigure]]) -> RevisionCells:
    """Return published figures without any cells."""
    ids, counts = np.zeros(0, dtype=np.int64), np.zeros(0)
    return RevisionCells(
        revision=ids,
        area=ids,
        breakdown=ids,
        value=counts,
        numerator=counts,
        denominator=counts,
        lower=counts,
        upper=counts,
        confidential=np.zeros(0, dtype=np.bool_),
        published_figures=published,
    )


ID_COLUMNS = ("revision", "area", "breakdown")
_HEADER_BYTES, _TRAILER_BYTES = 19, 2
_ROW_TYPE = np.dtype(
    [
        ("fields", ">i2"),
        *((f"{name}{part}", kind) for name in ID_COLUMNS for part, kind in ((" length", ">i4"), ("", ">i8"))),
        *((f"{name}{part}", kind) for name in NUMBER_FIELDS for part, kind in ((" length", ">i4"), ("", ">f8"))),
        ("confidential length", ">i4"),
        ("confidential", "?"),
    ]
)


def unpack_cells(content: bytes) -> RevisionCells:
    """Read cells in PostgreSQL's binary COPY format: bigint, float8 and boolean columns in this order, without nulls.

    Format: https://www.postgresql.org/docs/16/sql-copy.html, *Binary Format*.
    """
    rows = np.frombuffer(
        content,
        dtype=_ROW_TYPE,
        offset=_HEADER_BYTES,
        count=(len(content) - _HEADER_BYTES - _TRAILER_BYTES) // _ROW_TYPE.itemsize,
    )
    return RevisionCells(
        revision=rows["revision"].astype(np.int64),
        area=rows["area"].astype(np.int64),
        breakdown=rows["breakdown"].astype(np.int64),
        value=rows["value"].astype(np.float64),
        numerator=rows["numerator"].astype(np.float64),
        denominator=rows["denominator"].astype(np.float64),
        lower=rows["lower"].astype(np.float64),
        upper=rows["upper"].astype(np.float64),
        confidential=rows["confidential"].copy(),
    )
