from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.confidence import Confidence
from ..models.interval_method import IntervalMethod
from ..types import UNSET, Unset

T = TypeVar("T", bound="FigureLimits")


@_attrs_define
class FigureLimits:
    """The confidence limits of a figure, in its unit. They are not a half-width."""

    lower: str
    """ A decimal number with exactly the digits that its publisher gives. """
    upper: str
    """ A decimal number with exactly the digits that its publisher gives. """
    confidence: Confidence | Unset = UNSET
    """ The confidence level in per cent. Intervals are two-sided with equal tails. """
    method: IntervalMethod | Unset = UNSET
    """ The method that produced an interval.

        `published`: the publisher states it. `transformed-normal`: normal on the scale of a logarithm or logit. """

    def to_dict(self) -> dict[str, Any]:
        lower = self.lower

        upper = self.upper

        confidence: str | Unset = UNSET
        if not isinstance(self.confidence, Unset):
            confidence = self.confidence.value

        method: str | Unset = UNSET
        if not isinstance(self.method, Unset):
            method = self.method.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "lower": lower,
                "upper": upper,
            }
        )
        if confidence is not UNSET:
            field_dict["confidence"] = confidence
        if method is not UNSET:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        lower = d.pop("lower")

        upper = d.pop("upper")

        _confidence = d.pop("confidence", UNSET)
        confidence: Confidence | Unset
        if isinstance(_confidence, Unset):
            confidence = UNSET
        else:
            confidence = Confidence(_confidence)

        _method = d.pop("method", UNSET)
        method: IntervalMethod | Unset
        if isinstance(_method, Unset):
            method = UNSET
        else:
            method = IntervalMethod(_method)

        figure_limits = cls(
            lower=lower,
            upper=upper,
            confidence=confidence,
            method=method,
        )

        return figure_limits
