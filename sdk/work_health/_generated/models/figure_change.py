from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.published_figure import PublishedFigure


T = TypeVar("T", bound="FigureChange")


@_attrs_define
class FigureChange:
    """A published figure that differs between two revisions. Figures are known by area and breakdown."""

    was: None | PublishedFigure
    """ Null where it was not there. """
    now: None | PublishedFigure
    """ Null where it is withdrawn. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415

        was: dict[str, Any] | None
        if isinstance(self.was, PublishedFigure):
            was = self.was.to_dict()
        else:
            was = self.was

        now: dict[str, Any] | None
        if isinstance(self.now, PublishedFigure):
            now = self.now.to_dict()
        else:
            now = self.now

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "was": was,
                "now": now,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_was(data: object) -> None | PublishedFigure:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                was_type_0 = PublishedFigure.from_dict(data)

                return was_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublishedFigure, data)

        was = _parse_was(d.pop("was"))

        def _parse_now(data: object) -> None | PublishedFigure:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                now_type_0 = PublishedFigure.from_dict(data)

                return now_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublishedFigure, data)

        now = _parse_now(d.pop("now"))

        figure_change = cls(
            was=was,
            now=now,
        )

        figure_change.additional_properties = d
        return figure_change

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
