from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.logic_model_column import LogicModelColumn
from ..models.measure_relation import MeasureRelation

if TYPE_CHECKING:
    from ..models.coverage import Coverage


T = TypeVar("T", bound="NodeOutcomes")


@_attrs_define(repr=False)
class NodeOutcomes(ContractStruct):
    """A node of the logic model with the measures that show its progress."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    code: str
    column: LogicModelColumn
    """ The columns of a logic model, in order. """
    title: str
    """ The plan's exact words. """
    relation: MeasureRelation
    """ How a node's measures relate to it: its own, otherwise those downstream, otherwise those upstream. """
    measures: list[str]
    """ Their figures are in `figures`. """
    coverage: Coverage
    """ The returns behind a figure. `received` is at most `expected`: both count the same duties. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        code = self.code

        column = self.column.value

        title = self.title

        relation = self.relation.value

        measures = self.measures

        coverage = self.coverage.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "slug": slug,
                "code": code,
                "column": column,
                "title": title,
                "relation": relation,
                "measures": measures,
                "coverage": coverage,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.coverage import Coverage  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        code = d.pop("code")

        column = LogicModelColumn(d.pop("column"))

        title = d.pop("title")

        relation = MeasureRelation(d.pop("relation"))

        measures = cast(list[str], d.pop("measures"))

        coverage = Coverage.from_dict(d.pop("coverage"))

        node_outcomes = cls(
            slug=slug,
            code=code,
            column=column,
            title=title,
            relation=relation,
            measures=measures,
            coverage=coverage,
        )

        node_outcomes.additional_properties = d
        return node_outcomes

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
