from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.return_schema_all_of_item import ReturnSchemaAllOfItem
    from ..models.return_schema_properties import ReturnSchemaProperties


T = TypeVar("T", bound="ReturnSchema")


@_attrs_define(repr=False)
class ReturnSchema(ContractStruct):
    """JSON Schema 2020-12 of one return, with exactly the areas and breakdowns that the partner owes."""

    schema: str
    title: str
    description: str
    type_: str
    required: list[str]
    properties: ReturnSchemaProperties
    unevaluated_properties: bool
    all_of: list[ReturnSchemaAllOfItem]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        schema = self.schema

        title = self.title

        description = self.description

        type_ = self.type_

        required = self.required

        properties = self.properties.to_dict()

        unevaluated_properties = self.unevaluated_properties

        all_of = []
        for all_of_item_data in self.all_of:
            all_of_item = all_of_item_data.to_dict()
            all_of.append(all_of_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "$schema": schema,
                "title": title,
                "description": description,
                "type": type_,
                "required": required,
                "properties": properties,
                "unevaluatedProperties": unevaluated_properties,
                "allOf": all_of,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.return_schema_all_of_item import ReturnSchemaAllOfItem  # noqa: PLC0415
        from ..models.return_schema_properties import ReturnSchemaProperties  # noqa: PLC0415

        d = dict(src_dict)
        schema = d.pop("$schema")

        title = d.pop("title")

        description = d.pop("description")

        type_ = d.pop("type")

        required = cast(list[str], d.pop("required"))

        properties = ReturnSchemaProperties.from_dict(d.pop("properties"))

        unevaluated_properties = d.pop("unevaluatedProperties")

        all_of = []
        _all_of = d.pop("allOf")
        for all_of_item_data in _all_of:
            all_of_item = ReturnSchemaAllOfItem.from_dict(all_of_item_data)

            all_of.append(all_of_item)

        return_schema = cls(
            schema=schema,
            title=title,
            description=description,
            type_=type_,
            required=required,
            properties=properties,
            unevaluated_properties=unevaluated_properties,
            all_of=all_of,
        )

        return_schema.additional_properties = d
        return return_schema

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
