from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.transformation import Transformation

if TYPE_CHECKING:
    from ..models.disparity import Disparity
    from ..models.group_figure import GroupFigure
    from ..models.period import Period


T = TypeVar("T", bound="InequalityFields")


@_attrs_define(repr=False, kw_only=True)
class InequalityFields(ContractStruct):
    """The fields that preview and released inequality share."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    period: Period
    """ A span of whole days with its code. """
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    dimension: str
    """ A kebab-case code. It never changes once it is in use. """
    category: str
    """ A kebab-case code. It never changes once it is in use. """
    reference_category: str
    """ A kebab-case code. It never changes once it is in use. """
    groups: list[GroupFigure]
    """ Every category, in the order of the dimension. """
    gap: Disparity
    """ One measure of inequality with its intervals. """
    ratio: Disparity
    """ One measure of inequality with its intervals. """
    slope_index: Disparity
    """ One measure of inequality with its intervals. """
    relative_index: Disparity
    """ One measure of inequality with its intervals. """
    transformation: None | Transformation = None
    """ The transformation of both indices; null if they do not exist. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        measure = self.measure

        series = self.series

        unit = self.unit

        period = self.period.to_dict()

        area = self.area

        dimension = self.dimension

        category = self.category

        reference_category = self.reference_category

        groups = []
        for groups_item_data in self.groups:
            groups_item = groups_item_data.to_dict()
            groups.append(groups_item)

        gap = self.gap.to_dict()

        ratio = self.ratio.to_dict()

        slope_index = self.slope_index.to_dict()

        relative_index = self.relative_index.to_dict()

        transformation: None | str
        if self.transformation is None:
            transformation = None
        elif isinstance(self.transformation, Transformation):
            transformation = self.transformation.value
        else:
            transformation = self.transformation

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "measure": measure,
                "series": series,
                "unit": unit,
                "period": period,
                "area": area,
                "dimension": dimension,
                "category": category,
                "reference_category": reference_category,
                "groups": groups,
                "gap": gap,
                "ratio": ratio,
                "slope_index": slope_index,
                "relative_index": relative_index,
            }
        )
        field_dict["transformation"] = transformation

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        inequality_fields = cls(**cls._parse_fields(d))
        inequality_fields.additional_properties = d
        return inequality_fields

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.disparity import Disparity  # noqa: PLC0415
        from ..models.group_figure import GroupFigure  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        measure = d.pop("measure")

        series = d.pop("series")

        unit = d.pop("unit")

        period = Period.from_dict(d.pop("period"))

        area = d.pop("area")

        dimension = d.pop("dimension")

        category = d.pop("category")

        reference_category = d.pop("reference_category")

        groups = []
        _groups = d.pop("groups")
        for groups_item_data in _groups:
            groups_item = GroupFigure.from_dict(groups_item_data)

            groups.append(groups_item)

        gap = Disparity.from_dict(d.pop("gap"))

        ratio = Disparity.from_dict(d.pop("ratio"))

        slope_index = Disparity.from_dict(d.pop("slope_index"))

        relative_index = Disparity.from_dict(d.pop("relative_index"))

        def _parse_transformation(data: object) -> None | Transformation:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                transformation_type_0 = Transformation(data)

                return transformation_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Transformation, data)

        transformation = _parse_transformation(d.pop("transformation", None))

        return {
            "programme": programme,
            "plan_version": plan_version,
            "measure": measure,
            "series": series,
            "unit": unit,
            "period": period,
            "area": area,
            "dimension": dimension,
            "category": category,
            "reference_category": reference_category,
            "groups": groups,
            "gap": gap,
            "ratio": ratio,
            "slope_index": slope_index,
            "relative_index": relative_index,
            "transformation": transformation,
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
