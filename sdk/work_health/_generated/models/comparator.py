from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.comparison_method import ComparisonMethod
from ..models.confidence import Confidence
from ..models.verdict import Verdict

T = TypeVar("T", bound="Comparator")


@_attrs_define(repr=False)
class Comparator(ContractStruct):
    """The same series for another area, and how the figure compares with it."""

    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    name: str
    value: float | None
    verdict: None | Verdict
    confidence: Confidence | None
    """ The highest level at which the two differ; 95 if they are similar. """
    reason: None | str
    """ Why there is no value or no verdict. """
    method: ComparisonMethod | None = None
    """ The rule of the verdict; null without a verdict. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        area = self.area

        name = self.name

        value: float | None
        value = self.value

        verdict: None | str
        if isinstance(self.verdict, Verdict):
            verdict = self.verdict.value
        else:
            verdict = self.verdict

        confidence: None | str
        if isinstance(self.confidence, Confidence):
            confidence = self.confidence.value
        else:
            confidence = self.confidence

        reason: None | str
        reason = self.reason

        method: None | str
        if self.method is None:
            method = None
        elif isinstance(self.method, ComparisonMethod):
            method = self.method.value
        else:
            method = self.method

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "area": area,
                "name": name,
                "value": value,
                "verdict": verdict,
                "confidence": confidence,
                "reason": reason,
            }
        )
        field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        area = d.pop("area")

        name = d.pop("name")

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        def _parse_verdict(data: object) -> None | Verdict:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_0 = Verdict(data)

                return verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Verdict, data)

        verdict = _parse_verdict(d.pop("verdict"))

        def _parse_confidence(data: object) -> Confidence | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                confidence_type_0 = Confidence(data)

                return confidence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Confidence | None, data)

        confidence = _parse_confidence(d.pop("confidence"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_method(data: object) -> ComparisonMethod | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                method_type_0 = ComparisonMethod(data)

                return method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ComparisonMethod | None, data)

        method = _parse_method(d.pop("method", None))

        comparator = cls(
            area=area,
            name=name,
            value=value,
            verdict=verdict,
            confidence=confidence,
            reason=reason,
            method=method,
        )

        comparator.additional_properties = d
        return comparator

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
