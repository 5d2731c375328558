from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.preview_logic_model_protection import PreviewLogicModelProtection
from ..models.revision_basis import RevisionBasis

if TYPE_CHECKING:
    from ..models.link import Link
    from ..models.measure_link import MeasureLink
    from ..models.node_outcomes import NodeOutcomes
    from ..models.preview_figure import PreviewFigure


T = TypeVar("T", bound="PreviewLogicModel")


@_attrs_define(repr=False)
class PreviewLogicModel(ContractStruct):
    """The logic model with the latest figure of each measure."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    protection: PreviewLogicModelProtection
    revision_basis: RevisionBasis
    """ Which revision of each return counts. """
    nodes: list[NodeOutcomes]
    links: list[Link]
    measure_links: list[MeasureLink]
    figures: list[PreviewFigure]
    """ One for each measure, in the order of the plan. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        protection = self.protection.value

        revision_basis = self.revision_basis.value

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

        figures = []
        for figures_item_data in self.figures:
            figures_item = figures_item_data.to_dict()
            figures.append(figures_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "protection": protection,
                "revision_basis": revision_basis,
                "nodes": nodes,
                "links": links,
                "measure_links": measure_links,
                "figures": figures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.link import Link  # noqa: PLC0415
        from ..models.measure_link import MeasureLink  # noqa: PLC0415
        from ..models.node_outcomes import NodeOutcomes  # noqa: PLC0415
        from ..models.preview_figure import PreviewFigure  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        protection = PreviewLogicModelProtection(d.pop("protection"))

        revision_basis = RevisionBasis(d.pop("revision_basis"))

        nodes = []
        _nodes = d.pop("nodes")
        for nodes_item_data in _nodes:
            nodes_item = NodeOutcomes.from_dict(nodes_item_data)

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

        figures = []
        _figures = d.pop("figures")
        for figures_item_data in _figures:
            figures_item = PreviewFigure.from_dict(figures_item_data)

            figures.append(figures_item)

        preview_logic_model = cls(
            programme=programme,
            plan_version=plan_version,
            protection=protection,
            revision_basis=revision_basis,
            nodes=nodes,
            links=links,
            measure_links=measure_links,
            figures=figures,
        )

        preview_logic_model.additional_properties = d
        return preview_logic_model

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
