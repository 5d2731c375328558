from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.marker import Marker
from ..models.status import Status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.figure_limits import FigureLimits
    from ..models.publisher_figure_breakdown import PublisherFigureBreakdown
    from ..models.publisher_trend import PublisherTrend


T = TypeVar("T", bound="PublisherFigure")


@_attrs_define
class PublisherFigure:
    """One figure of a published statistic, for an area and a breakdown, or the reason why there is none.

    The figure is stored as published and never rolled up.

    """

    area: str
    """ Any area of the plan, including the comparators. """
    breakdown: PublisherFigureBreakdown | Unset = UNSET
    """ Dimension to category; empty for the total. """
    value: None | str | Unset = UNSET
    """ In the measure's unit: 25.3 is 25.3 per cent. """
    limits: list[FigureLimits] | Unset = UNSET
    """ At most one of each confidence. """
    numerator: None | str | Unset = UNSET
    """ A decimal number with exactly the digits that its publisher gives. """
    denominator: None | str | Unset = UNSET
    """ A decimal number with exactly the digits that its publisher gives. """
    status: None | Status | Unset = UNSET
    markers: list[Marker] | Unset = UNSET
    note: None | str | Unset = UNSET
    trend: None | PublisherTrend | Unset = UNSET
    """ The publisher's own trend up to this figure, if it states one. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.publisher_trend import PublisherTrend  # noqa: PLC0415

        area = self.area

        breakdown: dict[str, Any] | Unset = UNSET
        if not isinstance(self.breakdown, Unset):
            breakdown = self.breakdown.to_dict()

        value: None | str | Unset
        if isinstance(self.value, Unset):
            value = UNSET
        else:
            value = self.value

        limits: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.limits, Unset):
            limits = []
            for limits_item_data in self.limits:
                limits_item = limits_item_data.to_dict()
                limits.append(limits_item)

        numerator: None | str | Unset
        if isinstance(self.numerator, Unset):
            numerator = UNSET
        else:
            numerator = self.numerator

        denominator: None | str | Unset
        if isinstance(self.denominator, Unset):
            denominator = UNSET
        else:
            denominator = self.denominator

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, Status):
            status = self.status.value
        else:
            status = self.status

        markers: list[str] | Unset = UNSET
        if not isinstance(self.markers, Unset):
            markers = []
            for markers_item_data in self.markers:
                markers_item = markers_item_data.value
                markers.append(markers_item)

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        trend: dict[str, Any] | None | Unset
        if isinstance(self.trend, Unset):
            trend = UNSET
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
        if breakdown is not UNSET:
            field_dict["breakdown"] = breakdown
        if value is not UNSET:
            field_dict["value"] = value
        if limits is not UNSET:
            field_dict["limits"] = limits
        if numerator is not UNSET:
            field_dict["numerator"] = numerator
        if denominator is not UNSET:
            field_dict["denominator"] = denominator
        if status is not UNSET:
            field_dict["status"] = status
        if markers is not UNSET:
            field_dict["markers"] = markers
        if note is not UNSET:
            field_dict["note"] = note
        if trend is not UNSET:
            field_dict["trend"] = trend

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.figure_limits import FigureLimits  # noqa: PLC0415
        from ..models.publisher_figure_breakdown import PublisherFigureBreakdown  # noqa: PLC0415
        from ..models.publisher_trend import PublisherTrend  # noqa: PLC0415

        d = dict(src_dict)
        area = d.pop("area")

        _breakdown = d.pop("breakdown", UNSET)
        breakdown: PublisherFigureBreakdown | Unset
        if isinstance(_breakdown, Unset):
            breakdown = UNSET
        else:
            breakdown = PublisherFigureBreakdown.from_dict(_breakdown)

        def _parse_value(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        value = _parse_value(d.pop("value", UNSET))

        _limits = d.pop("limits", UNSET)
        limits: list[FigureLimits] | Unset = UNSET
        if _limits is not UNSET:
            limits = []
            for limits_item_data in _limits:
                limits_item = FigureLimits.from_dict(limits_item_data)

                limits.append(limits_item)

        def _parse_numerator(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        numerator = _parse_numerator(d.pop("numerator", UNSET))

        def _parse_denominator(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        denominator = _parse_denominator(d.pop("denominator", UNSET))

        def _parse_status(data: object) -> None | Status | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = Status(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Status | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        _markers = d.pop("markers", UNSET)
        markers: list[Marker] | Unset = UNSET
        if _markers is not UNSET:
            markers = []
            for markers_item_data in _markers:
                markers_item = Marker(markers_item_data)

                markers.append(markers_item)

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        def _parse_trend(data: object) -> None | PublisherTrend | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                trend_type_0 = PublisherTrend.from_dict(data)

                return trend_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublisherTrend | Unset, data)

        trend = _parse_trend(d.pop("trend", UNSET))

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
