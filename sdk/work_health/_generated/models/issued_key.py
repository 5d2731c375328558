from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.client_key import ClientKey


T = TypeVar("T", bound="IssuedKey")


@_attrs_define(repr=False)
class IssuedKey(ContractStruct):
    """A new key. This is the only response that contains its secret."""

    secret: str
    """ The complete key, for the `Authorization` header. Store it now. """
    key: ClientKey
    """ A key of the client, without its secret. """
    replaced: ClientKey
    """ A key of the client, without its secret. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        secret = self.secret

        key = self.key.to_dict()

        replaced = self.replaced.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "secret": secret,
                "key": key,
                "replaced": replaced,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.client_key import ClientKey  # noqa: PLC0415

        d = dict(src_dict)
        secret = d.pop("secret")

        key = ClientKey.from_dict(d.pop("key"))

        replaced = ClientKey.from_dict(d.pop("replaced"))

        issued_key = cls(
            secret=secret,
            key=key,
            replaced=replaced,
        )

        issued_key.additional_properties = d
        return issued_key

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
