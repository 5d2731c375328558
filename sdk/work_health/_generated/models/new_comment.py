from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="NewComment")


@_attrs_define(repr=False)
class NewComment(ContractStruct):
    """A comment on one revision, the newest or an older one. Only the organisation and reviewers can read it."""

    revision: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        text = self.text

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "revision": revision,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        revision = d.pop("revision")

        text = d.pop("text")

        new_comment = cls(
            revision=revision,
            text=text,
        )

        return new_comment
