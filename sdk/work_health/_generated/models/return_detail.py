from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.evidence_entry import EvidenceEntry
    from ..models.justification import Justification
    from ..models.milestone_item import MilestoneItem
    from ..models.observation import Observation
    from ..models.publisher_figure import PublisherFigure
    from ..models.return_revision import ReturnRevision


T = TypeVar("T", bound="ReturnDetail")


@_attrs_define(repr=False)
class ReturnDetail(ContractStruct):
    """One revision of a return with its content."""

    summary: ReturnRevision
    """ A revision of a return, without its cells. """
    observations: list[Observation]
    items: list[MilestoneItem] | None = None
    entries: list[EvidenceEntry] | None = None
    figures: list[PublisherFigure] | None = None
    justifications: list[Justification] | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        summary = self.summary.to_dict()

        observations = []
        for observations_item_data in self.observations:
            observations_item = observations_item_data.to_dict()
            observations.append(observations_item)

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

        justifications: list[dict[str, Any]] | None = None
        if self.justifications is not None:
            justifications = []
            for justifications_item_data in self.justifications:
                justifications_item = justifications_item_data.to_dict()
                justifications.append(justifications_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "summary": summary,
                "observations": observations,
            }
        )
        if items is not None:
            field_dict["items"] = items
        if entries is not None:
            field_dict["entries"] = entries
        if figures is not None:
            field_dict["figures"] = figures
        if justifications is not None:
            field_dict["justifications"] = justifications

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.evidence_entry import EvidenceEntry  # noqa: PLC0415
        from ..models.justification import Justification  # noqa: PLC0415
        from ..models.milestone_item import MilestoneItem  # noqa: PLC0415
        from ..models.observation import Observation  # noqa: PLC0415
        from ..models.publisher_figure import PublisherFigure  # noqa: PLC0415
        from ..models.return_revision import ReturnRevision  # noqa: PLC0415

        d = dict(src_dict)
        summary = ReturnRevision.from_dict(d.pop("summary"))

        observations = []
        _observations = d.pop("observations")
        for observations_item_data in _observations:
            observations_item = Observation.from_dict(observations_item_data)

            observations.append(observations_item)

        _items = d.pop("items", None)
        items: list[MilestoneItem] | None = None
        if _items is not None:
            items = []
            for items_item_data in _items:
                items_item = MilestoneItem.from_dict(items_item_data)

                items.append(items_item)

        _entries = d.pop("entries", None)
        entries: list[EvidenceEntry] | None = None
        if _entries is not None:
            entries = []
            for entries_item_data in _entries:
                entries_item = EvidenceEntry.from_dict(entries_item_data)

                entries.append(entries_item)

        _figures = d.pop("figures", None)
        figures: list[PublisherFigure] | None = None
        if _figures is not None:
            figures = []
            for figures_item_data in _figures:
                figures_item = PublisherFigure.from_dict(figures_item_data)

                figures.append(figures_item)

        _justifications = d.pop("justifications", None)
        justifications: list[Justification] | None = None
        if _justifications is not None:
            justifications = []
            for justifications_item_data in _justifications:
                justifications_item = Justification.from_dict(justifications_item_data)

                justifications.append(justifications_item)

        return_detail = cls(
            summary=summary,
            observations=observations,
            items=items,
            entries=entries,
            figures=figures,
            justifications=justifications,
        )

        return_detail.additional_properties = d
        return return_detail

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
