from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define

from ..models.movement import Movement
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.movement_source import MovementSource


@_attrs_define(kw_only=True)
class PreviewMovement(Movement):
    """A movement for reviewers, which names the sources that differ. A release states the reason alone."""

    missing_sources: list[MovementSource] | Unset = UNSET
    """ With `not_comparable`: in the start, but not in the figure. """
    new_sources: list[MovementSource] | Unset = UNSET
    """ With `not_comparable`: in the figure, but not in the start. """

    def to_dict(self) -> dict[str, Any]:
        missing_sources: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.missing_sources, Unset):
            missing_sources = []
            for missing_sources_item_data in self.missing_sources:
                missing_sources_item = missing_sources_item_data.to_dict()
                missing_sources.append(missing_sources_item)

        new_sources: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.new_sources, Unset):
            new_sources = []
            for new_sources_item_data in self.new_sources:
                new_sources_item = new_sources_item_data.to_dict()
                new_sources.append(new_sources_item)

        field_dict = super().to_dict()

        field_dict.update({})
        if missing_sources is not UNSET:
            field_dict["missing_sources"] = missing_sources
        if new_sources is not UNSET:
            field_dict["new_sources"] = new_sources

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.movement_source import MovementSource  # noqa: PLC0415

        fields = super()._parse_fields(d)
        _missing_sources = d.pop("missing_sources", UNSET)
        missing_sources: list[MovementSource] | Unset = UNSET
        if _missing_sources is not UNSET:
            missing_sources = []
            for missing_sources_item_data in _missing_sources:
                missing_sources_item = MovementSource.from_dict(missing_sources_item_data)

                missing_sources.append(missing_sources_item)

        _new_sources = d.pop("new_sources", UNSET)
        new_sources: list[MovementSource] | Unset = UNSET
        if _new_sources is not UNSET:
            new_sources = []
            for new_sources_item_data in _new_sources:
                new_sources_item = MovementSource.from_dict(new_sources_item_data)

                new_sources.append(new_sources_item)

        return {
            **fields,
            "missing_sources": missing_sources,
            "new_sources": new_sources,
        }
