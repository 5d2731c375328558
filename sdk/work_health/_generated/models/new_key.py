from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="NewKey")


@_attrs_define(repr=False)
class NewKey(ContractStruct):
    """A key to create for the client of the key in use, with the same grants and the same person."""

    days: int | None = None
    """ Days until the new key expires. Default: `365`. """
    overlap_days: int | None = None
    """ Days for which the key in use stays valid, unless it expires earlier. Default: `7`. """

    def to_dict(self) -> dict[str, Any]:
        days = self.days

        overlap_days = self.overlap_days

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if days is not None:
            field_dict["days"] = days
        if overlap_days is not None:
            field_dict["overlap_days"] = overlap_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        days = d.pop("days", None)

        overlap_days = d.pop("overlap_days", None)

        new_key = cls(
            days=days,
            overlap_days=overlap_days,
        )

        return new_key
