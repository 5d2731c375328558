from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.cell_name import CellName


T = TypeVar("T", bound="Completeness")


@_attrs_define(repr=False)
class Completeness(ContractStruct):
    """How many of the required cells a return has.

    A duty requires the total of each area, and every category of each scheme.

    """

    required: int
    present: int
    missing: list[CellName]
    """ The missing cells, at most 100; totals of areas first. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        required = self.required

        present = self.present

        missing = []
        for missing_item_data in self.missing:
            missing_item = missing_item_data.to_dict()
            missing.append(missing_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "required": required,
                "present": present,
                "missing": missing,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_name import CellName  # noqa: PLC0415

        d = dict(src_dict)
        required = d.pop("required")

        present = d.pop("present")

        missing = []
        _missing = d.pop("missing")
        for missing_item_data in _missing:
            missing_item = CellName.from_dict(missing_item_data)

            missing.append(missing_item)

        completeness = cls(
            required=required,
            present=present,
            missing=missing,
        )

        completeness.additional_properties = d
        return completeness

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
