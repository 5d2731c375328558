from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="Redaction")


@_attrs_define(repr=False)
class Redaction(ContractStruct):
    """The removal of content that should not have been submitted. One person proposes it, another confirms it."""

    id: UUID
    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    revision: int
    reason: str
    proposed_by: str
    proposed_at: datetime.datetime
    """ RFC 3339 with an offset. """
    confirmed_by: None | str
    confirmed_at: datetime.datetime | None
    """ RFC 3339 with an offset. """
    content_sha256: None | str
    """ The hash of the removed content, once it is removed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        organisation = self.organisation

        measure = self.measure

        series = self.series

        service = self.service

        period = self.period

        revision = self.revision

        reason = self.reason

        proposed_by = self.proposed_by

        proposed_at = self.proposed_at.isoformat()

        confirmed_by: None | str
        confirmed_by = self.confirmed_by

        confirmed_at: None | str
        if isinstance(self.confirmed_at, datetime.datetime):
            confirmed_at = self.confirmed_at.isoformat()
        else:
            confirmed_at = self.confirmed_at

        content_sha256: None | str
        content_sha256 = self.content_sha256

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "organisation": organisation,
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "revision": revision,
                "reason": reason,
                "proposed_by": proposed_by,
                "proposed_at": proposed_at,
                "confirmed_by": confirmed_by,
                "confirmed_at": confirmed_at,
                "content_sha256": content_sha256,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        organisation = d.pop("organisation")

        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = d.pop("period")

        revision = d.pop("revision")

        reason = d.pop("reason")

        proposed_by = d.pop("proposed_by")

        proposed_at = datetime.datetime.fromisoformat(d.pop("proposed_at"))

        def _parse_confirmed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        confirmed_by = _parse_confirmed_by(d.pop("confirmed_by"))

        def _parse_confirmed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                confirmed_at_type_0 = datetime.datetime.fromisoformat(data)

                return confirmed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        confirmed_at = _parse_confirmed_at(d.pop("confirmed_at"))

        def _parse_content_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        content_sha256 = _parse_content_sha256(d.pop("content_sha256"))

        redaction = cls(
            id=id,
            organisation=organisation,
            measure=measure,
            series=series,
            service=service,
            period=period,
            revision=revision,
            reason=reason,
            proposed_by=proposed_by,
            proposed_at=proposed_at,
            confirmed_by=confirmed_by,
            confirmed_at=confirmed_at,
            content_sha256=content_sha256,
        )

        redaction.additional_properties = d
        return redaction

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
