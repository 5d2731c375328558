from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.area_family import AreaFamily
    from ..models.measure_availability import MeasureAvailability
    from ..models.outcome_format import OutcomeFormat


T = TypeVar("T", bound="Availability")


@_attrs_define(repr=False)
class Availability(ContractStruct):
    """The queries that the plan allows, whether or not there is any data yet, and what the newest release has."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    release: int | None
    """ The newest release; null if there is none. """
    formats: list[OutcomeFormat]
    """ Of released outcomes, which need no key. """
    preview_formats: list[OutcomeFormat]
    """ Of previews, for keys with the scope `review`. """
    period_tokens: list[str]
    families: list[AreaFamily]
    measures: list[MeasureAvailability]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        release: int | None
        release = self.release

        formats = []
        for formats_item_data in self.formats:
            formats_item = formats_item_data.to_dict()
            formats.append(formats_item)

        preview_formats = []
        for preview_formats_item_data in self.preview_formats:
            preview_formats_item = preview_formats_item_data.to_dict()
            preview_formats.append(preview_formats_item)

        period_tokens = self.period_tokens

        families = []
        for families_item_data in self.families:
            families_item = families_item_data.to_dict()
            families.append(families_item)

        measures = []
        for measures_item_data in self.measures:
            measures_item = measures_item_data.to_dict()
            measures.append(measures_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "release": release,
                "formats": formats,
                "preview_formats": preview_formats,
                "period_tokens": period_tokens,
                "families": families,
                "measures": measures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.area_family import AreaFamily  # noqa: PLC0415
        from ..models.measure_availability import MeasureAvailability  # noqa: PLC0415
        from ..models.outcome_format import OutcomeFormat  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        def _parse_release(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        release = _parse_release(d.pop("release"))

        formats = []
        _formats = d.pop("formats")
        for formats_item_data in _formats:
            formats_item = OutcomeFormat.from_dict(formats_item_data)

            formats.append(formats_item)

        preview_formats = []
        _preview_formats = d.pop("preview_formats")
        for preview_formats_item_data in _preview_formats:
            preview_formats_item = OutcomeFormat.from_dict(preview_formats_item_data)

            preview_formats.append(preview_formats_item)

        period_tokens = cast(list[str], d.pop("period_tokens"))

        families = []
        _families = d.pop("families")
        for families_item_data in _families:
            families_item = AreaFamily.from_dict(families_item_data)

            families.append(families_item)

        measures = []
        _measures = d.pop("measures")
        for measures_item_data in _measures:
            measures_item = MeasureAvailability.from_dict(measures_item_data)

            measures.append(measures_item)

        availability = cls(
            programme=programme,
            plan_version=plan_version,
            release=release,
            formats=formats,
            preview_formats=preview_formats,
            period_tokens=period_tokens,
            families=families,
            measures=measures,
        )

        availability.additional_properties = d
        return availability

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
