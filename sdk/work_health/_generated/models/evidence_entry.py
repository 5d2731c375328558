from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="EvidenceEntry")


@_attrs_define
class EvidenceEntry:
    """One piece of evidence that the measure asks for."""

    domain: str
    """ One of the measure's `domains`. """
    title: str
    date: datetime.date
    url: None | str | Unset = UNSET
    people: int | None | Unset = UNSET
    """ How many people took part, if known. """

    def to_dict(self) -> dict[str, Any]:
        domain = self.domain

        title = self.title

        date = self.date.isoformat()

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        people: int | None | Unset
        if isinstance(self.people, Unset):
            people = UNSET
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
        if url is not UNSET:
            field_dict["url"] = url
        if people is not UNSET:
            field_dict["people"] = people

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        domain = d.pop("domain")

        title = d.pop("title")

        date = datetime.date.fromisoformat(d.pop("date"))

        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))

        def _parse_people(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        people = _parse_people(d.pop("people", UNSET))

        evidence_entry = cls(
            domain=domain,
            title=title,
            date=date,
            url=url,
            people=people,
        )

        return evidence_entry
