from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.released_measure import ReleasedMeasure


T = TypeVar("T", bound="ReleasedTheme")


@_attrs_define(repr=False)
class ReleasedTheme(ContractStruct):
    """The measures of one theme, in plan order."""

    theme: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    measures: list[ReleasedMeasure]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        theme = self.theme

        title = self.title

        measures = []
        for measures_item_data in self.measures:
            measures_item = measures_item_data.to_dict()
            measures.append(measures_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "theme": theme,
                "title": title,
                "measures": measures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.released_measure import ReleasedMeasure  # noqa: PLC0415

        d = dict(src_dict)
        theme = d.pop("theme")

        title = d.pop("title")

        measures = []
        _measures = d.pop("measures")
        for measures_item_data in _measures:
            measures_item = ReleasedMeasure.from_dict(measures_item_data)

            measures.append(measures_item)

        released_theme = cls(
            theme=theme,
            title=title,
            measures=measures,
        )

        released_theme.additional_properties = d
        return released_theme

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
