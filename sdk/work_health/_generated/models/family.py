from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Family")


@_attrs_define(repr=False)
class Family(ContractStruct):
    """A family of areas that nest without overlap."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    levels: list[str]
    """ The levels, from the widest to the finest. """

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        label = self.label

        levels = self.levels

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "label": label,
                "levels": levels,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        slug = d.pop("slug")

        label = d.pop("label")

        levels = cast(list[str], d.pop("levels"))

        family = cls(
            slug=slug,
            label=label,
            levels=levels,
        )

        return family
