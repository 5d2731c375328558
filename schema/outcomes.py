"""What the returns amount to."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.periods import Period
from schema.plan import Kind
from schema.submissions import Status
from schema.words import AreaCode, Slug


class Coverage(Struct, frozen=True, kw_only=True):
    """The returns behind a figure. `expected` and `received` count the same duties, so never more than all."""

    expected: int
    received: int
    approved: int
    late: int
    exempt: int


class UnprotectedFigure(Struct, frozen=True, kw_only=True):
    """A live figure without disclosure control, for reviewers alone.

    A value that can only be bounded is null with `lower_bound` and `upper_bound`.
    """

    measure: Slug
    series: Slug
    kind: Kind
    unit: Slug
    period: Period
    area: AreaCode
    breakdown: dict[str, str]
    value: Annotated[float | None, Meta(description="A count, or a percentage for a proportion.")]
    lower_bound: Annotated[float | None, Meta(description="The value is at least this.")]
    upper_bound: Annotated[float | None, Meta(description="The value is at most this; null where unbounded.")]
    numerator: float | None
    denominator: float | None
    status: Annotated[Status | None, Meta(description="Why there is no number.")]
    reason: Annotated[str | None, Meta(description="The same, in one word for machines.", examples=["no_data"])]
    as_of: Annotated[
        Period | None, Meta(description="For stocks and cumulative counts: the period of the latest return used.")
    ]
    cells_without_number: Annotated[
        int, Meta(description="Cells that say only why they have no number. They are missing from the value.")
    ]
    coverage: Coverage


class Preview(Struct, frozen=True, kw_only=True):
    """Live figures. They are not for publication: small counts in them can identify people."""

    programme: Slug
    plan_version: int
    protection: Annotated[Literal["none"], Meta(description="No disclosure control has been applied.")]
    basis: Annotated[Literal["latest"], Meta(description="The latest revision of each return, reviewed or not.")]
    items: list[UnprotectedFigure]
