from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="UnmodelledActivity")


@_attrs_define(repr=False)
class UnmodelledActivity(ContractStruct):
    """An activity in the text of the plan that its logic model does not have."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    quote: str
    """ The plan's exact words. """

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        label = self.label

        quote = self.quote

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "label": label,
                "quote": quote,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        slug = d.pop("slug")

        label = d.pop("label")

        quote = d.pop("quote")

        unmodelled_activity = cls(
            slug=slug,
            label=label,
            quote=quote,
        )

        return unmodelled_activity
