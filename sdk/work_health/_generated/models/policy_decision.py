from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PolicyDecision")


@_attrs_define
class PolicyDecision:
    """The decision that a programme may protect less than the defaults: who made it, when and why."""

    by: str
    on: datetime.date
    reason: str
    assessment: str
    """ Where to find the data protection impact assessment. """

    def to_dict(self) -> dict[str, Any]:
        by = self.by

        on = self.on.isoformat()

        reason = self.reason

        assessment = self.assessment

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "by": by,
                "on": on,
                "reason": reason,
                "assessment": assessment,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        by = d.pop("by")

        on = datetime.date.fromisoformat(d.pop("on"))

        reason = d.pop("reason")

        assessment = d.pop("assessment")

        policy_decision = cls(
            by=by,
            on=on,
            reason=reason,
            assessment=assessment,
        )

        return policy_decision
