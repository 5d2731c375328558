from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.release_audit import ReleaseAudit
    from ..models.release_change import ReleaseChange


T = TypeVar("T", bound="Rehearsal")


@_attrs_define(repr=False)
class Rehearsal(ContractStruct):
    """The release that a dry run would publish."""

    report: ReleaseAudit
    """ The figures that the job published, by series. """
    changes: list[ReleaseChange]
    """ The first 1,000 changes. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        report = self.report.to_dict()

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "report": report,
                "changes": changes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.release_audit import ReleaseAudit  # noqa: PLC0415
        from ..models.release_change import ReleaseChange  # noqa: PLC0415

        d = dict(src_dict)
        report = ReleaseAudit.from_dict(d.pop("report"))

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ReleaseChange.from_dict(changes_item_data)

            changes.append(changes_item)

        rehearsal = cls(
            report=report,
            changes=changes,
        )

        rehearsal.additional_properties = d
        return rehearsal

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
