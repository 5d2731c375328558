from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.released_theme import ReleasedTheme


T = TypeVar("T", bound="ReleasedProgress")


@_attrs_define(repr=False)
class ReleasedProgress(ContractStruct):
    """Progress against the plan: each theme and measure with its latest published figure."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    release: int
    plan_version: int
    protection: str
    """ How people are protected, in plain words. """
    themes: list[ReleasedTheme]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        release = self.release

        plan_version = self.plan_version

        protection = self.protection

        themes = []
        for themes_item_data in self.themes:
            themes_item = themes_item_data.to_dict()
            themes.append(themes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "release": release,
                "plan_version": plan_version,
                "protection": protection,
                "themes": themes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.released_theme import ReleasedTheme  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        release = d.pop("release")

        plan_version = d.pop("plan_version")

        protection = d.pop("protection")

        themes = []
        _themes = d.pop("themes")
        for themes_item_data in _themes:
            themes_item = ReleasedTheme.from_dict(themes_item_data)

            themes.append(themes_item)

        released_progress = cls(
            programme=programme,
            release=release,
            plan_version=plan_version,
            protection=protection,
            themes=themes,
        )

        released_progress.additional_properties = d
        return released_progress

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
