from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.feature_type import FeatureType

if TYPE_CHECKING:
    from ..models.feature_properties import FeatureProperties
    from ..models.geometry import Geometry


T = TypeVar("T", bound="Feature")


@_attrs_define(repr=False)
class Feature(ContractStruct):
    """An area with its figure. `geometry` is null if no boundary of the area is loaded."""

    type_: FeatureType
    id: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    geometry: Geometry | None
    properties: FeatureProperties
    """ The columns of the CSV by name, labels included. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.geometry import Geometry  # noqa: PLC0415

        type_ = self.type_.value

        id = self.id

        geometry: dict[str, Any] | None
        if isinstance(self.geometry, Geometry):
            geometry = self.geometry.to_dict()
        else:
            geometry = self.geometry

        properties = self.properties.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "id": id,
                "geometry": geometry,
                "properties": properties,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.feature_properties import FeatureProperties  # noqa: PLC0415
        from ..models.geometry import Geometry  # noqa: PLC0415

        d = dict(src_dict)
        type_ = FeatureType(d.pop("type"))

        id = d.pop("id")

        def _parse_geometry(data: object) -> Geometry | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                geometry_type_0 = Geometry.from_dict(data)

                return geometry_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Geometry | None, data)

        geometry = _parse_geometry(d.pop("geometry"))

        properties = FeatureProperties.from_dict(d.pop("properties"))

        feature = cls(
            type_=type_,
            id=id,
            geometry=geometry,
            properties=properties,
        )

        feature.additional_properties = d
        return feature

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
