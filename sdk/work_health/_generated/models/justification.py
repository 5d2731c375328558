from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Justification")


@_attrs_define(repr=False)
class Justification(ContractStruct):
    """Why a figure is right although a check questions it."""

    finding: str
    """ The finding's `id`. """
    text: str

    def to_dict(self) -> dict[str, Any]:
        finding = self.finding

        text = self.text

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "finding": finding,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        finding = d.pop("finding")

        text = d.pop("text")

        justification = cls(
            finding=finding,
            text=text,
        )

        return justification
