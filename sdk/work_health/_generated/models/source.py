from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Source")


@_attrs_define(repr=False)
class Source(ContractStruct):
    """The publication that a published series comes from."""

    publisher: str
    title: str
    verified: bool
    identifier: None | str = None
    """ The publisher's code for it. """
    statistical_status: None | str = None
    """ A kebab-case code. It never changes once it is in use. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        publisher = self.publisher

        title = self.title

        verified = self.verified

        identifier: None | str
        if self.identifier is None:
            identifier = None
        else:
            identifier = self.identifier

        statistical_status: None | str
        if self.statistical_status is None:
            statistical_status = None
        else:
            statistical_status = self.statistical_status

        note: None | str
        if self.note is None:
            note = None
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
        field_dict["identifier"] = identifier
        field_dict["statistical_status"] = statistical_status
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        publisher = d.pop("publisher")

        title = d.pop("title")

        verified = d.pop("verified")

        def _parse_identifier(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        identifier = _parse_identifier(d.pop("identifier", None))

        def _parse_statistical_status(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        statistical_status = _parse_statistical_status(d.pop("statistical_status", None))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        source = cls(
            publisher=publisher,
            title=title,
            verified=verified,
            identifier=identifier,
            statistical_status=statistical_status,
            note=note,
        )

        return source
