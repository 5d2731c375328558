from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.marker import Marker
from ..models.status import Status

if TYPE_CHECKING:
    from ..models.figure_limits import FigureLimits
    from ..models.publisher_figure_breakdown import PublisherFigureBreakdown
    from ..models.publisher_trend import PublisherTrend


T = TypeVar("T", bound="PublisherFigure")


@_attrs_define(repr=False)
class PublisherFigure(ContractStruct):
    """One figure of a published statistic, for an area and a breakdown, or the reason why there is none.

    The figure is stored as published and never rolled up.

    """

    area: str
    """ Any area of the plan, including the comparators. """
    breakdown: PublisherFigureBreakdown | None = None
    """ Dimension to category; empty for the total. """
    value: None | str = None
    """ In the measure's unit: 25.3 is 25.3 per cent. """
    limits: list[FigureLimits] | None = None
    """ At most one of each confidence. """
    numerator: None | str = None
    """ A decimal number with exactly the digits that its publisher gives. """
    denominator: None | str = None
    """ A decimal number with exactly the digits that its publisher gives. """
    status: None | Status = None
    markers: list[Marker] | None = None
    note: None | str = None
    trend: None | PublisherTrend = None
    """ The publisher's own trend up to this figure, if it states one. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.publisher_trend import PublisherTrend  # noqa: PLC0415

        area = self.area

        breakdown: dict[str, Any] | None = None
        if self.breakdown is not None:
            breakdown = self.breakdown.to_dict()

        value: None | str
        if self.value is None:
            value = None
        else:
            value = self.value

        limits: list[dict[str, Any]] | None = None
        if self.limits is not None:
            limits = []
            for limits_item_data in self.limits:
                limits_item = limits_item_data.to_dict()
                limits.append(limits_item)

        numerator: None | str
        if self.numerator is None:
            numerator = None
        else:
            numerator = self.numerator

        denominator: None | str
        if self.denominator is None:
            denominator = None
        else:
            denominator = self.denominator

        status: None | str
        if self.status is None:
            status = None
        elif isinstance(self.status, Status):
            status = self.status.value
        else:
            status = self.status

        markers: list[str] | None = None
        if self.markers is not None:
            markers = []
            for markers_item_data in self.markers:
                markers_item = markers_item_data.value
                markers.append(markers_item)

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        trend: dict[str, Any] | None
        if self.trend is None:
            trend = None
        elif isinstance(self.trend, PublisherTrend):
            trend = self.trend.to_dict()
        else:
            trend = self.trend

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "area": area,
            }
        )
        if breakdown is not None:
            field_dict["breakdown"] = breakdown
        field_dict["value"] = value
        if limits is not None:
            field_dict["limits"] = limits
        field_dict["numerator"] = numerator
        field_dict["denominator"] = denominator
        field_dict["status"] = status
        if markers is not None:
            field_dict["markers"] = markers
        field_dict["note"] = note
        field_dict["trend"] = trend

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.figure_limits import FigureLimits  # noqa: PLC0415
        from ..models.publisher_figure_breakdown import PublisherFigureBreakdown  # noqa: PLC0415
        from ..models.publisher_trend import PublisherTrend  # noqa: PLC0415

        d = dict(src_dict)
        area = d.pop("area")

        _breakdown = d.pop("breakdown", None)
        breakdown: PublisherFigureBreakdown | None
        if _breakdown is None:
            breakdown = None
        else:
            breakdown = PublisherFigureBreakdown.from_dict(_breakdown)

        def _parse_value(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        value = _parse_value(d.pop("value", None))

        _limits = d.pop("limits", None)
        limits: list[FigureLimits] | None = None
        if _limits is not None:
            limits = []
            for limits_item_data in _limits:
                limits_item = FigureLimits.from_dict(limits_item_data)

                limits.append(limits_item)

        def _parse_numerator(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        numerator = _parse_numerator(d.pop("numerator", None))

        def _parse_denominator(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        denominator = _parse_denominator(d.pop("denominator", None))

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

        status = _parse_status(d.pop("status", None))

        _markers = d.pop("markers", None)
        markers: list[Marker] | None = None
        if _markers is not None:
            markers = []
            for markers_item_data in _markers:
                markers_item = Marker(markers_item_data)

                markers.append(markers_item)

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        def _parse_trend(data: object) -> None | PublisherTrend:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                trend_type_0 = PublisherTrend.from_dict(data)

                return trend_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublisherTrend, data)

        trend = _parse_trend(d.pop("trend", None))

        publisher_figure = cls(
            area=area,
            breakdown=breakdown,
            value=value,
            limits=limits,
            numerator=numerator,
            denominator=denominator,
            status=status,
            markers=markers,
            note=note,
            trend=trend,
        )

        return publisher_figure
