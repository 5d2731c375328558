from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.released_entry_list_reason import ReleasedEntryListReason

if TYPE_CHECKING:
    from ..models.released_entry import ReleasedEntry


T = TypeVar("T", bound="ReleasedEntryList")


@_attrs_define(repr=False)
class ReleasedEntryList(ContractStruct):
    """Cleared items and entries of one release, ordered by the plan, by period and by date."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    release: int
    plan_version: int
    items: list[ReleasedEntry]
    reason: ReleasedEntryListReason | None = None
    """ Why the list is empty: no entry of these measures and periods was returned and cleared. """
    next_cursor: None | str = None
    """ Send it as `cursor` for the next page. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        release = self.release

        plan_version = self.plan_version

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        reason: str | None = None
        if self.reason is not None:
            reason = self.reason.value

        next_cursor: None | str
        if self.next_cursor is None:
            next_cursor = None
        else:
            next_cursor = self.next_cursor

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "release": release,
                "plan_version": plan_version,
                "items": items,
            }
        )
        if reason is not None:
            field_dict["reason"] = reason
        field_dict["next_cursor"] = next_cursor

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.released_entry import ReleasedEntry  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        release = d.pop("release")

        plan_version = d.pop("plan_version")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = ReleasedEntry.from_dict(items_item_data)

            items.append(items_item)

        _reason = d.pop("reason", None)
        reason: ReleasedEntryListReason | None
        if _reason is None:
            reason = None
        else:
            reason = ReleasedEntryListReason(_reason)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor", None))

        released_entry_list = cls(
            programme=programme,
            release=release,
            plan_version=plan_version,
            items=items,
            reason=reason,
            next_cursor=next_cursor,
        )

        released_entry_list.additional_properties = d
        return released_entry_list

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
