from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="ScopeReport")


@_attrs_define(repr=False)
class ScopeReport(ContractStruct):
    """The figures of a series and the measures protected with it."""

    scope: str
    measures: list[str]
    figures: int
    shown: int
    hidden: int
    """ Figures shown as `c`, and figures without data. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scope = self.scope

        measures = self.measures

        figures = self.figures

        shown = self.shown

        hidden = self.hidden

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scope": scope,
                "measures": measures,
                "figures": figures,
                "shown": shown,
                "hidden": hidden,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scope = d.pop("scope")

        measures = cast(list[str], d.pop("measures"))

        figures = d.pop("figures")

        shown = d.pop("shown")

        hidden = d.pop("hidden")

        scope_report = cls(
            scope=scope,
            measures=measures,
            figures=figures,
            shown=shown,
            hidden=hidden,
        )

        scope_report.additional_properties = d
        return scope_report

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
