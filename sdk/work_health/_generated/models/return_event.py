from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.event_kind import EventKind
from ..models.return_kind import ReturnKind
from ..models.review_state import ReviewState

if TYPE_CHECKING:
    from ..models.period import Period


T = TypeVar("T", bound="ReturnEvent")


@_attrs_define(repr=False)
class ReturnEvent(ContractStruct):
    """Something that happened to a return."""

    id: UUID
    event: EventKind
    """ A kind of event in the history of a revision. """
    at: datetime.datetime
    """ RFC 3339 with an offset. """
    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: Period
    """ A span of whole days with its code. """
    revision: int
    kind: ReturnKind
    """ `data` has figures; `nil` states that there was nothing to count; `withdrawn` withdraws the return. """
    state: None | ReviewState
    """ The revision's state after the event. Null if it did not change. """
    by: str
    """ The organisation that caused the event. """
    text: None | str
    """ The reason, or the comment. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        event = self.event.value

        at = self.at.isoformat()

        organisation = self.organisation

        measure = self.measure

        series = self.series

        service = self.service

        period = self.period.to_dict()

        revision = self.revision

        kind = self.kind.value

        state: None | str
        if isinstance(self.state, ReviewState):
            state = self.state.value
        else:
            state = self.state

        by = self.by

        text: None | str
        text = self.text

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "event": event,
                "at": at,
                "organisation": organisation,
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "revision": revision,
                "kind": kind,
                "state": state,
                "by": by,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        event = EventKind(d.pop("event"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        organisation = d.pop("organisation")

        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = Period.from_dict(d.pop("period"))

        revision = d.pop("revision")

        kind = ReturnKind(d.pop("kind"))

        def _parse_state(data: object) -> None | ReviewState:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                state_type_0 = ReviewState(data)

                return state_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReviewState, data)

        state = _parse_state(d.pop("state"))

        by = d.pop("by")

        def _parse_text(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        text = _parse_text(d.pop("text"))

        return_event = cls(
            id=id,
            event=event,
            at=at,
            organisation=organisation,
            measure=measure,
            series=series,
            service=service,
            period=period,
            revision=revision,
            kind=kind,
            state=state,
            by=by,
            text=text,
        )

        return_event.additional_properties = d
        return return_event

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
