from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Identifier")


@_attrs_define(repr=False)
class Identifier(ContractStruct):
    """An organisation's name in another register."""

    scheme: str
    """ A kebab-case code. It never changes once it is in use. """
    value: str
    verified: bool

    def to_dict(self) -> dict[str, Any]:
        scheme = self.scheme

        value = self.value

        verified = self.verified

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "scheme": scheme,
                "value": value,
                "verified": verified,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scheme = d.pop("scheme")

        value = d.pop("value")

        verified = d.pop("verified")

        identifier = cls(
            scheme=scheme,
            value=value,
            verified=verified,
        )

        return identifier
