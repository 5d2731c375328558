from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.return_kind import ReturnKind

if TYPE_CHECKING:
    from ..models.evidence_entry import EvidenceEntry
    from ..models.milestone_item import MilestoneItem
    from ..models.observation import Observation
    from ..models.publisher_figure import PublisherFigure


T = TypeVar("T", bound="NewReturn")


@_attrs_define(repr=False)
class NewReturn(ContractStruct):
    """The return of one organisation for one measure and period. It replaces the current revision as a whole."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    series: None | str = None
    """ The definition that is counted. Optional if partners return only one. """
    service: str | None = None
    """ A kebab-case code. It never changes once it is in use. Default: `main`. """
    kind: ReturnKind | None = None
    """ `data` has figures; `nil` states that there was nothing to count; `withdrawn` withdraws the return. """
    observations: list[Observation] | None = None
    items: list[MilestoneItem] | None = None
    """ For a milestone measure. """
    entries: list[EvidenceEntry] | None = None
    """ For an evidence measure. """
    figures: list[PublisherFigure] | None = None
    """ For a published series, sent by its publisher. """
    base_revision: int | None = None
    """ The number of the revision that this return was made from, or 0 for none. If another revision is current,
    the submission is rejected with the differences. """
    note: None | str = None
    """ Only your organisation and reviewers can read it. """
    rounded_to: int | None = None
    """ The counts are rounded to the nearest multiple of this. Sums are then checked within the tolerance that
    follows, and figures have bounds. """

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        period = self.period

        series: None | str
        if self.series is None:
            series = None
        else:
            series = self.series

        service = self.service

        kind: str | None = None
        if self.kind is not None:
            kind = self.kind.value

        observations: list[dict[str, Any]] | None = None
        if self.observations is not None:
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

        base_revision: int | None
        if self.base_revision is None:
            base_revision = None
        else:
            base_revision = self.base_revision

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        rounded_to: int | None
        if self.rounded_to is None:
            rounded_to = None
        else:
            rounded_to = self.rounded_to

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "measure": measure,
                "period": period,
            }
        )
        field_dict["series"] = series
        if service is not None:
            field_dict["service"] = service
        if kind is not None:
            field_dict["kind"] = kind
        if observations is not None:
            field_dict["observations"] = observations
        if items is not None:
            field_dict["items"] = items
        if entries is not None:
            field_dict["entries"] = entries
        if figures is not None:
            field_dict["figures"] = figures
        field_dict["base_revision"] = base_revision
        field_dict["note"] = note
        field_dict["rounded_to"] = rounded_to

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.evidence_entry import EvidenceEntry  # noqa: PLC0415
        from ..models.milestone_item import MilestoneItem  # noqa: PLC0415
        from ..models.observation import Observation  # noqa: PLC0415
        from ..models.publisher_figure import PublisherFigure  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        period = d.pop("period")

        def _parse_series(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        series = _parse_series(d.pop("series", None))

        service = d.pop("service", None)

        _kind = d.pop("kind", None)
        kind: ReturnKind | None
        if _kind is None:
            kind = None
        else:
            kind = ReturnKind(_kind)

        _observations = d.pop("observations", None)
        observations: list[Observation] | None = None
        if _observations is not None:
            observations = []
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

        def _parse_base_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        base_revision = _parse_base_revision(d.pop("base_revision", None))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        def _parse_rounded_to(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rounded_to = _parse_rounded_to(d.pop("rounded_to", None))

        new_return = cls(
            measure=measure,
            period=period,
            series=series,
            service=service,
            kind=kind,
            observations=observations,
            items=items,
            entries=entries,
            figures=figures,
            base_revision=base_revision,
            note=note,
            rounded_to=rounded_to,
        )

        return new_return
