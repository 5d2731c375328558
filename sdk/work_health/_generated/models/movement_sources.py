from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.movement_source import MovementSource


T = TypeVar("T", bound="MovementSources")


@_attrs_define(repr=False)
class MovementSources(ContractStruct):
    """Who makes a movement `not_comparable`. A release states the reason alone."""

    missing: list[MovementSource]
    """ They returned the start, but not the figure. """
    new: list[MovementSource]
    """ They returned the figure, but not the start. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        missing = []
        for missing_item_data in self.missing:
            missing_item = missing_item_data.to_dict()
            missing.append(missing_item)

        new = []
        for new_item_data in self.new:
            new_item = new_item_data.to_dict()
            new.append(new_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "missing": missing,
                "new": new,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.movement_source import MovementSource  # noqa: PLC0415

        d = dict(src_dict)
        missing = []
        _missing = d.pop("missing")
        for missing_item_data in _missing:
            missing_item = MovementSource.from_dict(missing_item_data)

            missing.append(missing_item)

        new = []
        _new = d.pop("new")
        for new_item_data in _new:
            new_item = MovementSource.from_dict(new_item_data)

            new.append(new_item)

        movement_sources = cls(
            missing=missing,
            new=new,
        )

        movement_sources.additional_properties = d
        return movement_sources

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
