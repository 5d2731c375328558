from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis
from ..models.period_type import PeriodType

T = TypeVar("T", bound="LongerReturn")


@_attrs_define(repr=False)
class LongerReturn(ContractStruct):
    """A longer period than the cadence's for which every duty of a distinct measure owes a return of its own.

        Distinct people of a year cannot be calculated from those of its quarters. A return for a longer period is
    accepted
        even if it is not owed.

    """

    period_type: PeriodType
    """ The type of a period, such as a month or a financial year. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        period_type = self.period_type.value

        basis = self.basis.value

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
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        period_type = PeriodType(d.pop("period_type"))

        basis = Basis(d.pop("basis"))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        longer_return = cls(
            period_type=period_type,
            basis=basis,
            note=note,
        )

        return longer_return
