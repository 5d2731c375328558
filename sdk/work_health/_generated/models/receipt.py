from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

T = TypeVar("T", bound="Receipt")


@_attrs_define(repr=False)
class Receipt(ContractStruct):
    """Proof of the content that was received, and the time."""

    submission: UUID
    content_sha256: str
    """ SHA-256 of the decompressed body. """
    received_at: datetime.datetime
    """ RFC 3339 with an offset. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        submission = str(self.submission)

        content_sha256 = self.content_sha256

        received_at = self.received_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "submission": submission,
                "content_sha256": content_sha256,
                "received_at": received_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        submission = UUID(d.pop("submission"))

        content_sha256 = d.pop("content_sha256")

        received_at = datetime.datetime.fromisoformat(d.pop("received_at"))

        receipt = cls(
            submission=submission,
            content_sha256=content_sha256,
            received_at=received_at,
        )

        receipt.additional_properties = d
        return receipt

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
