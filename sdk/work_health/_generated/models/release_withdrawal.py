from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="ReleaseWithdrawal")


@_attrs_define(repr=False)
class ReleaseWithdrawal(ContractStruct):
    """Withdraw a whole release. Readers may have copies, so later audits still count it as published."""

    reason: str

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason")

        release_withdrawal = cls(
            reason=reason,
        )

        return release_withdrawal
