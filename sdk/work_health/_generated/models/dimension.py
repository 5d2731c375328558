from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.category import Category


T = TypeVar("T", bound="Dimension")


@_attrs_define(repr=False)
class Dimension(ContractStruct):
    """A way to break a measure down. The total is the absence of the dimension, never a code."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    categories: list[Category]
    description: None | str = None
    ordered: bool | None = False
    """ True if the categories are ordered from the most deprived. `unknown` is outside the order. """
    supersedes: None | str = None
    """ The earlier version of the dimension. The two are never compared or joined. """

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        label = self.label

        categories = []
        for categories_item_data in self.categories:
            categories_item = categories_item_data.to_dict()
            categories.append(categories_item)

        description: None | str
        if self.description is None:
            description = None
        else:
            description = self.description

        ordered = self.ordered

        supersedes: None | str
        if self.supersedes is None:
            supersedes = None
        else:
            supersedes = self.supersedes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "label": label,
                "categories": categories,
            }
        )
        field_dict["description"] = description
        if ordered is not None:
            field_dict["ordered"] = ordered
        field_dict["supersedes"] = supersedes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.category import Category  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        label = d.pop("label")

        categories = []
        _categories = d.pop("categories")
        for categories_item_data in _categories:
            categories_item = Category.from_dict(categories_item_data)

            categories.append(categories_item)

        def _parse_description(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        description = _parse_description(d.pop("description", None))

        ordered = d.pop("ordered", False)

        def _parse_supersedes(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        supersedes = _parse_supersedes(d.pop("supersedes", None))

        dimension = cls(
            slug=slug,
            label=label,
            categories=categories,
            description=description,
            ordered=ordered,
            supersedes=supersedes,
        )

        return dimension
