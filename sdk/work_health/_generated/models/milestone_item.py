from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="MilestoneItem")


@_attrs_define(repr=False)
class MilestoneItem(ContractStruct):
    """One item that is to be achieved, and the stage that it has reached."""

    item: str
    """ Your own code for the item, the same in each return. """
    title: str
    stage: str
    """ One of the measure's `stages`. """
    date: datetime.date
    """ The day on which the item reached the stage. """
    url: None | str = None
    """ The evidence. """

    def to_dict(self) -> dict[str, Any]:
        item = self.item

        title = self.title

        stage = self.stage

        date = self.date.isoformat()

        url: None | str
        if self.url is None:
            url = None
        else:
            url = self.url

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "item": item,
                "title": title,
                "stage": stage,
                "date": date,
            }
        )
        field_dict["url"] = url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        item = d.pop("item")

        title = d.pop("title")

        stage = d.pop("stage")

        date = datetime.date.fromisoformat(d.pop("date"))

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url", None))

        milestone_item = cls(
            item=item,
            title=title,
            stage=stage,
            date=date,
            url=url,
        )

        return milestone_item
