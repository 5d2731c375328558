from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.obligation_state import ObligationState
from ..models.return_action import ReturnAction

if TYPE_CHECKING:
    from ..models.extension import Extension
    from ..models.period import Period
    from ..models.review_query import ReviewQuery


T = TypeVar("T", bound="Obligation")


@_attrs_define(repr=False)
class Obligation(ContractStruct):
    """One expected return with its deadlines and its state."""

    holder: str
    """ The organisation, or a role without a named organisation. """
    organisation: None | str
    """ Null while a role has no organisation. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: Period
    """ A span of whole days with its code. """
    state: ObligationState
    """ The state of an expected return. Each request calculates it by the server's clock. """
    due_at: datetime.datetime
    """ The instant from which it is overdue, extensions included. """
    late_from: datetime.datetime
    """ The instant from which it counts as late. """
    closes_at: datetime.datetime | None
    """ The instant from which it is not accepted; null if it is always accepted. """
    extension: Extension | None
    revision: int | None
    """ The newest revision; null before the first. """
    approved_revision: int | None
    missing_cells: int | None
    """ The number of template cells that the newest revision lacks; null before the first revision. """
    query: None | ReviewQuery
    reason: None | str
    """ The reason for an exemption. """
    actions: list[ReturnAction]
    """ The actions that you may do next. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.extension import Extension  # noqa: PLC0415
        from ..models.review_query import ReviewQuery  # noqa: PLC0415

        holder = self.holder

        organisation: None | str
        organisation = self.organisation

        measure = self.measure

        series = self.series

        service = self.service

        period = self.period.to_dict()

        state = self.state.value

        due_at = self.due_at.isoformat()

        late_from = self.late_from.isoformat()

        closes_at: None | str
        if isinstance(self.closes_at, datetime.datetime):
            closes_at = self.closes_at.isoformat()
        else:
            closes_at = self.closes_at

        extension: dict[str, Any] | None
        if isinstance(self.extension, Extension):
            extension = self.extension.to_dict()
        else:
            extension = self.extension

        revision: int | None
        revision = self.revision

        approved_revision: int | None
        approved_revision = self.approved_revision

        missing_cells: int | None
        missing_cells = self.missing_cells

        query: dict[str, Any] | None
        if isinstance(self.query, ReviewQuery):
            query = self.query.to_dict()
        else:
            query = self.query

        reason: None | str
        reason = self.reason

        actions = []
        for actions_item_data in self.actions:
            actions_item = actions_item_data.value
            actions.append(actions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "holder": holder,
                "organisation": organisation,
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "state": state,
                "due_at": due_at,
                "late_from": late_from,
                "closes_at": closes_at,
                "extension": extension,
                "revision": revision,
                "approved_revision": approved_revision,
                "missing_cells": missing_cells,
                "query": query,
                "reason": reason,
                "actions": actions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.extension import Extension  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415
        from ..models.review_query import ReviewQuery  # noqa: PLC0415

        d = dict(src_dict)
        holder = d.pop("holder")

        def _parse_organisation(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        organisation = _parse_organisation(d.pop("organisation"))

        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = Period.from_dict(d.pop("period"))

        state = ObligationState(d.pop("state"))

        due_at = datetime.datetime.fromisoformat(d.pop("due_at"))

        late_from = datetime.datetime.fromisoformat(d.pop("late_from"))

        def _parse_closes_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                closes_at_type_0 = datetime.datetime.fromisoformat(data)

                return closes_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        closes_at = _parse_closes_at(d.pop("closes_at"))

        def _parse_extension(data: object) -> Extension | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                extension_type_0 = Extension.from_dict(data)

                return extension_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Extension | None, data)

        extension = _parse_extension(d.pop("extension"))

        def _parse_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        revision = _parse_revision(d.pop("revision"))

        def _parse_approved_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        approved_revision = _parse_approved_revision(d.pop("approved_revision"))

        def _parse_missing_cells(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        missing_cells = _parse_missing_cells(d.pop("missing_cells"))

        def _parse_query(data: object) -> None | ReviewQuery:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                query_type_0 = ReviewQuery.from_dict(data)

                return query_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReviewQuery, data)

        query = _parse_query(d.pop("query"))

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        actions = []
        _actions = d.pop("actions")
        for actions_item_data in _actions:
            actions_item = ReturnAction(actions_item_data)

            actions.append(actions_item)

        obligation = cls(
            holder=holder,
            organisation=organisation,
            measure=measure,
            series=series,
            service=service,
            period=period,
            state=state,
            due_at=due_at,
            late_from=late_from,
            closes_at=closes_at,
            extension=extension,
            revision=revision,
            approved_revision=approved_revision,
            missing_cells=missing_cells,
            query=query,
            reason=reason,
            actions=actions,
        )

        obligation.additional_properties = d
        return obligation

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
