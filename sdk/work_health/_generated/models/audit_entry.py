from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.audit_entry_subject import AuditEntrySubject


T = TypeVar("T", bound="AuditEntry")


@_attrs_define(repr=False)
class AuditEntry(ContractStruct):
    """One action in the audit trail."""

    at: datetime.datetime
    """ RFC 3339 with an offset. """
    action: str
    client: None | str
    """ The client's name; null for the operator. """
    key: None | str
    organisation: None | str
    """ A kebab-case code. It never changes once it is in use. """
    request_id: str
    """ The server's id of the request, or `operator`. """
    client_request_id: None | str
    """ The id that the caller sent as `Client-Request-Id`. """
    subject: AuditEntrySubject
    """ The object of the action. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        action = self.action

        client: None | str
        client = self.client

        key: None | str
        key = self.key

        organisation: None | str
        organisation = self.organisation

        request_id = self.request_id

        client_request_id: None | str
        client_request_id = self.client_request_id

        subject = self.subject.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "action": action,
                "client": client,
                "key": key,
                "organisation": organisation,
                "request_id": request_id,
                "client_request_id": client_request_id,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_entry_subject import AuditEntrySubject  # noqa: PLC0415

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        action = d.pop("action")

        def _parse_client(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        client = _parse_client(d.pop("client"))

        def _parse_key(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        key = _parse_key(d.pop("key"))

        def _parse_organisation(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        organisation = _parse_organisation(d.pop("organisation"))

        request_id = d.pop("request_id")

        def _parse_client_request_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        client_request_id = _parse_client_request_id(d.pop("client_request_id"))

        subject = AuditEntrySubject.from_dict(d.pop("subject"))

        audit_entry = cls(
            at=at,
            action=action,
            client=client,
            key=key,
            organisation=organisation,
            request_id=request_id,
            client_request_id=client_request_id,
            subject=subject,
        )

        audit_entry.additional_properties = d
        return audit_entry

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
