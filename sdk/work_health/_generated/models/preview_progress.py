from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.preview_progress_protection import PreviewProgressProtection
from ..models.revision_basis import RevisionBasis

if TYPE_CHECKING:
    from ..models.theme_progress import ThemeProgress


T = TypeVar("T", bound="PreviewProgress")


@_attrs_define(repr=False)
class PreviewProgress(ContractStruct):
    """How will we know we've made a difference: each theme and measure with its latest figure."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    protection: PreviewProgressProtection
    revision_basis: RevisionBasis
    """ Which revision of each return counts. """
    themes: list[ThemeProgress]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        protection = self.protection.value

        revision_basis = self.revision_basis.value

        themes = []
        for themes_item_data in self.themes:
            themes_item = themes_item_data.to_dict()
            themes.append(themes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "protection": protection,
                "revision_basis": revision_basis,
                "themes": themes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.theme_progress import ThemeProgress  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        protection = PreviewProgressProtection(d.pop("protection"))

        revision_basis = RevisionBasis(d.pop("revision_basis"))

        themes = []
        _themes = d.pop("themes")
        for themes_item_data in _themes:
            themes_item = ThemeProgress.from_dict(themes_item_data)

            themes.append(themes_item)

        preview_progress = cls(
            programme=programme,
            plan_version=plan_version,
            protection=protection,
            revision_basis=revision_basis,
            themes=themes,
        )

        preview_progress.additional_properties = d
        return preview_progress

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
