from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.json_stat_dataset_class import JsonStatDatasetClass
from ..models.json_stat_dataset_version import JsonStatDatasetVersion

if TYPE_CHECKING:
    from ..models.json_stat_dataset_dimension import JsonStatDatasetDimension
    from ..models.json_stat_dataset_status import JsonStatDatasetStatus
    from ..models.json_stat_extension import JsonStatExtension
    from ..models.json_stat_role import JsonStatRole


T = TypeVar("T", bound="JsonStatDataset")


@_attrs_define(repr=False)
class JsonStatDataset(ContractStruct):
    """A JSON-stat 2.0 dataset. A metric is one series of a measure: `measure/series`."""

    version: JsonStatDatasetVersion
    class_: JsonStatDatasetClass
    label: str
    id: list[str]
    size: list[int]
    role: JsonStatRole
    """ Which dimensions are time, geography and metric. """
    dimension: JsonStatDatasetDimension
    value: list[float | None]
    """ In row-major order: the last dimension changes fastest. """
    status: JsonStatDatasetStatus
    """ By position: why a cell has no number, or the markers of its number. """
    extension: JsonStatExtension
    """ Fields that JSON-stat does not define. Their keys are positions in `value`, as those of `status` are. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        version = self.version.value

        class_ = self.class_.value

        label = self.label

        id = self.id

        size = self.size

        role = self.role.to_dict()

        dimension = self.dimension.to_dict()

        value = []
        for value_item_data in self.value:
            value_item: float | None
            value_item = value_item_data
            value.append(value_item)

        status = self.status.to_dict()

        extension = self.extension.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "version": version,
                "class": class_,
                "label": label,
                "id": id,
                "size": size,
                "role": role,
                "dimension": dimension,
                "value": value,
                "status": status,
                "extension": extension,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.json_stat_dataset_dimension import JsonStatDatasetDimension  # noqa: PLC0415
        from ..models.json_stat_dataset_status import JsonStatDatasetStatus  # noqa: PLC0415
        from ..models.json_stat_extension import JsonStatExtension  # noqa: PLC0415
        from ..models.json_stat_role import JsonStatRole  # noqa: PLC0415

        d = dict(src_dict)
        version = JsonStatDatasetVersion(d.pop("version"))

        class_ = JsonStatDatasetClass(d.pop("class"))

        label = d.pop("label")

        id = cast(list[str], d.pop("id"))

        size = cast(list[int], d.pop("size"))

        role = JsonStatRole.from_dict(d.pop("role"))

        dimension = JsonStatDatasetDimension.from_dict(d.pop("dimension"))

        value = []
        _value = d.pop("value")
        for value_item_data in _value:

            def _parse_value_item(data: object) -> float | None:
                if data is None:
                    return data
                return cast(float | None, data)

            value_item = _parse_value_item(value_item_data)

            value.append(value_item)

        status = JsonStatDatasetStatus.from_dict(d.pop("status"))

        extension = JsonStatExtension.from_dict(d.pop("extension"))

        json_stat_dataset = cls(
            version=version,
            class_=class_,
            label=label,
            id=id,
            size=size,
            role=role,
            dimension=dimension,
            value=value,
            status=status,
            extension=extension,
        )

        json_stat_dataset.additional_properties = d
        return json_stat_dataset

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
