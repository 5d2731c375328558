from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.return_action import ReturnAction

if TYPE_CHECKING:
    from ..models.finding import Finding
    from ..models.return_detail import ReturnDetail
    from ..models.return_event import ReturnEvent


T = TypeVar("T", bound="Review")


@_attrs_define(repr=False)
class Review(ContractStruct):
    """A revision with everything that reviewers and its own organisation may read."""

    detail: ReturnDetail
    """ One revision of a return with its content. """
    findings: list[Finding]
    """ Its warnings, with justifications. Reviewers also receive warnings across partners. """
    cleared: list[int]
    """ Items or entries whose text may be released, counted from 1. """
    events: list[ReturnEvent]
    """ All events of the return, oldest first. """
    actions: list[ReturnAction]
    """ The actions that you may do next. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        detail = self.detail.to_dict()

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        cleared = self.cleared

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.to_dict()
            events.append(events_item)

        actions = []
        for actions_item_data in self.actions:
            actions_item = actions_item_data.value
            actions.append(actions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "detail": detail,
                "findings": findings,
                "cleared": cleared,
                "events": events,
                "actions": actions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.finding import Finding  # noqa: PLC0415
        from ..models.return_detail import ReturnDetail  # noqa: PLC0415
        from ..models.return_event import ReturnEvent  # noqa: PLC0415

        d = dict(src_dict)
        detail = ReturnDetail.from_dict(d.pop("detail"))

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = Finding.from_dict(findings_item_data)

            findings.append(findings_item)

        cleared = cast(list[int], d.pop("cleared"))

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = ReturnEvent.from_dict(events_item_data)

            events.append(events_item)

        actions = []
        _actions = d.pop("actions")
        for actions_item_data in _actions:
            actions_item = ReturnAction(actions_item_data)

            actions.append(actions_item)

        review = cls(
            detail=detail,
            findings=findings,
            cleared=cleared,
            events=events,
            actions=actions,
        )

        review.additional_properties = d
        return review

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
