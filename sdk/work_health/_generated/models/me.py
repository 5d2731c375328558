from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.grant import Grant


T = TypeVar("T", bound="Me")


@_attrs_define(repr=False)
class Me(ContractStruct):
    """The caller and its grants."""

    client: str
    """ The name that the key was issued under. """
    person: str
    """ The person that the key was issued to. """
    key: str
    """ The key's public part, which is safe to write down. """
    created_at: datetime.datetime
    """ RFC 3339 with an offset. """
    expires_at: datetime.datetime
    """ RFC 3339 with an offset. """
    expires_soon: bool
    """ True in the last 30 days of the key: create another one. """
    last_used_at: datetime.datetime | None
    """ The time of the last use before this call, to the minute. """
    grants: list[Grant]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        client = self.client

        person = self.person

        key = self.key

        created_at = self.created_at.isoformat()

        expires_at = self.expires_at.isoformat()

        expires_soon = self.expires_soon

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "client": client,
                "person": person,
                "key": key,
                "created_at": created_at,
                "expires_at": expires_at,
                "expires_soon": expires_soon,
                "last_used_at": last_used_at,
                "grants": grants,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.grant import Grant  # noqa: PLC0415

        d = dict(src_dict)
        client = d.pop("client")

        person = d.pop("person")

        key = d.pop("key")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        expires_soon = d.pop("expires_soon")

        def _parse_last_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_used_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_used_at = _parse_last_used_at(d.pop("last_used_at"))

        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = Grant.from_dict(grants_item_data)

            grants.append(grants_item)

        me = cls(
            client=client,
            person=person,
            key=key,
            created_at=created_at,
            expires_at=expires_at,
            expires_soon=expires_soon,
            last_used_at=last_used_at,
            grants=grants,
        )

        me.additional_properties = d
        return me

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
