from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.left_out_table import LeftOutTable


T = TypeVar("T", bound="ScopeAudit")


@_attrs_define(repr=False)
class ScopeAudit(ContractStruct):
    """The figures of a series and the measures protected with it, and what is missing in them."""

    scope: str
    measures: list[str]
    figures: int
    shown: int
    hidden: int
    """ Figures shown as `c`, and figures without data. """
    left_out: list[LeftOutTable] | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scope = self.scope

        measures = self.measures

        figures = self.figures

        shown = self.shown

        hidden = self.hidden

        left_out: list[dict[str, Any]] | None = None
        if self.left_out is not None:
            left_out = []
            for left_out_item_data in self.left_out:
                left_out_item = left_out_item_data.to_dict()
                left_out.append(left_out_item)

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
        if left_out is not None:
            field_dict["left_out"] = left_out

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.left_out_table import LeftOutTable  # noqa: PLC0415

        d = dict(src_dict)
        scope = d.pop("scope")

        measures = cast(list[str], d.pop("measures"))

        figures = d.pop("figures")

        shown = d.pop("shown")

        hidden = d.pop("hidden")

        _left_out = d.pop("left_out", None)
        left_out: list[LeftOutTable] | None = None
        if _left_out is not None:
            left_out = []
            for left_out_item_data in _left_out:
                left_out_item = LeftOutTable.from_dict(left_out_item_data)

                left_out.append(left_out_item)

        scope_audit = cls(
            scope=scope,
            measures=measures,
            figures=figures,
            shown=shown,
            hidden=hidden,
            left_out=left_out,
        )

        scope_audit.additional_properties = d
        return scope_audit

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
