from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.json_stat_category_index import JsonStatCategoryIndex
    from ..models.json_stat_category_label import JsonStatCategoryLabel
    from ..models.json_stat_category_unit import JsonStatCategoryUnit


T = TypeVar("T", bound="JsonStatCategory")


@_attrs_define(repr=False)
class JsonStatCategory(ContractStruct):
    """The codes of a dimension with their positions and labels."""

    index: JsonStatCategoryIndex
    label: JsonStatCategoryLabel
    unit: JsonStatCategoryUnit | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        index = self.index.to_dict()

        label = self.label.to_dict()

        unit: dict[str, Any] | None = None
        if self.unit is not None:
            unit = self.unit.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "index": index,
                "label": label,
            }
        )
        if unit is not None:
            field_dict["unit"] = unit

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.json_stat_category_index import JsonStatCategoryIndex  # noqa: PLC0415
        from ..models.json_stat_category_label import JsonStatCategoryLabel  # noqa: PLC0415
        from ..models.json_stat_category_unit import JsonStatCategoryUnit  # noqa: PLC0415

        d = dict(src_dict)
        index = JsonStatCategoryIndex.from_dict(d.pop("index"))

        label = JsonStatCategoryLabel.from_dict(d.pop("label"))

        _unit = d.pop("unit", None)
        unit: JsonStatCategoryUnit | None
        if _unit is None:
            unit = None
        else:
            unit = JsonStatCategoryUnit.from_dict(_unit)

        json_stat_category = cls(
            index=index,
            label=label,
            unit=unit,
        )

        json_stat_category.additional_properties = d
        return json_stat_category

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
