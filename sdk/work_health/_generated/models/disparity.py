from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.interval_method import IntervalMethod

T = TypeVar("T", bound="Disparity")


@_attrs_define(repr=False)
class Disparity(ContractStruct):
    """One measure of inequality with its intervals."""

    value: float | None
    lower: float | None
    """ Lower limit of the 95 % confidence interval. """
    upper: float | None
    lower_99_8: float | None
    """ Lower limit of the 99.8 % confidence interval. """
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    reason: None | str
    """ Why there is no value, or no interval. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        value: float | None
        value = self.value

        lower: float | None
        lower = self.lower

        upper: float | None
        upper = self.upper

        lower_99_8: float | None
        lower_99_8 = self.lower_99_8

        upper_99_8: float | None
        upper_99_8 = self.upper_99_8

        interval_method: None | str
        if isinstance(self.interval_method, IntervalMethod):
            interval_method = self.interval_method.value
        else:
            interval_method = self.interval_method

        reason: None | str
        reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "value": value,
                "lower": lower,
                "upper": upper,
                "lower_99_8": lower_99_8,
                "upper_99_8": upper_99_8,
                "interval_method": interval_method,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        def _parse_lower(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower = _parse_lower(d.pop("lower"))

        def _parse_upper(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper = _parse_upper(d.pop("upper"))

        def _parse_lower_99_8(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower_99_8 = _parse_lower_99_8(d.pop("lower_99_8"))

        def _parse_upper_99_8(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper_99_8 = _parse_upper_99_8(d.pop("upper_99_8"))

        def _parse_interval_method(data: object) -> IntervalMethod | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                interval_method_type_0 = IntervalMethod(data)

                return interval_method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(IntervalMethod | None, data)

        interval_method = _parse_interval_method(d.pop("interval_method"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        disparity = cls(
            value=value,
            lower=lower,
            upper=upper,
            lower_99_8=lower_99_8,
            upper_99_8=upper_99_8,
            interval_method=interval_method,
            reason=reason,
        )

        disparity.additional_properties = d
        return disparity

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
