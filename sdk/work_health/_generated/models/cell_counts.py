from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="CellCounts")


@_attrs_define(repr=False)
class CellCounts(ContractStruct):
    """Counts of cells. `received` is always `added` + `changed` + `unchanged`."""

    received: int
    added: int
    changed: int
    unchanged: int
    withdrawn: int
    """ Earlier cells that the new return does not contain. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        received = self.received

        added = self.added

        changed = self.changed

        unchanged = self.unchanged

        withdrawn = self.withdrawn

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "received": received,
                "added": added,
                "changed": changed,
                "unchanged": unchanged,
                "withdrawn": withdrawn,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        received = d.pop("received")

        added = d.pop("added")

        changed = d.pop("changed")

        unchanged = d.pop("unchanged")

        withdrawn = d.pop("withdrawn")

        cell_counts = cls(
            received=received,
            added=added,
            changed=changed,
            unchanged=unchanged,
            withdrawn=withdrawn,
        )

        cell_counts.additional_properties = d
        return cell_counts

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
