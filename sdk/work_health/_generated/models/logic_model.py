from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.link import Link
    from ..models.measure_link import MeasureLink
    from ..models.node import Node
    from ..models.unmodelled_activity import UnmodelledActivity


T = TypeVar("T", bound="LogicModel")


@_attrs_define(repr=False)
class LogicModel(ContractStruct):
    """The logic model of a plan: its nodes and links."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    nodes: list[Node]
    links: list[Link]
    measure_links: list[MeasureLink]
    unmodelled_activities: list[UnmodelledActivity]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        nodes = []
        for nodes_item_data in self.nodes:
            nodes_item = nodes_item_data.to_dict()
            nodes.append(nodes_item)

        links = []
        for links_item_data in self.links:
            links_item = links_item_data.to_dict()
            links.append(links_item)

        measure_links = []
        for measure_links_item_data in self.measure_links:
            measure_links_item = measure_links_item_data.to_dict()
            measure_links.append(measure_links_item)

        unmodelled_activities = []
        for unmodelled_activities_item_data in self.unmodelled_activities:
            unmodelled_activities_item = unmodelled_activities_item_data.to_dict()
            unmodelled_activities.append(unmodelled_activities_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "nodes": nodes,
                "links": links,
                "measure_links": measure_links,
                "unmodelled_activities": unmodelled_activities,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.link import Link  # noqa: PLC0415
        from ..models.measure_link import MeasureLink  # noqa: PLC0415
        from ..models.node import Node  # noqa: PLC0415
        from ..models.unmodelled_activity import UnmodelledActivity  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        nodes = []
        _nodes = d.pop("nodes")
        for nodes_item_data in _nodes:
            nodes_item = Node.from_dict(nodes_item_data)

            nodes.append(nodes_item)

        links = []
        _links = d.pop("links")
        for links_item_data in _links:
            links_item = Link.from_dict(links_item_data)

            links.append(links_item)

        measure_links = []
        _measure_links = d.pop("measure_links")
        for measure_links_item_data in _measure_links:
            measure_links_item = MeasureLink.from_dict(measure_links_item_data)

            measure_links.append(measure_links_item)

        unmodelled_activities = []
        _unmodelled_activities = d.pop("unmodelled_activities")
        for unmodelled_activities_item_data in _unmodelled_activities:
            unmodelled_activities_item = UnmodelledActivity.from_dict(unmodelled_activities_item_data)

            unmodelled_activities.append(unmodelled_activities_item)

        logic_model = cls(
            programme=programme,
            plan_version=plan_version,
            nodes=nodes,
            links=links,
            measure_links=measure_links,
            unmodelled_activities=unmodelled_activities,
        )

        logic_model.additional_properties = d
        return logic_model

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
