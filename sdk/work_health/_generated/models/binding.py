from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Binding")


@_attrs_define(repr=False)
class Binding(ContractStruct):
    """An organisation that plays a role from a day on, until its last day or the day of the next binding."""

    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    valid_from: datetime.date
    """ It owes each period that ends on this day or later. """
    valid_to: datetime.date | None = None
    """ Its last day in the role, as `end-binding` records it. It owes no period that ends later. """

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        valid_from = self.valid_from.isoformat()

        valid_to: None | str
        if self.valid_to is None:
            valid_to = None
        elif isinstance(self.valid_to, datetime.date):
            valid_to = self.valid_to.isoformat()
        else:
            valid_to = self.valid_to

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "organisation": organisation,
                "valid_from": valid_from,
            }
        )
        field_dict["valid_to"] = valid_to

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        organisation = d.pop("organisation")

        valid_from = datetime.date.fromisoformat(d.pop("valid_from"))

        def _parse_valid_to(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                valid_to_type_0 = datetime.date.fromisoformat(data)

                return valid_to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        valid_to = _parse_valid_to(d.pop("valid_to", None))

        binding = cls(
            organisation=organisation,
            valid_from=valid_from,
            valid_to=valid_to,
        )

        return binding
