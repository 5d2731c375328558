from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="Exemption")


@_attrs_define(repr=False)
class Exemption(ContractStruct):
    """A decision on whether a return is expected. The newest decision applies."""

    id: UUID
    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    exempt: bool
    reason: str
    decided_at: datetime.datetime
    """ RFC 3339 with an offset. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        organisation = self.organisation

        measure = self.measure

        series = self.series

        service = self.service

        period = self.period

        exempt = self.exempt

        reason = self.reason

        decided_at = self.decided_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "organisation": organisation,
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "exempt": exempt,
                "reason": reason,
                "decided_at": decided_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        organisation = d.pop("organisation")

        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = d.pop("period")

        exempt = d.pop("exempt")

        reason = d.pop("reason")

        decided_at = datetime.datetime.fromisoformat(d.pop("decided_at"))

        exemption = cls(
            id=id,
            organisation=organisation,
            measure=measure,
            series=series,
            service=service,
            period=period,
            exempt=exempt,
            reason=reason,
            decided_at=decided_at,
        )

        exemption.additional_properties = d
        return exemption

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
