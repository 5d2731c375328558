from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.measure_period import MeasurePeriod


T = TypeVar("T", bound="NewRelease")


@_attrs_define
class NewRelease:
    """A request to publish everything that is approved when the job starts."""

    notes: None | str | Unset = UNSET
    """ For readers: what is new, what was corrected and why. """
    publish_at: datetime.datetime | None | Unset = UNSET
    """ End of the embargo. Until then nobody can see that the release exists. """
    exclude_measures: list[str] | Unset = UNSET
    """ Measures that this release leaves out. """
    republish: list[MeasurePeriod] | Unset = UNSET
    """ Periods to publish as if for the first time, to correct a gross error. The notes must say why: readers see
    the old figures next to the new ones. """

    def to_dict(self) -> dict[str, Any]:
        notes: None | str | Unset
        if isinstance(self.notes, Unset):
            notes = UNSET
        else:
            notes = self.notes

        publish_at: None | str | Unset
        if isinstance(self.publish_at, Unset):
            publish_at = UNSET
        elif isinstance(self.publish_at, datetime.datetime):
            publish_at = self.publish_at.isoformat()
        else:
            publish_at = self.publish_at

        exclude_measures: list[str] | Unset = UNSET
        if not isinstance(self.exclude_measures, Unset):
            exclude_measures = self.exclude_measures

        republish: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.republish, Unset):
            republish = []
            for republish_item_data in self.republish:
                republish_item = republish_item_data.to_dict()
                republish.append(republish_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if notes is not UNSET:
            field_dict["notes"] = notes
        if publish_at is not UNSET:
            field_dict["publish_at"] = publish_at
        if exclude_measures is not UNSET:
            field_dict["exclude_measures"] = exclude_measures
        if republish is not UNSET:
            field_dict["republish"] = republish

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.measure_period import MeasurePeriod  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_notes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        notes = _parse_notes(d.pop("notes", UNSET))

        def _parse_publish_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                publish_at_type_0 = datetime.datetime.fromisoformat(data)

                return publish_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        publish_at = _parse_publish_at(d.pop("publish_at", UNSET))

        exclude_measures = cast(list[str], d.pop("exclude_measures", UNSET))

        _republish = d.pop("republish", UNSET)
        republish: list[MeasurePeriod] | Unset = UNSET
        if _republish is not UNSET:
            republish = []
            for republish_item_data in _republish:
                republish_item = MeasurePeriod.from_dict(republish_item_data)

                republish.append(republish_item)

        new_release = cls(
            notes=notes,
            publish_at=publish_at,
            exclude_measures=exclude_measures,
            republish=republish,
        )

        return new_release
