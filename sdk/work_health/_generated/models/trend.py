from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.no_trend_reason import NoTrendReason
from ..models.tendency import Tendency
from ..models.trend_method import TrendMethod
from ..models.verdict import Verdict

T = TypeVar("T", bound="Trend")


@_attrs_define(repr=False)
class Trend(ContractStruct):
    """The recent trend of a series, calculated as Fingertips does."""

    tendency: Tendency
    """ The direction of the last five years. """
    verdict: None | Verdict = None
    """ `better` or `worse`; null without a direction or a significant change. """
    method: None | TrendMethod = None
    chi_squared: float | None = None
    """ Test statistic of the slope, with one degree of freedom. """
    first_period: None | str = None
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    last_period: None | str = None
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    reason: None | NoTrendReason = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        tendency = self.tendency.value

        verdict: None | str
        if self.verdict is None:
            verdict = None
        elif isinstance(self.verdict, Verdict):
            verdict = self.verdict.value
        else:
            verdict = self.verdict

        method: None | str
        if self.method is None:
            method = None
        elif isinstance(self.method, TrendMethod):
            method = self.method.value
        else:
            method = self.method

        chi_squared: float | None
        if self.chi_squared is None:
            chi_squared = None
        else:
            chi_squared = self.chi_squared

        first_period: None | str
        if self.first_period is None:
            first_period = None
        else:
            first_period = self.first_period

        last_period: None | str
        if self.last_period is None:
            last_period = None
        else:
            last_period = self.last_period

        reason: None | str
        if self.reason is None:
            reason = None
        elif isinstance(self.reason, NoTrendReason):
            reason = self.reason.value
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "tendency": tendency,
            }
        )
        field_dict["verdict"] = verdict
        field_dict["method"] = method
        field_dict["chi_squared"] = chi_squared
        field_dict["first_period"] = first_period
        field_dict["last_period"] = last_period
        field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tendency = Tendency(d.pop("tendency"))

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

        verdict = _parse_verdict(d.pop("verdict", None))

        def _parse_method(data: object) -> None | TrendMethod:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                method_type_0 = TrendMethod(data)

                return method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrendMethod, data)

        method = _parse_method(d.pop("method", None))

        def _parse_chi_squared(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        chi_squared = _parse_chi_squared(d.pop("chi_squared", None))

        def _parse_first_period(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        first_period = _parse_first_period(d.pop("first_period", None))

        def _parse_last_period(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_period = _parse_last_period(d.pop("last_period", None))

        def _parse_reason(data: object) -> None | NoTrendReason:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reason_type_0 = NoTrendReason(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | NoTrendReason, data)

        reason = _parse_reason(d.pop("reason", None))

        trend = cls(
            tendency=tendency,
            verdict=verdict,
            method=method,
            chi_squared=chi_squared,
            first_period=first_period,
            last_period=last_period,
            reason=reason,
        )

        trend.additional_properties = d
        return trend

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
