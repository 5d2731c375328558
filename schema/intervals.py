"""Confidence intervals: their levels and methods."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class Confidence(StrEnum):
    """The confidence level in per cent. Intervals are two-sided with equal tails."""

    P95 = "95"
    P99_8 = "99.8"


class IntervalMethod(StrEnum):
    """The method that produced an interval.

    `published`: the publisher states it. `transformed-normal`: normal on the scale of a logarithm or logit.
    """

    WILSON = "wilson"
    BYAR = "byar"
    EXACT_POISSON = "exact-poisson"
    NEWCOMBE = "newcombe"
    NEWCOMBE_SCALED = "newcombe-scaled"
    KATZ_LOG = "katz-log"
    NORMAL = "normal"
    FIELLER = "fieller"
    TRANSFORMED_NORMAL = "transformed-normal"
    DOBSON = "dobson"
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
                "True if the counts are only known by bounds. The interval then contains the interval of every "
                "pair of counts within the bounds."
            )
        ),
    ] = False
