from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.measure_audit import MeasureAudit
    from ..models.release_audit_entries import ReleaseAuditEntries
    from ..models.scope_audit import ScopeAudit


T = TypeVar("T", bound="ReleaseAudit")


@_attrs_define(repr=False)
class ReleaseAudit(ContractStruct):
    """The figures that the job published, by series."""

    scopes: list[ScopeAudit]
    figures: int
    shown: int
    changes: int
    """ Figures that differ from the previous release. """
    entries: ReleaseAuditEntries | None = None
    """ Counts of cleared milestone items and evidence entries, by measure. """
    measures: list[MeasureAudit] | None = None
    """ In plan order. Empty in audits from before it was recorded. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.to_dict()
            scopes.append(scopes_item)

        figures = self.figures

        shown = self.shown

        changes = self.changes

        entries: dict[str, Any] | None = None
        if self.entries is not None:
            entries = self.entries.to_dict()

        measures: list[dict[str, Any]] | None = None
        if self.measures is not None:
            measures = []
            for measures_item_data in self.measures:
                measures_item = measures_item_data.to_dict()
                measures.append(measures_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scopes": scopes,
                "figures": figures,
                "shown": shown,
                "changes": changes,
            }
        )
        if entries is not None:
            field_dict["entries"] = entries
        if measures is not None:
            field_dict["measures"] = measures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.measure_audit import MeasureAudit  # noqa: PLC0415
        from ..models.release_audit_entries import ReleaseAuditEntries  # noqa: PLC0415
        from ..models.scope_audit import ScopeAudit  # noqa: PLC0415

        d = dict(src_dict)
        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = ScopeAudit.from_dict(scopes_item_data)

            scopes.append(scopes_item)

        figures = d.pop("figures")

        shown = d.pop("shown")

        changes = d.pop("changes")

        _entries = d.pop("entries", None)
        entries: ReleaseAuditEntries | None
        if _entries is None:
            entries = None
        else:
            entries = ReleaseAuditEntries.from_dict(_entries)

        _measures = d.pop("measures", None)
        measures: list[MeasureAudit] | None = None
        if _measures is not None:
            measures = []
            for measures_item_data in _measures:
                measures_item = MeasureAudit.from_dict(measures_item_data)

                measures.append(measures_item)

        release_audit = cls(
            scopes=scopes,
            figures=figures,
            shown=shown,
            changes=changes,
            entries=entries,
            measures=measures,
        )

        release_audit.additional_properties = d
        return release_audit

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
