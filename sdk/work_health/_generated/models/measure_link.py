from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

T = TypeVar("T", bound="MeasureLink")


@_attrs_define(repr=False)
class MeasureLink(ContractStruct):
    """A link from the logic model to a measure that has no output or outcome node."""

    source: None | str
    """ The node that leads to the measure; null if the plan names none. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    quote: str
    """ The plan's exact words. """

    def to_dict(self) -> dict[str, Any]:
        source: None | str
        source = self.source

        measure = self.measure

        basis = self.basis.value

        quote = self.quote

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "measure": measure,
                "basis": basis,
                "quote": quote,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_source(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        source = _parse_source(d.pop("source"))

        measure = d.pop("measure")

        basis = Basis(d.pop("basis"))

        quote = d.pop("quote")

        measure_link = cls(
            source=source,
            measure=measure,
            basis=basis,
            quote=quote,
        )

        return measure_link
