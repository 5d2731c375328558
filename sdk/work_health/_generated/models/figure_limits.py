from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.confidence import Confidence
from ..models.interval_method import IntervalMethod

T = TypeVar("T", bound="FigureLimits")


@_attrs_define(repr=False)
class FigureLimits(ContractStruct):
    """The confidence limits of a figure, in its unit. They are not a half-width."""

    lower: str
    """ A decimal number with exactly the digits that its publisher gives. """
    upper: str
    """ A decimal number with exactly the digits that its publisher gives. """
    confidence: Confidence | None = None
    """ The confidence level in per cent. Intervals are two-sided with equal tails. """
    method: IntervalMethod | None = None
    """ The method that produced an interval.

        `published`: the publisher states it. `transformed-normal`: normal on the scale of a logarithm or logit. """

    def to_dict(self) -> dict[str, Any]:
        lower = self.lower

        upper = self.upper

        confidence: str | None = None
        if self.confidence is not None:
            confidence = self.confidence.value

        method: str | None = None
        if self.method is not None:
            method = self.method.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "lower": lower,
                "upper": upper,
            }
        )
        if confidence is not None:
            field_dict["confidence"] = confidence
        if method is not None:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        lower = d.pop("lower")

        upper = d.pop("upper")

        _confidence = d.pop("confidence", None)
        confidence: Confidence | None
        if _confidence is None:
            confidence = None
        else:
            confidence = Confidence(_confidence)

        _method = d.pop("method", None)
        method: IntervalMethod | None
        if _method is None:
            method = None
        else:
            method = IntervalMethod(_method)

        figure_limits = cls(
            lower=lower,
            upper=upper,
            confidence=confidence,
            method=method,
        )

        return figure_limits
