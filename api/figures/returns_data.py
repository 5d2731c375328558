"""The input of a roll-up: the selected revision of each return, and its cells as columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from api.submissions.cell_columns import Cells
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
    rounded_to: int | None = None
    has_approved_revision: bool = False
    first_recorded_at: datetime


class ReturnsData(Struct, frozen=True, kw_only=True, eq=False):
    """The cells and published figures of selected revisions. The `item` of a cell is the id of its revision."""

    cells: Cells
    published_figures: Mapping[int, Sequence[PublisherFigure]] = {}
    """The figures of each revision of a published series. They are never rolled up."""
