from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Source")


@_attrs_define
class Source:
    """The publication that a published series comes from."""

    publisher: str
    title: str
    verified: bool
    identifier: None | str | Unset = UNSET
    """ The publisher's code for it. """
    statistical_status: None | str | Unset = UNSET
    """ A kebab-case code. It never changes once it is in use. """
    note: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        publisher = self.publisher

        title = self.title

        verified = self.verified

        identifier: None | str | Unset
        if isinstance(self.identifier, Unset):
            identifier = UNSET
        else:
            identifier = self.identifier

        statistical_status: None | str | Unset
        if isinstance(self.statistical_status, Unset):
            statistical_status = UNSET
        else:
            statistical_status = self.statistical_status

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "publisher": publisher,
                "title": title,
                "verified": verified,
            }
        )
        if identifier is not UNSET:
            field_dict["identifier"] = identifier
        if statistical_status is not UNSET:
            field_dict["statistical_status"] = statistical_status
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        publisher = d.pop("publisher")

        title = d.pop("title")

        verified = d.pop("verified")

        def _parse_identifier(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        identifier = _parse_identifier(d.pop("identifier", UNSET))

        def _parse_statistical_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        statistical_status = _parse_statistical_status(d.pop("statistical_status", UNSET))

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        source = cls(
            publisher=publisher,
            title=title,
            verified=verified,
            identifier=identifier,
            statistical_status=statistical_status,
            note=note,
        )

        return source
