from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.measure_audit_changes import MeasureAuditChanges


T = TypeVar("T", bound="MeasureAudit")


@_attrs_define(repr=False)
class MeasureAudit(ContractStruct):
    """The figures of a measure, and how many of them differ from the previous release."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    figures: int
    shown: int
    changes: MeasureAuditChanges
    """ Counts of changes by reason, all of them. """
    not_sent: int | None = None
    """ Figures without a number because nothing is approved. Null where it was not recorded. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        figures = self.figures

        shown = self.shown

        changes = self.changes.to_dict()

        not_sent: int | None
        if self.not_sent is None:
            not_sent = None
        else:
            not_sent = self.not_sent

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "figures": figures,
                "shown": shown,
                "changes": changes,
            }
        )
        field_dict["not_sent"] = not_sent

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.measure_audit_changes import MeasureAuditChanges  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        figures = d.pop("figures")

        shown = d.pop("shown")

        changes = MeasureAuditChanges.from_dict(d.pop("changes"))

        def _parse_not_sent(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        not_sent = _parse_not_sent(d.pop("not_sent", None))

        measure_audit = cls(
            measure=measure,
            figures=figures,
            shown=shown,
            changes=changes,
            not_sent=not_sent,
        )

        measure_audit.additional_properties = d
        return measure_audit

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
