from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="NewRelease")


@_attrs_define(repr=False)
class NewRelease(ContractStruct):
    """A request to publish everything that is approved when the job starts."""

    notes: None | str = None
    """ For readers: what is new, what was corrected and why. """
    publish_at: datetime.datetime | None = None
    """ End of the embargo. Until then nobody can see that the release exists. """
    exclude_measures: list[str] | None = None
    """ Measures that this release leaves out. """

    def to_dict(self) -> dict[str, Any]:
        notes: None | str
        if self.notes is None:
            notes = None
        else:
            notes = self.notes

        publish_at: None | str
        if self.publish_at is None:
            publish_at = None
        elif isinstance(self.publish_at, datetime.datetime):
            publish_at = self.publish_at.isoformat()
        else:
            publish_at = self.publish_at

        exclude_measures: list[str] | None = None
        if self.exclude_measures is not None:
            exclude_measures = self.exclude_measures

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        field_dict["notes"] = notes
        field_dict["publish_at"] = publish_at
        if exclude_measures is not None:
            field_dict["exclude_measures"] = exclude_measures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_notes(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        notes = _parse_notes(d.pop("notes", None))

        def _parse_publish_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                publish_at_type_0 = datetime.datetime.fromisoformat(data)

                return publish_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        publish_at = _parse_publish_at(d.pop("publish_at", None))

        exclude_measures = cast(list[str], d.pop("exclude_measures", None))

        new_release = cls(
            notes=notes,
            publish_at=publish_at,
            exclude_measures=exclude_measures,
        )

        return new_release
