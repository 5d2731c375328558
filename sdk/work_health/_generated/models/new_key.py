from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewKey")


@_attrs_define
class NewKey:
    """A key to create for the client of the key in use, with the same grants and the same person."""

    days: int | Unset = UNSET
    """ Days until the new key expires. Default: `365`. """
    overlap_days: int | Unset = UNSET
    """ Days for which the key in use stays valid, unless it expires earlier. Default: `7`. """

    def to_dict(self) -> dict[str, Any]:
        days = self.days

        overlap_days = self.overlap_days

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if days is not UNSET:
            field_dict["days"] = days
        if overlap_days is not UNSET:
            field_dict["overlap_days"] = overlap_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        days = d.pop("days", UNSET)

        overlap_days = d.pop("overlap_days", UNSET)

        new_key = cls(
            days=days,
            overlap_days=overlap_days,
        )

        return new_key
