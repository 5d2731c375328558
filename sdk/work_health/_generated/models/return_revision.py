from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.return_kind import ReturnKind
from ..models.review_state import ReviewState

if TYPE_CHECKING:
    from ..models.period import Period


T = TypeVar("T", bound="ReturnRevision")


@_attrs_define(repr=False)
class ReturnRevision(ContractStruct):
    """A revision of a return, without its cells."""

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
    kind: ReturnKind
    """ `data` has figures; `nil` states that there was nothing to count; `withdrawn` withdraws the return. """
    revision: int
    state: ReviewState
    """ The review state of a revision.

        A newer revision supersedes one that is not approved. The approval of a newer revision supersedes an
    approved one. """
    approved_revision: int | None
    """ The approved revision. A newer correction may be pending. """
    cells: int
    """ How many observations the revision has. """
    submission: UUID
    recorded_at: datetime.datetime
    """ RFC 3339 with an offset. """
    note: None | str
    rounded_to: int | None = None
    """ The counts are rounded to the nearest multiple of this. Sums are then checked within the tolerance that
    follows, and figures have bounds. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        measure = self.measure

        series = self.series

        service = self.service

        period = self.period.to_dict()

        kind = self.kind.value

        revision = self.revision

        state = self.state.value

        approved_revision: int | None
        approved_revision = self.approved_revision

        cells = self.cells

        submission = str(self.submission)

        recorded_at = self.recorded_at.isoformat()

        note: None | str
        note = self.note

        rounded_to: int | None
        if self.rounded_to is None:
            rounded_to = None
        else:
            rounded_to = self.rounded_to

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "organisation": organisation,
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "kind": kind,
                "revision": revision,
                "state": state,
                "approved_revision": approved_revision,
                "cells": cells,
                "submission": submission,
                "recorded_at": recorded_at,
                "note": note,
            }
        )
        field_dict["rounded_to"] = rounded_to

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        organisation = d.pop("organisation")

        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = Period.from_dict(d.pop("period"))

        kind = ReturnKind(d.pop("kind"))

        revision = d.pop("revision")

        state = ReviewState(d.pop("state"))

        def _parse_approved_revision(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        approved_revision = _parse_approved_revision(d.pop("approved_revision"))

        cells = d.pop("cells")

        submission = UUID(d.pop("submission"))

        recorded_at = datetime.datetime.fromisoformat(d.pop("recorded_at"))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        def _parse_rounded_to(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rounded_to = _parse_rounded_to(d.pop("rounded_to", None))

        return_revision = cls(
            organisation=organisation,
            measure=measure,
            series=series,
            service=service,
            period=period,
            kind=kind,
            revision=revision,
            state=state,
            approved_revision=approved_revision,
            cells=cells,
            submission=submission,
            recorded_at=recorded_at,
            note=note,
            rounded_to=rounded_to,
        )

        return_revision.additional_properties = d
        return return_revision

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
