from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Scheme")


@_attrs_define(repr=False)
class Scheme(ContractStruct):
    """A breakdown in which a measure is collected: by area and at most two dimensions."""

    dimensions: list[str]
    exclusive: bool
    """ True if no person is in two categories. """
    exhaustive: bool
    """ True if everybody is in a category, including `unknown`. """
    finest_level: str
    """ The finest area level at which it is collected. """
    required: bool | None = True
    """ False if a return may leave it out: its cells are accepted and never missing. """

    def to_dict(self) -> dict[str, Any]:
        dimensions = self.dimensions

        exclusive = self.exclusive

        exhaustive = self.exhaustive

        finest_level = self.finest_level

        required = self.required

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "dimensions": dimensions,
                "exclusive": exclusive,
                "exhaustive": exhaustive,
                "finest_level": finest_level,
            }
        )
        if required is not None:
            field_dict["required"] = required

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        dimensions = cast(list[str], d.pop("dimensions"))

        exclusive = d.pop("exclusive")

        exhaustive = d.pop("exhaustive")

        finest_level = d.pop("finest_level")

        required = d.pop("required", True)

        scheme = cls(
            dimensions=dimensions,
            exclusive=exclusive,
            exhaustive=exhaustive,
            finest_level=finest_level,
            required=required,
        )

        return scheme
