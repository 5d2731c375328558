from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.category_mappings import CategoryMappings


T = TypeVar("T", bound="Category")


@_attrs_define
class Category:
    """A code of a dimension."""

    code: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    parent: None | str | Unset = UNSET
    """ The broader category that contains this one. """
    mappings: CategoryMappings | Unset = UNSET
    """ The code of the category in other systems, by system. """

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        label = self.label

        parent: None | str | Unset
        if isinstance(self.parent, Unset):
            parent = UNSET
        else:
            parent = self.parent

        mappings: dict[str, Any] | Unset = UNSET
        if not isinstance(self.mappings, Unset):
            mappings = self.mappings.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "label": label,
            }
        )
        if parent is not UNSET:
            field_dict["parent"] = parent
        if mappings is not UNSET:
            field_dict["mappings"] = mappings

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.category_mappings import CategoryMappings  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        label = d.pop("label")

        def _parse_parent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        parent = _parse_parent(d.pop("parent", UNSET))

        _mappings = d.pop("mappings", UNSET)
        mappings: CategoryMappings | Unset
        if isinstance(_mappings, Unset):
            mappings = UNSET
        else:
            mappings = CategoryMappings.from_dict(_mappings)

        category = cls(
            code=code,
            label=label,
            parent=parent,
            mappings=mappings,
        )

        return category
