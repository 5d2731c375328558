from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

T = TypeVar("T", bound="Window")


@_attrs_define(repr=False)
class Window(ContractStruct):
    """The days that the programme covers."""

    start: datetime.date
    end: datetime.date
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        start = self.start.isoformat()

        end = self.end.isoformat()

        basis = self.basis.value

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "start": start,
                "end": end,
                "basis": basis,
            }
        )
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        start = datetime.date.fromisoformat(d.pop("start"))

        end = datetime.date.fromisoformat(d.pop("end"))

        basis = Basis(d.pop("basis"))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        window = cls(
            start=start,
            end=end,
            basis=basis,
            note=note,
        )

        return window
