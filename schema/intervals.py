"""How far a figure may lie from the truth, and by which method that was worked out."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class Confidence(StrEnum):
    """Per cent of such intervals that hold the true value; both tails are equal."""

    P95 = "95"
    P99_8 = "99.8"


class IntervalMethod(StrEnum):
    """How an interval was made. `published` ones are their publisher's."""

    WILSON = "wilson"
    BYAR = "byar"
    EXACT_POISSON = "exact-poisson"
    NEWCOMBE = "newcombe"
    NEWCOMBE_SCALED = "newcombe-scaled"
    KATZ_LOG = "katz-log"
    NORMAL = "normal"
    FIELLER = "fieller"
    PUBLISHED = "published"


class Interval(Struct, frozen=True, kw_only=True):
    """A confidence interval in the unit of its figure, both limits included."""

    lower: float
    upper: float
    confidence: Confidence
    method: IntervalMethod
    envelope: Annotated[
        bool,
        Meta(
            description=(
                "True where the counts are only known between bounds: the interval then holds the one of every "
                "pair of counts that the bounds admit, so it is wider than any of them."
            )
        ),
    ] = False
