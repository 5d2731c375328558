from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.disclosure_class import DisclosureClass
from ..models.measure_kind import MeasureKind
from ..models.outcome_form import OutcomeForm
from ..models.period_type import PeriodType

if TYPE_CHECKING:
    from ..models.scheme import Scheme
    from ..models.series_availability import SeriesAvailability


T = TypeVar("T", bound="MeasureAvailability")


@_attrs_define(repr=False)
class MeasureAvailability(ContractStruct):
    """The queries that one measure allows."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    theme: str
    """ A kebab-case code. It never changes once it is in use. """
    kind: MeasureKind
    """ How the figures of a measure combine over time, organisations and categories. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    disclosure_class: DisclosureClass
    """ The rule that protects a measure when it is released. """
    series: list[SeriesAvailability]
    period_type: PeriodType
    """ The type of a period, such as a month or a financial year. """
    periods: list[str]
    """ The periods of its returns within the programme; empty for snapshots, which can be of any day. """
    period_types: list[PeriodType]
    """ The period types that can be added up from the periods of its returns. """
    area_family: str
    """ A kebab-case code. It never changes once it is in use. """
    finest_level: str
    """ The finest area level at which its total is collected. """
    schemes: list[Scheme]
    """ The breakdowns that `group_by` and `breakdown` accept. """
    forms: list[OutcomeForm]
    """ The values that `form` accepts; none if the plan declares no population. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        label = self.label

        theme = self.theme

        kind = self.kind.value

        unit = self.unit

        disclosure_class = self.disclosure_class.value

        series = []
        for series_item_data in self.series:
            series_item = series_item_data.to_dict()
            series.append(series_item)

        period_type = self.period_type.value

        periods = self.periods

        period_types = []
        for period_types_item_data in self.period_types:
            period_types_item = period_types_item_data.value
            period_types.append(period_types_item)

        area_family = self.area_family

        finest_level = self.finest_level

        schemes = []
        for schemes_item_data in self.schemes:
            schemes_item = schemes_item_data.to_dict()
            schemes.append(schemes_item)

        forms = []
        for forms_item_data in self.forms:
            forms_item = forms_item_data.value
            forms.append(forms_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "label": label,
                "theme": theme,
                "kind": kind,
                "unit": unit,
                "disclosure_class": disclosure_class,
                "series": series,
                "period_type": period_type,
                "periods": periods,
                "period_types": period_types,
                "area_family": area_family,
                "finest_level": finest_level,
                "schemes": schemes,
                "forms": forms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.scheme import Scheme  # noqa: PLC0415
        from ..models.series_availability import SeriesAvailability  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        label = d.pop("label")

        theme = d.pop("theme")

        kind = MeasureKind(d.pop("kind"))

        unit = d.pop("unit")

        disclosure_class = DisclosureClass(d.pop("disclosure_class"))

        series = []
        _series = d.pop("series")
        for series_item_data in _series:
            series_item = SeriesAvailability.from_dict(series_item_data)

            series.append(series_item)

        period_type = PeriodType(d.pop("period_type"))

        periods = cast(list[str], d.pop("periods"))

        period_types = []
        _period_types = d.pop("period_types")
        for period_types_item_data in _period_types:
            period_types_item = PeriodType(period_types_item_data)

            period_types.append(period_types_item)

        area_family = d.pop("area_family")

        finest_level = d.pop("finest_level")

        schemes = []
        _schemes = d.pop("schemes")
        for schemes_item_data in _schemes:
            schemes_item = Scheme.from_dict(schemes_item_data)

            schemes.append(schemes_item)

        forms = []
        _forms = d.pop("forms")
        for forms_item_data in _forms:
            forms_item = OutcomeForm(forms_item_data)

            forms.append(forms_item)

        measure_availability = cls(
            measure=measure,
            label=label,
            theme=theme,
            kind=kind,
            unit=unit,
            disclosure_class=disclosure_class,
            series=series,
            period_type=period_type,
            periods=periods,
            period_types=period_types,
            area_family=area_family,
            finest_level=finest_level,
            schemes=schemes,
            forms=forms,
        )

        measure_availability.additional_properties = d
        return measure_availability

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
