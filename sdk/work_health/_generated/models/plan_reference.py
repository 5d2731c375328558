from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="PlanReference")


@_attrs_define(repr=False)
class PlanReference(ContractStruct):
    """A passage of the plan that requires a measure."""

    code: str
    """ The plan's own code for a passage: 1 to 40 printable characters without a space. """
    text: str
    """ The plan's exact words. """

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        text = self.text

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        text = d.pop("text")

        plan_reference = cls(
            code=code,
            text=text,
        )

        return plan_reference
