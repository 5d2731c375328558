from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.milestone_item import MilestoneItem


T = TypeVar("T", bound="ItemChange")


@_attrs_define(repr=False)
class ItemChange(ContractStruct):
    """An item of a milestone return that differs between two revisions. Its code identifies it."""

    item: str
    """ A kebab-case code. It never changes once it is in use. """
    before: MilestoneItem | None
    """ Null if it did not exist. """
    after: MilestoneItem | None
    """ Null if it is withdrawn. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.milestone_item import MilestoneItem  # noqa: PLC0415

        item = self.item

        before: dict[str, Any] | None
        if isinstance(self.before, MilestoneItem):
            before = self.before.to_dict()
        else:
            before = self.before

        after: dict[str, Any] | None
        if isinstance(self.after, MilestoneItem):
            after = self.after.to_dict()
        else:
            after = self.after

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "item": item,
                "before": before,
                "after": after,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.milestone_item import MilestoneItem  # noqa: PLC0415

        d = dict(src_dict)
        item = d.pop("item")

        def _parse_before(data: object) -> MilestoneItem | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                before_type_0 = MilestoneItem.from_dict(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MilestoneItem | None, data)

        before = _parse_before(d.pop("before"))

        def _parse_after(data: object) -> MilestoneItem | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                after_type_0 = MilestoneItem.from_dict(data)

                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MilestoneItem | None, data)

        after = _parse_after(d.pop("after"))

        item_change = cls(
            item=item,
            before=before,
            after=after,
        )

        item_change.additional_properties = d
        return item_change

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
