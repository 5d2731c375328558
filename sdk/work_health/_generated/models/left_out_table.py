from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.left_out_table_reason import LeftOutTableReason

T = TypeVar("T", bound="LeftOutTable")


@_attrs_define(repr=False)
class LeftOutTable(ContractStruct):
    """A table of one organisation that this release leaves out, because it cannot be protected."""

    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    scope: str
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    breakdown: list[str]
    """ The dimensions of the table; empty for totals. """
    reason: LeftOutTableReason
    """ `contradiction`: no group of people fits this table and the others of the return. `exposed`: readers could
    calculate a small count from it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        scope = self.scope

        measure = self.measure

        period = self.period

        breakdown = self.breakdown

        reason = self.reason.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "organisation": organisation,
                "scope": scope,
                "measure": measure,
                "period": period,
                "breakdown": breakdown,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        organisation = d.pop("organisation")

        scope = d.pop("scope")

        measure = d.pop("measure")

        period = d.pop("period")

        breakdown = cast(list[str], d.pop("breakdown"))

        reason = LeftOutTableReason(d.pop("reason"))

        left_out_table = cls(
            organisation=organisation,
            scope=scope,
            measure=measure,
            period=period,
            breakdown=breakdown,
            reason=reason,
        )

        left_out_table.additional_properties = d
        return left_out_table

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
