from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="ReleasedCells")


@_attrs_define(repr=False)
class ReleasedCells(ContractStruct):
    """The periods, levels and breakdowns of which a release has figures of one series."""

    periods: list[str]
    """ The periods with returns, the earliest first. """
    levels: list[str]
    """ The area levels in the newest of these periods, widest first. """
    breakdowns: list[list[str]]
    """ The dimensions of each breakdown in the newest of these periods; none of the total. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        periods = self.periods

        levels = self.levels

        breakdowns = []
        for breakdowns_item_data in self.breakdowns:
            breakdowns_item = breakdowns_item_data

            breakdowns.append(breakdowns_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "periods": periods,
                "levels": levels,
                "breakdowns": breakdowns,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        periods = cast(list[str], d.pop("periods"))

        levels = cast(list[str], d.pop("levels"))

        breakdowns = []
        _breakdowns = d.pop("breakdowns")
        for breakdowns_item_data in _breakdowns:
            breakdowns_item = cast(list[str], breakdowns_item_data)

            breakdowns.append(breakdowns_item)

        released_cells = cls(
            periods=periods,
            levels=levels,
            breakdowns=breakdowns,
        )

        released_cells.additional_properties = d
        return released_cells

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
