from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

T = TypeVar("T", bound="Baseline")


@_attrs_define(repr=False)
class Baseline(ContractStruct):
    """The value of a measure in a period before the change that the plan wants, in the unit of the measure.

    A figure is compared with it if its period has the same length. Returns for the period are accepted, even before
    the programme's window, but nobody owes them.

    """

    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    value: float
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """

    def to_dict(self) -> dict[str, Any]:
        period = self.period

        value = self.value

        basis = self.basis.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "period": period,
                "value": value,
                "basis": basis,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        period = d.pop("period")

        value = d.pop("value")

        basis = Basis(d.pop("basis"))

        baseline = cls(
            period=period,
            value=value,
            basis=basis,
        )

        return baseline
