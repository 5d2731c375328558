from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.cell_counts import CellCounts
    from ..models.changed_cell import ChangedCell
    from ..models.entry_change import EntryChange
    from ..models.figure_change import FigureChange
    from ..models.item_change import ItemChange
    from ..models.return_revision import ReturnRevision


T = TypeVar("T", bound="RevisionDiff")


@_attrs_define(repr=False)
class RevisionDiff(ContractStruct):
    """The differences between two revisions of a return: cells, items, entries or figures."""

    older: ReturnRevision
    """ A revision of a return, without its cells. """
    newer: ReturnRevision
    """ A revision of a return, without its cells. """
    counts: CellCounts
    """ Counts of cells. `received` is always `added` + `changed` + `unchanged`. """
    changes: list[ChangedCell]
    """ Cells that changed, then withdrawn, then added ones; at most 10,000. """
    change_count: int
    """ How many cells, items, entries or figures differ. """
    items: list[ItemChange] | None = None
    entries: list[EntryChange] | None = None
    figures: list[FigureChange] | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        older = self.older.to_dict()

        newer = self.newer.to_dict()

        counts = self.counts.to_dict()

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        change_count = self.change_count

        items: list[dict[str, Any]] | None = None
        if self.items is not None:
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

        entries: list[dict[str, Any]] | None = None
        if self.entries is not None:
            entries = []
            for entries_item_data in self.entries:
                entries_item = entries_item_data.to_dict()
                entries.append(entries_item)

        figures: list[dict[str, Any]] | None = None
        if self.figures is not None:
            figures = []
            for figures_item_data in self.figures:
                figures_item = figures_item_data.to_dict()
                figures.append(figures_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "older": older,
                "newer": newer,
                "counts": counts,
                "changes": changes,
                "change_count": change_count,
            }
        )
        if items is not None:
            field_dict["items"] = items
        if entries is not None:
            field_dict["entries"] = entries
        if figures is not None:
            field_dict["figures"] = figures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_counts import CellCounts  # noqa: PLC0415
        from ..models.changed_cell import ChangedCell  # noqa: PLC0415
        from ..models.entry_change import EntryChange  # noqa: PLC0415
        from ..models.figure_change import FigureChange  # noqa: PLC0415
        from ..models.item_change import ItemChange  # noqa: PLC0415
        from ..models.return_revision import ReturnRevision  # noqa: PLC0415

        d = dict(src_dict)
        older = ReturnRevision.from_dict(d.pop("older"))

        newer = ReturnRevision.from_dict(d.pop("newer"))

        counts = CellCounts.from_dict(d.pop("counts"))

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ChangedCell.from_dict(changes_item_data)

            changes.append(changes_item)

        change_count = d.pop("change_count")

        _items = d.pop("items", None)
        items: list[ItemChange] | None = None
        if _items is not None:
            items = []
            for items_item_data in _items:
                items_item = ItemChange.from_dict(items_item_data)

                items.append(items_item)

        _entries = d.pop("entries", None)
        entries: list[EntryChange] | None = None
        if _entries is not None:
            entries = []
            for entries_item_data in _entries:
                entries_item = EntryChange.from_dict(entries_item_data)

                entries.append(entries_item)

        _figures = d.pop("figures", None)
        figures: list[FigureChange] | None = None
        if _figures is not None:
            figures = []
            for figures_item_data in _figures:
                figures_item = FigureChange.from_dict(figures_item_data)

                figures.append(figures_item)

        revision_diff = cls(
            older=older,
            newer=newer,
            counts=counts,
            changes=changes,
            change_count=change_count,
            items=items,
            entries=entries,
            figures=figures,
        )

        revision_diff.additional_properties = d
        return revision_diff

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
