from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

T = TypeVar("T", bound="Calendar")


@_attrs_define(repr=False)
class Calendar(ContractStruct):
    """The deadlines of returns, in days after the last day of the period, London time."""

    due_days: int
    """ Days until the return is due. """
    late_after_days: int
    """ Days until the return is late. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    closes_days: int | None = None

    def to_dict(self) -> dict[str, Any]:
        due_days = self.due_days

        late_after_days = self.late_after_days

        basis = self.basis.value

        closes_days: int | None
        if self.closes_days is None:
            closes_days = None
        else:
            closes_days = self.closes_days

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "due_days": due_days,
                "late_after_days": late_after_days,
                "basis": basis,
            }
        )
        field_dict["closes_days"] = closes_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        due_days = d.pop("due_days")

        late_after_days = d.pop("late_after_days")

        basis = Basis(d.pop("basis"))

        def _parse_closes_days(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        closes_days = _parse_closes_days(d.pop("closes_days", None))

        calendar = cls(
            due_days=due_days,
            late_after_days=late_after_days,
            basis=basis,
            closes_days=closes_days,
        )

        return calendar
