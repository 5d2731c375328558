from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Theme")


@_attrs_define(repr=False)
class Theme(ContractStruct):
    """One of the plan's delivery themes."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        title = self.title

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        slug = d.pop("slug")

        title = d.pop("title")

        theme = cls(
            slug=slug,
            title=title,
        )

        return theme
