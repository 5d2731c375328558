from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.category_mappings import CategoryMappings


T = TypeVar("T", bound="Category")


@_attrs_define(repr=False)
class Category(ContractStruct):
    """A code of a dimension."""

    code: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    parent: None | str = None
    """ The broader category that contains this one. """
    mappings: CategoryMappings | None = None
    """ The code of the category in other systems, by system. """

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        label = self.label

        parent: None | str
        if self.parent is None:
            parent = None
        else:
            parent = self.parent

        mappings: dict[str, Any] | None = None
        if self.mappings is not None:
            mappings = self.mappings.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "label": label,
            }
        )
        field_dict["parent"] = parent
        if mappings is not None:
            field_dict["mappings"] = mappings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.category_mappings import CategoryMappings  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        label = d.pop("label")

        def _parse_parent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        parent = _parse_parent(d.pop("parent", None))

        _mappings = d.pop("mappings", None)
        mappings: CategoryMappings | None
        if _mappings is None:
            mappings = None
        else:
            mappings = CategoryMappings.from_dict(_mappings)

        category = cls(
            code=code,
            label=label,
            parent=parent,
            mappings=mappings,
        )

        return category
