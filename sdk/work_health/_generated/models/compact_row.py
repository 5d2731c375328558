from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.comparison_method import ComparisonMethod
from ..models.confidence import Confidence
from ..models.marker import Marker
from ..models.row_role import RowRole
from ..models.status import Status
from ..models.verdict import Verdict

T = TypeVar("T", bound="CompactRow")


@_attrs_define(repr=False)
class CompactRow(ContractStruct):
    """A figure, or one of its comparators, in the columns that a person needs."""

    role: RowRole
    """ The meaning of a row of a table. """
    comparator_of: None | str
    """ In the row of a comparator: the area of the figure that it belongs to. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    measure_label: str
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    period_label: str
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    area_label: str
    breakdown: str
    """ As `dimension:category`, two of them with a blank between; empty for the total. """
    breakdown_label: str
    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    lower: float | None
    """ Lower limit of the 95 % confidence interval. """
    upper: float | None
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    status: None | Status
    markers: list[Marker]
    reason: None | str
    complete: bool | None
    error_95: float | None = None
    """ In a release: the true value is within this of `value` in 95 % of roundings. """
    verdict: None | Verdict = None
    """ In the row of a comparator: how the figure compares with it. """
    verdict_confidence: Confidence | None = None
    verdict_method: ComparisonMethod | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        role = self.role.value

        comparator_of: None | str
        comparator_of = self.comparator_of

        measure = self.measure

        measure_label = self.measure_label

        series = self.series

        period = self.period

        period_label = self.period_label

        area = self.area

        area_label = self.area_label

        breakdown = self.breakdown

        breakdown_label = self.breakdown_label

        value: float | None
        value = self.value

        lower_bound: float | None
        lower_bound = self.lower_bound

        upper_bound: float | None
        upper_bound = self.upper_bound

        lower: float | None
        lower = self.lower

        upper: float | None
        upper = self.upper

        unit = self.unit

        status: None | str
        if isinstance(self.status, Status):
            status = self.status.value
        else:
            status = self.status

        markers = []
        for markers_item_data in self.markers:
            markers_item = markers_item_data.value
            markers.append(markers_item)

        reason: None | str
        reason = self.reason

        complete: bool | None
        complete = self.complete

        error_95: float | None
        if self.error_95 is None:
            error_95 = None
        else:
            error_95 = self.error_95

        verdict: None | str
        if self.verdict is None:
            verdict = None
        elif isinstance(self.verdict, Verdict):
            verdict = self.verdict.value
        else:
            verdict = self.verdict

        verdict_confidence: None | str
        if self.verdict_confidence is None:
            verdict_confidence = None
        elif isinstance(self.verdict_confidence, Confidence):
            verdict_confidence = self.verdict_confidence.value
        else:
            verdict_confidence = self.verdict_confidence

        verdict_method: None | str
        if self.verdict_method is None:
            verdict_method = None
        elif isinstance(self.verdict_method, ComparisonMethod):
            verdict_method = self.verdict_method.value
        else:
            verdict_method = self.verdict_method

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "role": role,
                "comparator_of": comparator_of,
                "measure": measure,
                "measure_label": measure_label,
                "series": series,
                "period": period,
                "period_label": period_label,
                "area": area,
                "area_label": area_label,
                "breakdown": breakdown,
                "breakdown_label": breakdown_label,
                "value": value,
                "lower_bound": lower_bound,
                "upper_bound": upper_bound,
                "lower": lower,
                "upper": upper,
                "unit": unit,
                "status": status,
                "markers": markers,
                "reason": reason,
                "complete": complete,
            }
        )
        field_dict["error_95"] = error_95
        field_dict["verdict"] = verdict
        field_dict["verdict_confidence"] = verdict_confidence
        field_dict["verdict_method"] = verdict_method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        role = RowRole(d.pop("role"))

        def _parse_comparator_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        comparator_of = _parse_comparator_of(d.pop("comparator_of"))

        measure = d.pop("measure")

        measure_label = d.pop("measure_label")

        series = d.pop("series")

        period = d.pop("period")

        period_label = d.pop("period_label")

        area = d.pop("area")

        area_label = d.pop("area_label")

        breakdown = d.pop("breakdown")

        breakdown_label = d.pop("breakdown_label")

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        def _parse_lower_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower_bound = _parse_lower_bound(d.pop("lower_bound"))

        def _parse_upper_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper_bound = _parse_upper_bound(d.pop("upper_bound"))

        def _parse_lower(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower = _parse_lower(d.pop("lower"))

        def _parse_upper(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper = _parse_upper(d.pop("upper"))

        unit = d.pop("unit")

        def _parse_status(data: object) -> None | Status:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = Status(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Status, data)

        status = _parse_status(d.pop("status"))

        markers = []
        _markers = d.pop("markers")
        for markers_item_data in _markers:
            markers_item = Marker(markers_item_data)

            markers.append(markers_item)

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_complete(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        complete = _parse_complete(d.pop("complete"))

        def _parse_error_95(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        error_95 = _parse_error_95(d.pop("error_95", None))

        def _parse_verdict(data: object) -> None | Verdict:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_0 = Verdict(data)

                return verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Verdict, data)

        verdict = _parse_verdict(d.pop("verdict", None))

        def _parse_verdict_confidence(data: object) -> Confidence | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_confidence_type_0 = Confidence(data)

                return verdict_confidence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Confidence | None, data)

        verdict_confidence = _parse_verdict_confidence(d.pop("verdict_confidence", None))

        def _parse_verdict_method(data: object) -> ComparisonMethod | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_method_type_0 = ComparisonMethod(data)

                return verdict_method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ComparisonMethod | None, data)

        verdict_method = _parse_verdict_method(d.pop("verdict_method", None))

        compact_row = cls(
            role=role,
            comparator_of=comparator_of,
            measure=measure,
            measure_label=measure_label,
            series=series,
            period=period,
            period_label=period_label,
            area=area,
            area_label=area_label,
            breakdown=breakdown,
            breakdown_label=breakdown_label,
            value=value,
            lower_bound=lower_bound,
            upper_bound=upper_bound,
            lower=lower,
            upper=upper,
            unit=unit,
            status=status,
            markers=markers,
            reason=reason,
            complete=complete,
            error_95=error_95,
            verdict=verdict,
            verdict_confidence=verdict_confidence,
            verdict_method=verdict_method,
        )

        compact_row.additional_properties = d
        return compact_row

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
