from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.operation import Operation

T = TypeVar("T", bound="Formula")


@_attrs_define(repr=False)
class Formula(ContractStruct):
    """The formula of a derived series."""

    operation: Operation
    """ How a derived series is calculated from other measures.

        `sum` adds. `union` counts distinct people or employers, so its value has bounds. `difference` subtracts the
    second
        of two proportions from the first. If one `contains` the other, it is the whole and the other its part. """
    measures: list[str]

    def to_dict(self) -> dict[str, Any]:
        operation = self.operation.value

        measures = self.measures

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "operation": operation,
                "measures": measures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        operation = Operation(d.pop("operation"))

        measures = cast(list[str], d.pop("measures"))

        formula = cls(
            operation=operation,
            measures=measures,
        )

        return formula
