from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.cell_name import CellName
    from ..models.cell_value import CellValue


T = TypeVar("T", bound="Change")


@_attrs_define
class Change:
    """A cell that differs from the revision before."""

    cell: CellName
    """ Which figure of which return; without `area`, the return as a whole. """
    was: CellValue | None
    """ Null where the cell was not there. """
    now: CellValue | None
    """ Null where it is withdrawn. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.cell_value import CellValue  # noqa: PLC0415

        cell = self.cell.to_dict()

        was: dict[str, Any] | None
        if isinstance(self.was, CellValue):
            was = self.was.to_dict()
        else:
            was = self.was

        now: dict[str, Any] | None
        if isinstance(self.now, CellValue):
            now = self.now.to_dict()
        else:
            now = self.now

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cell": cell,
                "was": was,
                "now": now,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_name import CellName  # noqa: PLC0415
        from ..models.cell_value import CellValue  # noqa: PLC0415

        d = dict(src_dict)
        cell = CellName.from_dict(d.pop("cell"))

        def _parse_was(data: object) -> CellValue | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                was_type_0 = CellValue.from_dict(data)

                return was_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellValue | None, data)

        was = _parse_was(d.pop("was"))

        def _parse_now(data: object) -> CellValue | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                now_type_0 = CellValue.from_dict(data)

                return now_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellValue | None, data)

        now = _parse_now(d.pop("now"))

        change = cls(
            cell=cell,
            was=was,
            now=now,
        )

        change.additional_properties = d
        return change

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
