from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Document")


@_attrs_define(repr=False)
class Document(ContractStruct):
    """The published plan from which the file was written."""

    title: str
    publisher: str

    def to_dict(self) -> dict[str, Any]:
        title = self.title

        publisher = self.publisher

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "title": title,
                "publisher": publisher,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        title = d.pop("title")

        publisher = d.pop("publisher")

        document = cls(
            title=title,
            publisher=publisher,
        )

        return document
