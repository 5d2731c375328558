from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.missing_reason import MissingReason

T = TypeVar("T", bound="MissingReturn")


@_attrs_define(repr=False)
class MissingReturn(ContractStruct):
    """An expected return that a figure does not count."""

    measure: str
    """ For a derived measure: the one that is returned. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    holder: str
    """ The organisation, or a role without an organisation. """
    organisation: None | str
    """ Null while a role has no organisation. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    due_at: datetime.datetime
    """ The instant from which it is overdue, extensions included. """
    reason: MissingReason
    """ Why an expected return is not counted.

        `no_organisation`: nobody plays the role. `not_received`: nothing was returned. `not_approved`: a return is
    waiting
        for a decision, and only approved ones count. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        series = self.series

        holder = self.holder

        organisation: None | str
        organisation = self.organisation

        service = self.service

        period = self.period

        due_at = self.due_at.isoformat()

        reason = self.reason.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "series": series,
                "holder": holder,
                "organisation": organisation,
                "service": service,
                "period": period,
                "due_at": due_at,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        measure = d.pop("measure")

        series = d.pop("series")

        holder = d.pop("holder")

        def _parse_organisation(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        organisation = _parse_organisation(d.pop("organisation"))

        service = d.pop("service")

        period = d.pop("period")

        due_at = datetime.datetime.fromisoformat(d.pop("due_at"))

        reason = MissingReason(d.pop("reason"))

        missing_return = cls(
            measure=measure,
            series=series,
            holder=holder,
            organisation=organisation,
            service=service,
            period=period,
            due_at=due_at,
            reason=reason,
        )

        missing_return.additional_properties = d
        return missing_return

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
