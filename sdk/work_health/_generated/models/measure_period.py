from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="MeasurePeriod")


@_attrs_define
class MeasurePeriod:
    """A measure in one period of its returns."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        period = self.period

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "measure": measure,
                "period": period,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        measure = d.pop("measure")

        period = d.pop("period")

        measure_period = cls(
            measure=measure,
            period=period,
        )

        return measure_period
