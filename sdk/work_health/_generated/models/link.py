from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

T = TypeVar("T", bound="Link")


@_attrs_define(repr=False)
class Link(ContractStruct):
    """A link of the logic model, with the sentence of the plan that supports it."""

    source: str
    """ The node at which the link starts. """
    target: str
    """ The node at which the link ends. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    quote: str
    """ The plan's exact words. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        target = self.target

        basis = self.basis.value

        quote = self.quote

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "target": target,
                "basis": basis,
                "quote": quote,
            }
        )
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        source = d.pop("source")

        target = d.pop("target")

        basis = Basis(d.pop("basis"))

        quote = d.pop("quote")

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        link = cls(
            source=source,
            target=target,
            basis=basis,
            quote=quote,
            note=note,
        )

        return link
