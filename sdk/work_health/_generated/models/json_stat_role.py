from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="JsonStatRole")


@_attrs_define(repr=False)
class JsonStatRole(ContractStruct):
    """Which dimensions are time, geography and metric."""

    time: list[str]
    geo: list[str]
    metric: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        time = self.time

        geo = self.geo

        metric = self.metric

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "time": time,
                "geo": geo,
                "metric": metric,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        time = cast(list[str], d.pop("time"))

        geo = cast(list[str], d.pop("geo"))

        metric = cast(list[str], d.pop("metric"))

        json_stat_role = cls(
            time=time,
            geo=geo,
            metric=metric,
        )

        json_stat_role.additional_properties = d
        return json_stat_role

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
