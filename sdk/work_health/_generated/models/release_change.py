from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.release_change_why import ReleaseChangeWhy

if TYPE_CHECKING:
    from ..models.published_figure import PublishedFigure
    from ..models.release_change_breakdown import ReleaseChangeBreakdown


T = TypeVar("T", bound="ReleaseChange")


@_attrs_define(repr=False)
class ReleaseChange(ContractStruct):
    """A figure that differs from the previous release."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    breakdown: ReleaseChangeBreakdown
    before: None | PublishedFigure
    """ Null if the previous release did not have it, or if nobody may read that release. """
    after: None | PublishedFigure
    """ Null if this release does not have it. """
    why: ReleaseChangeWhy
    """ `new`: a new period or cell. `data`: returns arrived or were approved. `held_back`: the number is unchanged,
    and any true change is below the hold-back; only its largest error or marks have changed. `correction`:
    republished, as the notes explain. `definition`: another plan version. `removed`: no longer released. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415

        measure = self.measure

        series = self.series

        period = self.period

        area = self.area

        breakdown = self.breakdown.to_dict()

        before: dict[str, Any] | None
        if isinstance(self.before, PublishedFigure):
            before = self.before.to_dict()
        else:
            before = self.before

        after: dict[str, Any] | None
        if isinstance(self.after, PublishedFigure):
            after = self.after.to_dict()
        else:
            after = self.after

        why = self.why.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "series": series,
                "period": period,
                "area": area,
                "breakdown": breakdown,
                "before": before,
                "after": after,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415
        from ..models.release_change_breakdown import ReleaseChangeBreakdown  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        series = d.pop("series")

        period = d.pop("period")

        area = d.pop("area")

        breakdown = ReleaseChangeBreakdown.from_dict(d.pop("breakdown"))

        def _parse_before(data: object) -> None | PublishedFigure:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                before_type_0 = PublishedFigure.from_dict(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublishedFigure, data)

        before = _parse_before(d.pop("before"))

        def _parse_after(data: object) -> None | PublishedFigure:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                after_type_0 = PublishedFigure.from_dict(data)

                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublishedFigure, data)

        after = _parse_after(d.pop("after"))

        why = ReleaseChangeWhy(d.pop("why"))

        release_change = cls(
            measure=measure,
            series=series,
            period=period,
            area=area,
            breakdown=breakdown,
            before=before,
            after=after,
            why=why,
        )

        release_change.additional_properties = d
        return release_change

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
