from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Decision")


@_attrs_define(repr=False)
class Decision(ContractStruct):
    """A decision on one revision. If a newer revision exists, the decision is a conflict."""

    revision: int
    text: None | str = None
    """ Only the organisation and reviewers can read it. """

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        text: None | str
        if self.text is None:
            text = None
        else:
            text = self.text

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "revision": revision,
            }
        )
        field_dict["text"] = text

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        revision = d.pop("revision")

        def _parse_text(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        text = _parse_text(d.pop("text", None))

        decision = cls(
            revision=revision,
            text=text,
        )

        return decision
