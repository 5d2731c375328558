from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.publisher_trend import PublisherTrend


T = TypeVar("T", bound="PublishedSource")


@_attrs_define(repr=False)
class PublishedSource(ContractStruct):
    """The source of a published statistic. The figure is the publisher's own: nothing was rolled up."""

    publisher: None | str
    title: None | str
    identifier: None | str
    """ The publisher's own code for the statistic. """
    statistical_status: None | str
    """ A kebab-case code. It never changes once it is in use. """
    value: None | str
    """ The value with the digits that were published. """
    limits_derived: bool
    """ True if the interval was calculated here from published numbers. """
    note: None | str
    """ The publisher's note on this figure. """
    trend: None | PublisherTrend = None
    """ The publisher's own trend, if it states one. The figure's `trend` is calculated here. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.publisher_trend import PublisherTrend  # noqa: PLC0415

        publisher: None | str
        publisher = self.publisher

        title: None | str
        title = self.title

        identifier: None | str
        identifier = self.identifier

        statistical_status: None | str
        statistical_status = self.statistical_status

        value: None | str
        value = self.value

        limits_derived = self.limits_derived

        note: None | str
        note = self.note

        trend: dict[str, Any] | None
        if self.trend is None:
            trend = None
        elif isinstance(self.trend, PublisherTrend):
            trend = self.trend.to_dict()
        else:
            trend = self.trend

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "publisher": publisher,
                "title": title,
                "identifier": identifier,
                "statistical_status": statistical_status,
                "value": value,
                "limits_derived": limits_derived,
                "note": note,
            }
        )
        field_dict["trend"] = trend

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.publisher_trend import PublisherTrend  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_publisher(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        publisher = _parse_publisher(d.pop("publisher"))

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        def _parse_identifier(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        identifier = _parse_identifier(d.pop("identifier"))

        def _parse_statistical_status(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        statistical_status = _parse_statistical_status(d.pop("statistical_status"))

        def _parse_value(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        value = _parse_value(d.pop("value"))

        limits_derived = d.pop("limits_derived")

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

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

        published_source = cls(
            publisher=publisher,
            title=title,
            identifier=identifier,
            statistical_status=statistical_status,
            value=value,
            limits_derived=limits_derived,
            note=note,
            trend=trend,
        )

        published_source.additional_properties = d
        return published_source

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
