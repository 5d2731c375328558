from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.logic_model_column import LogicModelColumn

T = TypeVar("T", bound="Node")


@_attrs_define(repr=False)
class Node(ContractStruct):
    """An item of the logic model."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    code: str
    column: LogicModelColumn
    """ The columns of a logic model, in order. """
    title: str
    """ The plan's exact words. """
    group: None | str = None
    """ A kebab-case code. It never changes once it is in use. """

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        code = self.code

        column = self.column.value

        title = self.title

        group: None | str
        if self.group is None:
            group = None
        else:
            group = self.group

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "code": code,
                "column": column,
                "title": title,
            }
        )
        field_dict["group"] = group

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        slug = d.pop("slug")

        code = d.pop("code")

        column = LogicModelColumn(d.pop("column"))

        title = d.pop("title")

        def _parse_group(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        group = _parse_group(d.pop("group", None))

        node = cls(
            slug=slug,
            code=code,
            column=column,
            title=title,
            group=group,
        )

        return node
