from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.event_kind import EventKind
from ..models.review_state import ReviewState

T = TypeVar("T", bound="ReviewResult")


@_attrs_define(repr=False)
class ReviewResult(ContractStruct):
    """The result of a review action."""

    event: EventKind
    """ A kind of event in the history of a revision. """
    revision: int
    state: ReviewState
    """ The review state of a revision.

        A newer revision supersedes one that is not approved. The approval of a newer revision supersedes an
    approved one. """
    at: datetime.datetime
    """ RFC 3339 with an offset. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        event = self.event.value

        revision = self.revision

        state = self.state.value

        at = self.at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "event": event,
                "revision": revision,
                "state": state,
                "at": at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        event = EventKind(d.pop("event"))

        revision = d.pop("revision")

        state = ReviewState(d.pop("state"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        review_result = cls(
            event=event,
            revision=revision,
            state=state,
            at=at,
        )

        review_result.additional_properties = d
        return review_result

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
