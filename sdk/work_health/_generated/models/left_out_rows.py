from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.row_reason import RowReason

T = TypeVar("T", bound="LeftOutRows")


@_attrs_define(repr=False)
class LeftOutRows(ContractStruct):
    """The rows that were left out for one reason."""

    reason: RowReason
    """ The reason why a row is no record: its place, that it adds up the rows above it, or that it has no content.

        A row is blank if it has neither number nor status nor note, such as an unfilled row of a template. Its cell
    is
        missing. """
    count: int
    rows: list[int]
    """ The first 100 row numbers. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason.value

        count = self.count

        rows = self.rows

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "reason": reason,
                "count": count,
                "rows": rows,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = RowReason(d.pop("reason"))

        count = d.pop("count")

        rows = cast(list[int], d.pop("rows"))

        left_out_rows = cls(
            reason=reason,
            count=count,
            rows=rows,
        )

        left_out_rows.additional_properties = d
        return left_out_rows

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
