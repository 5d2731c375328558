from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis
from ..models.period_type import PeriodType

T = TypeVar("T", bound="Cadence")


@_attrs_define(repr=False)
class Cadence(ContractStruct):
    """The periods for which a measure is returned."""

    period_type: PeriodType
    """ The type of a period, such as a month or a financial year. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    months: int | None = None
    """ The length of a `months-ending` period. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        period_type = self.period_type.value

        basis = self.basis.value

        months: int | None
        if self.months is None:
            months = None
        else:
            months = self.months

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "period_type": period_type,
                "basis": basis,
            }
        )
        field_dict["months"] = months
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        period_type = PeriodType(d.pop("period_type"))

        basis = Basis(d.pop("basis"))

        def _parse_months(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        months = _parse_months(d.pop("months", None))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        cadence = cls(
            period_type=period_type,
            basis=basis,
            months=months,
            note=note,
        )

        return cadence
