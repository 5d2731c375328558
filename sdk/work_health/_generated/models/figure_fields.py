from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.interval_method import IntervalMethod
from ..models.marker import Marker
from ..models.measure_kind import MeasureKind
from ..models.status import Status

if TYPE_CHECKING:
    from ..models.comparator import Comparator
    from ..models.coverage import Coverage
    from ..models.figure_fields_breakdown import FigureFieldsBreakdown
    from ..models.movement import Movement
    from ..models.period import Period
    from ..models.population_used import PopulationUsed
    from ..models.published_source import PublishedSource
    from ..models.target_verdict import TargetVerdict
    from ..models.trend import Trend


T = TypeVar("T", bound="FigureFields")


@_attrs_define(repr=False, kw_only=True)
class FigureFields(ContractStruct):
    """The fields that preview figures and published figures share."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    kind: MeasureKind
    """ How the figures of a measure combine over time, organisations and categories. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    period: Period
    """ A span of whole days with its code. """
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    breakdown: FigureFieldsBreakdown
    value: float | None
    """ A count, or a percentage for a proportion. Releases state it as displayed. """
    lower_bound: float | None
    """ What was returned adds up to at least this. What is missing is in `coverage`, and how exact a survey is, in
    `lower` and `upper`. """
    upper_bound: float | None
    """ What was returned adds up to at most this; null if unbounded. """
    largest_error: float | None
    """ The largest possible difference between `value` and what was returned. """
    numerator: float | None
    """ The numerator of a ratio. Releases state it as displayed. """
    denominator: float | None
    lower: float | None
    """ Lower limit of the 95 % confidence interval. For rounded counts, the interval is the widest that the true
    counts allow. """
    upper: float | None
    lower_99_8: float | None
    """ Lower limit of the 99.8 % confidence interval. """
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    status: None | Status
    """ Why there is no number. """
    markers: list[Marker]
    reason: None | str
    """ A machine-readable code for the status. """
    coverage: Coverage
    """ The returns behind a figure. `received` is at most `expected`: both count the same duties. """
    comparators: list[Comparator]
    trend: None | Trend
    movement: Movement | None
    target: None | TargetVerdict
    alternatives: None | str = None
    """ If this query has no answer: similar queries that have one. """
    source: None | PublishedSource = None
    """ The source of a published statistic; null for partners' returns. """
    complete: bool | None = None
    """ True if every return that an organisation owes is counted, and a gap leaves out no source. A duty that is
    not assigned to an organisation is not owed. Null in releases that did not record it. """
    population: None | PopulationUsed = None
    """ With `form`: the population by which the count was divided. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.movement import Movement  # noqa: PLC0415
        from ..models.population_used import PopulationUsed  # noqa: PLC0415
        from ..models.published_source import PublishedSource  # noqa: PLC0415
        from ..models.target_verdict import TargetVerdict  # noqa: PLC0415
        from ..models.trend import Trend  # noqa: PLC0415

        measure = self.measure

        series = self.series

        kind = self.kind.value

        unit = self.unit

        period = self.period.to_dict()

        area = self.area

        breakdown = self.breakdown.to_dict()

        value: float | None
        value = self.value

        lower_bound: float | None
        lower_bound = self.lower_bound

        upper_bound: float | None
        upper_bound = self.upper_bound

        largest_error: float | None
        largest_error = self.largest_error

        numerator: float | None
        numerator = self.numerator

        denominator: float | None
        denominator = self.denominator

        lower: float | None
        lower = self.lower

        upper: float | None
        upper = self.upper

        lower_99_8: float | None
        lower_99_8 = self.lower_99_8

        upper_99_8: float | None
        upper_99_8 = self.upper_99_8

        interval_method: None | str
        if isinstance(self.interval_method, IntervalMethod):
            interval_method = self.interval_method.value
        else:
            interval_method = self.interval_method

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

        coverage = self.coverage.to_dict()

        comparators = []
        for comparators_item_data in self.comparators:
            comparators_item = comparators_item_data.to_dict()
            comparators.append(comparators_item)

        trend: dict[str, Any] | None
        if isinstance(self.trend, Trend):
            trend = self.trend.to_dict()
        else:
            trend = self.trend

        movement: dict[str, Any] | None
        if isinstance(self.movement, Movement):
            movement = self.movement.to_dict()
        else:
            movement = self.movement

        target: dict[str, Any] | None
        if isinstance(self.target, TargetVerdict):
            target = self.target.to_dict()
        else:
            target = self.target

        alternatives: None | str
        if self.alternatives is None:
            alternatives = None
        else:
            alternatives = self.alternatives

        source: dict[str, Any] | None
        if self.source is None:
            source = None
        elif isinstance(self.source, PublishedSource):
            source = self.source.to_dict()
        else:
            source = self.source

        complete: bool | None
        if self.complete is None:
            complete = None
        else:
            complete = self.complete

        population: dict[str, Any] | None
        if self.population is None:
            population = None
        elif isinstance(self.population, PopulationUsed):
            population = self.population.to_dict()
        else:
            population = self.population

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "series": series,
                "kind": kind,
                "unit": unit,
                "period": period,
                "area": area,
                "breakdown": breakdown,
                "value": value,
                "lower_bound": lower_bound,
                "upper_bound": upper_bound,
                "largest_error": largest_error,
                "numerator": numerator,
                "denominator": denominator,
                "lower": lower,
                "upper": upper,
                "lower_99_8": lower_99_8,
                "upper_99_8": upper_99_8,
                "interval_method": interval_method,
                "status": status,
                "markers": markers,
                "reason": reason,
                "coverage": coverage,
                "comparators": comparators,
                "trend": trend,
                "movement": movement,
                "target": target,
            }
        )
        field_dict["alternatives"] = alternatives
        field_dict["source"] = source
        field_dict["complete"] = complete
        field_dict["population"] = population

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        figure_fields = cls(**cls._parse_fields(d))
        figure_fields.additional_properties = d
        return figure_fields

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.comparator import Comparator  # noqa: PLC0415
        from ..models.coverage import Coverage  # noqa: PLC0415
        from ..models.figure_fields_breakdown import FigureFieldsBreakdown  # noqa: PLC0415
        from ..models.movement import Movement  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415
        from ..models.population_used import PopulationUsed  # noqa: PLC0415
        from ..models.published_source import PublishedSource  # noqa: PLC0415
        from ..models.target_verdict import TargetVerdict  # noqa: PLC0415
        from ..models.trend import Trend  # noqa: PLC0415

        measure = d.pop("measure")

        series = d.pop("series")

        kind = MeasureKind(d.pop("kind"))

        unit = d.pop("unit")

        period = Period.from_dict(d.pop("period"))

        area = d.pop("area")

        breakdown = FigureFieldsBreakdown.from_dict(d.pop("breakdown"))

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

        def _parse_largest_error(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        largest_error = _parse_largest_error(d.pop("largest_error"))

        def _parse_numerator(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        numerator = _parse_numerator(d.pop("numerator"))

        def _parse_denominator(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        denominator = _parse_denominator(d.pop("denominator"))

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

        def _parse_lower_99_8(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower_99_8 = _parse_lower_99_8(d.pop("lower_99_8"))

        def _parse_upper_99_8(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper_99_8 = _parse_upper_99_8(d.pop("upper_99_8"))

        def _parse_interval_method(data: object) -> IntervalMethod | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                interval_method_type_0 = IntervalMethod(data)

                return interval_method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(IntervalMethod | None, data)

        interval_method = _parse_interval_method(d.pop("interval_method"))

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

        coverage = Coverage.from_dict(d.pop("coverage"))

        comparators = []
        _comparators = d.pop("comparators")
        for comparators_item_data in _comparators:
            comparators_item = Comparator.from_dict(comparators_item_data)

            comparators.append(comparators_item)

        def _parse_trend(data: object) -> None | Trend:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                trend_type_0 = Trend.from_dict(data)

                return trend_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Trend, data)

        trend = _parse_trend(d.pop("trend"))

        def _parse_movement(data: object) -> Movement | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                movement_type_0 = Movement.from_dict(data)

                return movement_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Movement | None, data)

        movement = _parse_movement(d.pop("movement"))

        def _parse_target(data: object) -> None | TargetVerdict:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                target_type_0 = TargetVerdict.from_dict(data)

                return target_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TargetVerdict, data)

        target = _parse_target(d.pop("target"))

        def _parse_alternatives(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        alternatives = _parse_alternatives(d.pop("alternatives", None))

        def _parse_source(data: object) -> None | PublishedSource:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                source_type_0 = PublishedSource.from_dict(data)

                return source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublishedSource, data)

        source = _parse_source(d.pop("source", None))

        def _parse_complete(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        complete = _parse_complete(d.pop("complete", None))

        def _parse_population(data: object) -> None | PopulationUsed:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                population_type_0 = PopulationUsed.from_dict(data)

                return population_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PopulationUsed, data)

        population = _parse_population(d.pop("population", None))

        return {
            "measure": measure,
            "series": series,
            "kind": kind,
            "unit": unit,
            "period": period,
            "area": area,
            "breakdown": breakdown,
            "value": value,
            "lower_bound": lower_bound,
            "upper_bound": upper_bound,
            "largest_error": largest_error,
            "numerator": numerator,
            "denominator": denominator,
            "lower": lower,
            "upper": upper,
            "lower_99_8": lower_99_8,
            "upper_99_8": upper_99_8,
            "interval_method": interval_method,
            "status": status,
            "markers": markers,
            "reason": reason,
            "coverage": coverage,
            "comparators": comparators,
            "trend": trend,
            "movement": movement,
            "target": target,
            "alternatives": alternatives,
            "source": source,
            "complete": complete,
            "population": population,
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
