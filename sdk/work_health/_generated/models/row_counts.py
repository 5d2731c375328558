from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.left_out_rows import LeftOutRows


T = TypeVar("T", bound="RowCounts")


@_attrs_define(repr=False)
class RowCounts(ContractStruct):
    """The rows of the content: read, used and left out. `read` is always `used` plus the counts of `left_out`.

    Rows are records of a CSV file, lines of an NDJSON file, and observations of JSON.

    """

    read: int
    used: int
    """ Rows that are cells, or that describe a return without cells. """
    left_out: list[LeftOutRows] | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        read = self.read

        used = self.used

        left_out: list[dict[str, Any]] | None = None
        if self.left_out is not None:
            left_out = []
            for left_out_item_data in self.left_out:
                left_out_item = left_out_item_data.to_dict()
                left_out.append(left_out_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "read": read,
                "used": used,
            }
        )
        if left_out is not None:
            field_dict["left_out"] = left_out

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.left_out_rows import LeftOutRows  # noqa: PLC0415

        d = dict(src_dict)
        read = d.pop("read")

        used = d.pop("used")

        _left_out = d.pop("left_out", None)
        left_out: list[LeftOutRows] | None = None
        if _left_out is not None:
            left_out = []
            for left_out_item_data in _left_out:
                left_out_item = LeftOutRows.from_dict(left_out_item_data)

                left_out.append(left_out_item)

        row_counts = cls(
            read=read,
            used=used,
            left_out=left_out,
        )

        row_counts.additional_properties = d
        return row_counts

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
