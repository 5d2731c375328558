from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.unmodelled_activity import UnmodelledActivity


T = TypeVar("T", bound="LogicModelGaps")


@_attrs_define(repr=False)
class LogicModelGaps(ContractStruct):
    """The gaps of the plan's logic model. They are listed, not filled."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    nodes_without_measure: list[str]
    """ Outputs and outcomes that nothing measures. """
    nodes_without_origin: list[str]
    """ Items after the inputs without an incoming link. """
    nodes_without_effect: list[str]
    """ Items before the impacts without an outgoing link. """
    outcomes_without_activity: list[str]
    """ Outcomes that no activity leads to, even through other items. """
    outcomes_without_output: list[str]
    """ Outcomes that no output leads to, even through other items. """
    activities_without_output: list[str]
    """ Activities that lead to no output. """
    measures_without_node: list[str]
    """ Measures that the plan requires but that have no item in its logic model. """
    measures_without_origin: list[str]
    """ Measures without an item that no activity of the logic model leads to. """
    nodes_without_reference: list[str]
    """ Outputs and outcomes that no bullet under *Measuring impact* mentions. """
    inputs_without_use: list[str]
    """ Inputs that lead to no activity. """
    unmodelled_activities: list[UnmodelledActivity]
    """ Activities in the text of the plan that the logic model does not have. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        nodes_without_measure = self.nodes_without_measure

        nodes_without_origin = self.nodes_without_origin

        nodes_without_effect = self.nodes_without_effect

        outcomes_without_activity = self.outcomes_without_activity

        outcomes_without_output = self.outcomes_without_output

        activities_without_output = self.activities_without_output

        measures_without_node = self.measures_without_node

        measures_without_origin = self.measures_without_origin

        nodes_without_reference = self.nodes_without_reference

        inputs_without_use = self.inputs_without_use

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
                "nodes_without_measure": nodes_without_measure,
                "nodes_without_origin": nodes_without_origin,
                "nodes_without_effect": nodes_without_effect,
                "outcomes_without_activity": outcomes_without_activity,
                "outcomes_without_output": outcomes_without_output,
                "activities_without_output": activities_without_output,
                "measures_without_node": measures_without_node,
                "measures_without_origin": measures_without_origin,
                "nodes_without_reference": nodes_without_reference,
                "inputs_without_use": inputs_without_use,
                "unmodelled_activities": unmodelled_activities,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.unmodelled_activity import UnmodelledActivity  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        nodes_without_measure = cast(list[str], d.pop("nodes_without_measure"))

        nodes_without_origin = cast(list[str], d.pop("nodes_without_origin"))

        nodes_without_effect = cast(list[str], d.pop("nodes_without_effect"))

        outcomes_without_activity = cast(list[str], d.pop("outcomes_without_activity"))

        outcomes_without_output = cast(list[str], d.pop("outcomes_without_output"))

        activities_without_output = cast(list[str], d.pop("activities_without_output"))

        measures_without_node = cast(list[str], d.pop("measures_without_node"))

        measures_without_origin = cast(list[str], d.pop("measures_without_origin"))

        nodes_without_reference = cast(list[str], d.pop("nodes_without_reference"))

        inputs_without_use = cast(list[str], d.pop("inputs_without_use"))

        unmodelled_activities = []
        _unmodelled_activities = d.pop("unmodelled_activities")
        for unmodelled_activities_item_data in _unmodelled_activities:
            unmodelled_activities_item = UnmodelledActivity.from_dict(unmodelled_activities_item_data)

            unmodelled_activities.append(unmodelled_activities_item)

        logic_model_gaps = cls(
            programme=programme,
            plan_version=plan_version,
            nodes_without_measure=nodes_without_measure,
            nodes_without_origin=nodes_without_origin,
            nodes_without_effect=nodes_without_effect,
            outcomes_without_activity=outcomes_without_activity,
            outcomes_without_output=outcomes_without_output,
            activities_without_output=activities_without_output,
            measures_without_node=measures_without_node,
            measures_without_origin=measures_without_origin,
            nodes_without_reference=nodes_without_reference,
            inputs_without_use=inputs_without_use,
            unmodelled_activities=unmodelled_activities,
        )

        logic_model_gaps.additional_properties = d
        return logic_model_gaps

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
