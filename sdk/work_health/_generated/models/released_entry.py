from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.period import Period


T = TypeVar("T", bound="ReleasedEntry")


@_attrs_define(repr=False)
class ReleasedEntry(ContractStruct):
    """One milestone item or evidence entry whose text a reviewer has found free of personal data.

    It does not name the organisation that returned it, nor how many people took part, which may be a small count.

    """

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    period: Period
    """ A span of whole days with its code. """
    position: int
    """ Position among the released entries of the series in the period, counted from 1. """
    domain: None | str
    """ For evidence: one of the measure's `domains`. """
    item: None | str
    """ For a milestone: the code of the item to achieve. """
    title: str
    stage: None | str
    """ For a milestone: one of the measure's `stages`. """
    date: datetime.date
    """ For a milestone: the day on which it reached the stage. """
    url: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        series = self.series

        period = self.period.to_dict()

        position = self.position

        domain: None | str
        domain = self.domain

        item: None | str
        item = self.item

        title = self.title

        stage: None | str
        stage = self.stage

        date = self.date.isoformat()

        url: None | str
        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "series": series,
                "period": period,
                "position": position,
                "domain": domain,
                "item": item,
                "title": title,
                "stage": stage,
                "date": date,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        series = d.pop("series")

        period = Period.from_dict(d.pop("period"))

        position = d.pop("position")

        def _parse_domain(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        domain = _parse_domain(d.pop("domain"))

        def _parse_item(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        item = _parse_item(d.pop("item"))

        title = d.pop("title")

        def _parse_stage(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stage = _parse_stage(d.pop("stage"))

        date = datetime.date.fromisoformat(d.pop("date"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        released_entry = cls(
            measure=measure,
            series=series,
            period=period,
            position=position,
            domain=domain,
            item=item,
            title=title,
            stage=stage,
            date=date,
            url=url,
        )

        released_entry.additional_properties = d
        return released_entry

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
