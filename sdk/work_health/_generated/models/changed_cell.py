from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.cell_name import CellName
    from ..models.cell_value import CellValue


T = TypeVar("T", bound="ChangedCell")


@_attrs_define(repr=False)
class ChangedCell(ContractStruct):
    """A cell that differs from the previous revision."""

    cell: CellName
    """ The name of a cell of a return. Without `area` it names the return as a whole. """
    before: CellValue | None
    """ Null if the cell did not exist. """
    after: CellValue | None
    """ Null if it is withdrawn. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.cell_value import CellValue  # noqa: PLC0415

        cell = self.cell.to_dict()

        before: dict[str, Any] | None
        if isinstance(self.before, CellValue):
            before = self.before.to_dict()
        else:
            before = self.before

        after: dict[str, Any] | None
        if isinstance(self.after, CellValue):
            after = self.after.to_dict()
        else:
            after = self.after

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cell": cell,
                "before": before,
                "after": after,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_name import CellName  # noqa: PLC0415
        from ..models.cell_value import CellValue  # noqa: PLC0415

        d = dict(src_dict)
        cell = CellName.from_dict(d.pop("cell"))

        def _parse_before(data: object) -> CellValue | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                before_type_0 = CellValue.from_dict(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellValue | None, data)

        before = _parse_before(d.pop("before"))

        def _parse_after(data: object) -> CellValue | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                after_type_0 = CellValue.from_dict(data)

                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellValue | None, data)

        after = _parse_after(d.pop("after"))

        changed_cell = cls(
            cell=cell,
            before=before,
            after=after,
        )

        changed_cell.additional_properties = d
        return changed_cell

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
