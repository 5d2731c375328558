from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Withdrawal")


@_attrs_define(repr=False)
class Withdrawal(ContractStruct):
    """The withdrawal of a return, with its reason."""

    reason: str
    base_revision: int | None = None

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        base_revision: int | None
        if self.base_revision is None:
            base_revision = None
        else:
            base_revision = self.base_revision

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reason": reason,
            }
        )
        field_dict["base_revision"] = base_revision

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason")

        def _parse_base_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        base_revision = _parse_base_revision(d.pop("base_revision", None))

        withdrawal = cls(
            reason=reason,
            base_revision=base_revision,
        )

        return withdrawal
