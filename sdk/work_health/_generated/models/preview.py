from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.preview_basis import PreviewBasis
from ..models.preview_protection import PreviewProtection

if TYPE_CHECKING:
    from ..models.unprotected_figure import UnprotectedFigure


T = TypeVar("T", bound="Preview")


@_attrs_define
class Preview:
    """Live figures. They are not for publication: small counts in them can identify people."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    protection: PreviewProtection
    """ No disclosure control has been applied. """
    basis: PreviewBasis
    """ The latest revision of each return, reviewed or not. """
    items: list[UnprotectedFigure]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        protection = self.protection.value

        basis = self.basis.value

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "protection": protection,
                "basis": basis,
                "items": items,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.unprotected_figure import UnprotectedFigure  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        protection = PreviewProtection(d.pop("protection"))

        basis = PreviewBasis(d.pop("basis"))

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = UnprotectedFigure.from_dict(items_item_data)

            items.append(items_item)

        preview = cls(
            programme=programme,
            plan_version=plan_version,
            protection=protection,
            basis=basis,
            items=items,
        )

        preview.additional_properties = d
        return preview

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
