from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.marker import Marker
from ..models.status import Status

if TYPE_CHECKING:
    from ..models.period import Period


T = TypeVar("T", bound="FigurePoint")


@_attrs_define(repr=False)
class FigurePoint(ContractStruct):
    """A value of an earlier period, as it is displayed: with its bounds or its 95 % interval, or why there is none."""

    period: Period
    """ A span of whole days with its code. """
    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    lower: float | None
    """ Lower limit of the 95 % confidence interval. """
    upper: float | None
    status: None | Status
    markers: list[Marker]
    reason: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        period = self.period.to_dict()

        value: float | None
        value = self.value

        lower_bound: float | None
        lower_bound = self.lower_bound

        upper_bound: float | None
        upper_bound = self.upper_bound

        lower: float | None
        lower = self.lower

        upper: float | None
        upper = self.upper

        status: None | str
        if isinstance(self.status, Status):
            status = self.status.value
        else:
            status = self.status

        markers = []
        for markers_item_data in self.markers:
            markers_item = markers_item_data.value
            markers.append(markers_item)

        reason: None | str
        reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "period": period,
                "value": value,
                "lower_bound": lower_bound,
                "upper_bound": upper_bound,
                "lower": lower,
                "upper": upper,
                "status": status,
                "markers": markers,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        period = Period.from_dict(d.pop("period"))

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        def _parse_lower_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower_bound = _parse_lower_bound(d.pop("lower_bound"))

        def _parse_upper_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper_bound = _parse_upper_bound(d.pop("upper_bound"))

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

        def _parse_status(data: object) -> None | Status:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = Status(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Status, data)

        status = _parse_status(d.pop("status"))

        markers = []
        _markers = d.pop("markers")
        for markers_item_data in _markers:
            markers_item = Marker(markers_item_data)

            markers.append(markers_item)

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        figure_point = cls(
            period=period,
            value=value,
            lower_bound=lower_bound,
            upper_bound=upper_bound,
            lower=lower,
            upper=upper,
            status=status,
            markers=markers,
            reason=reason,
        )

        figure_point.additional_properties = d
        return figure_point

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
