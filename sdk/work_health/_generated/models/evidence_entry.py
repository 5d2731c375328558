from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="EvidenceEntry")


@_attrs_define(repr=False)
class EvidenceEntry(ContractStruct):
    """One piece of evidence that the measure asks for."""

    domain: str
    """ One of the measure's `domains`. """
    title: str
    date: datetime.date
    url: None | str = None
    people: int | None = None
    """ How many people took part, if known. """

    def to_dict(self) -> dict[str, Any]:
        domain = self.domain

        title = self.title

        date = self.date.isoformat()

        url: None | str
        if self.url is None:
            url = None
        else:
            url = self.url

        people: int | None
        if self.people is None:
            people = None
        else:
            people = self.people

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "domain": domain,
                "title": title,
                "date": date,
            }
        )
        field_dict["url"] = url
        field_dict["people"] = people

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        domain = d.pop("domain")

        title = d.pop("title")

        date = datetime.date.fromisoformat(d.pop("date"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url", None))

        def _parse_people(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        people = _parse_people(d.pop("people", None))

        evidence_entry = cls(
            domain=domain,
            title=title,
            date=date,
            url=url,
            people=people,
        )

        return evidence_entry
