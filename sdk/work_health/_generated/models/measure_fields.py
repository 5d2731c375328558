from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.baseline import Baseline
    from ..models.direction import Direction
    from ..models.plan_reference import PlanReference
    from ..models.target import Target


T = TypeVar("T", bound="MeasureFields")


@_attrs_define(repr=False, kw_only=True)
class MeasureFields(ContractStruct):
    """The plan's statements about one measure: the fields that preview and released progress share."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    title: str
    """ The plan's exact words. """
    plan_references: list[PlanReference]
    direction: Direction
    """ The direction of improvement, with its basis. """
    baseline: Baseline | None
    """ Null if the plan states none. """
    targets: list[Target]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.baseline import Baseline  # noqa: PLC0415

        measure = self.measure

        label = self.label

        title = self.title

        plan_references = []
        for plan_references_item_data in self.plan_references:
            plan_references_item = plan_references_item_data.to_dict()
            plan_references.append(plan_references_item)

        direction = self.direction.to_dict()

        baseline: dict[str, Any] | None
        if isinstance(self.baseline, Baseline):
            baseline = self.baseline.to_dict()
        else:
            baseline = self.baseline

        targets = []
        for targets_item_data in self.targets:
            targets_item = targets_item_data.to_dict()
            targets.append(targets_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "label": label,
                "title": title,
                "plan_references": plan_references,
                "direction": direction,
                "baseline": baseline,
                "targets": targets,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        measure_fields = cls(**cls._parse_fields(d))
        measure_fields.additional_properties = d
        return measure_fields

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.baseline import Baseline  # noqa: PLC0415
        from ..models.direction import Direction  # noqa: PLC0415
        from ..models.plan_reference import PlanReference  # noqa: PLC0415
        from ..models.target import Target  # noqa: PLC0415

        measure = d.pop("measure")

        label = d.pop("label")

        title = d.pop("title")

        plan_references = []
        _plan_references = d.pop("plan_references")
        for plan_references_item_data in _plan_references:
            plan_references_item = PlanReference.from_dict(plan_references_item_data)

            plan_references.append(plan_references_item)

        direction = Direction.from_dict(d.pop("direction"))

        def _parse_baseline(data: object) -> Baseline | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                baseline_type_0 = Baseline.from_dict(data)

                return baseline_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Baseline | None, data)

        baseline = _parse_baseline(d.pop("baseline"))

        targets = []
        _targets = d.pop("targets")
        for targets_item_data in _targets:
            targets_item = Target.from_dict(targets_item_data)

            targets.append(targets_item)

        return {
            "measure": measure,
            "label": label,
            "title": title,
            "plan_references": plan_references,
            "direction": direction,
            "baseline": baseline,
            "targets": targets,
        }

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
