from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.aim import Aim
from ..models.basis import Basis

T = TypeVar("T", bound="Direction")


@_attrs_define(repr=False)
class Direction(ContractStruct):
    """The direction of improvement, with its basis."""

    aim: Aim
    """ The change of a measure that the plan wants. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """

    def to_dict(self) -> dict[str, Any]:
        aim = self.aim.value

        basis = self.basis.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "aim": aim,
                "basis": basis,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        aim = Aim(d.pop("aim"))

        basis = Basis(d.pop("basis"))

        direction = cls(
            aim=aim,
            basis=basis,
        )

        return direction
