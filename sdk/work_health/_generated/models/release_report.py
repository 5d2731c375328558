from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.scope_report import ScopeReport


T = TypeVar("T", bound="ReleaseReport")


@_attrs_define(repr=False)
class ReleaseReport(ContractStruct):
    """The numbers of displayed and hidden figures of a release, by scope."""

    scopes: list[ScopeReport]
    figures: int
    shown: int
    changes: int
    """ Figures that differ from the previous release. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.to_dict()
            scopes.append(scopes_item)

        figures = self.figures

        shown = self.shown

        changes = self.changes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scopes": scopes,
                "figures": figures,
                "shown": shown,
                "changes": changes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.scope_report import ScopeReport  # noqa: PLC0415

        d = dict(src_dict)
        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = ScopeReport.from_dict(scopes_item_data)

            scopes.append(scopes_item)

        figures = d.pop("figures")

        shown = d.pop("shown")

        changes = d.pop("changes")

        release_report = cls(
            scopes=scopes,
            figures=figures,
            shown=shown,
            changes=changes,
        )

        release_report.additional_properties = d
        return release_report

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
