from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Reason")


@_attrs_define(repr=False)
class Reason(ContractStruct):
    """A decision on one revision with its reason. Only the organisation and reviewers can read the reason."""

    revision: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "revision": revision,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        revision = d.pop("revision")

        reason = d.pop("reason")

        reason = cls(
            revision=revision,
            reason=reason,
        )

        return reason
