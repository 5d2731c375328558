from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Binding")


@_attrs_define(repr=False)
class Binding(ContractStruct):
    """An organisation that plays a role from a day on, until the day of the next binding."""

    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    valid_from: datetime.date
    """ It owes each period that ends on this day or later. """

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        valid_from = self.valid_from.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "organisation": organisation,
                "valid_from": valid_from,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        organisation = d.pop("organisation")

        valid_from = datetime.date.fromisoformat(d.pop("valid_from"))

        binding = cls(
            organisation=organisation,
            valid_from=valid_from,
        )

        return binding
