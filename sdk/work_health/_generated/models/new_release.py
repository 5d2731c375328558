from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

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

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if notes is not UNSET:
            field_dict["notes"] = notes
        if publish_at is not UNSET:
            field_dict["publish_at"] = publish_at
        if exclude_measures is not UNSET:
            field_dict["exclude_measures"] = exclude_measures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
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

        new_release = cls(
            notes=notes,
            publish_at=publish_at,
            exclude_measures=exclude_measures,
        )

        return new_release
