from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="NewExtension")


@_attrs_define(repr=False)
class NewExtension(ContractStruct):
    """More time for one expected return."""

    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    until: datetime.datetime
    """ RFC 3339 with an offset. """
    reason: str
    series: str | None = None
    """ A kebab-case code. It never changes once it is in use. Default: `headline`. """
    service: str | None = None
    """ A kebab-case code. It never changes once it is in use. Default: `main`. """

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        measure = self.measure

        period = self.period

        until = self.until.isoformat()

        reason = self.reason

        series = self.series

        service = self.service

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "organisation": organisation,
                "measure": measure,
                "period": period,
                "until": until,
                "reason": reason,
            }
        )
        if series is not None:
            field_dict["series"] = series
        if service is not None:
            field_dict["service"] = service

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        organisation = d.pop("organisation")

        measure = d.pop("measure")

        period = d.pop("period")

        until = datetime.datetime.fromisoformat(d.pop("until"))

        reason = d.pop("reason")

        series = d.pop("series", None)

        service = d.pop("service", None)

        new_extension = cls(
            organisation=organisation,
            measure=measure,
            period=period,
            until=until,
            reason=reason,
            series=series,
            service=service,
        )

        return new_extension
