from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.collection import Collection

if TYPE_CHECKING:
    from ..models.released_cells import ReleasedCells


T = TypeVar("T", bound="SeriesAvailability")


@_attrs_define(repr=False)
class SeriesAvailability(ContractStruct):
    """The queries that one series allows."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    headline: bool
    collection: Collection
    """ The origin of the figures of a series. """
    reason: None | str
    """ Why its figures cannot be rolled up; null if they can. """
    release_reason: None | str = None
    """ Why the plan allows no release to have its figures: `not_a_count`, `not_released` (means and rates),
    `no_duty`, or `single_provider` (its only holder does not `publish_alone`). Null if one may. """
    released: None | ReleasedCells = None
    """ What the newest release has of the series; null if it has nothing. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.released_cells import ReleasedCells  # noqa: PLC0415

        slug = self.slug

        title = self.title

        headline = self.headline

        collection = self.collection.value

        reason: None | str
        reason = self.reason

        release_reason: None | str
        if self.release_reason is None:
            release_reason = None
        else:
            release_reason = self.release_reason

        released: dict[str, Any] | None
        if self.released is None:
            released = None
        elif isinstance(self.released, ReleasedCells):
            released = self.released.to_dict()
        else:
            released = self.released

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "slug": slug,
                "title": title,
                "headline": headline,
                "collection": collection,
                "reason": reason,
            }
        )
        field_dict["release_reason"] = release_reason
        field_dict["released"] = released

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.released_cells import ReleasedCells  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        title = d.pop("title")

        headline = d.pop("headline")

        collection = Collection(d.pop("collection"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_release_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        release_reason = _parse_release_reason(d.pop("release_reason", None))

        def _parse_released(data: object) -> None | ReleasedCells:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                released_type_0 = ReleasedCells.from_dict(data)

                return released_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReleasedCells, data)

        released = _parse_released(d.pop("released", None))

        series_availability = cls(
            slug=slug,
            title=title,
            headline=headline,
            collection=collection,
            reason=reason,
            release_reason=release_reason,
            released=released,
        )

        series_availability.additional_properties = d
        return series_availability

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
