from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Clearance")


@_attrs_define(repr=False)
class Clearance(ContractStruct):
    """The items or entries of a revision, counted from 1, that a reviewer has found free of personal data."""

    revision: int
    entries: list[int]

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        entries = self.entries

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "revision": revision,
                "entries": entries,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        revision = d.pop("revision")

        entries = cast(list[int], d.pop("entries"))

        clearance = cls(
            revision=revision,
            entries=entries,
        )

        return clearance
