from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.cell_name_breakdown import CellNameBreakdown


T = TypeVar("T", bound="CellName")


@_attrs_define(repr=False)
class CellName(ContractStruct):
    """The name of a cell of a return. Without `area` it names the return as a whole."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    area: None | str = None
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    breakdown: CellNameBreakdown | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        series = self.series

        service = self.service

        period = self.period

        area: None | str
        if self.area is None:
            area = None
        else:
            area = self.area

        breakdown: dict[str, Any] | None = None
        if self.breakdown is not None:
            breakdown = self.breakdown.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
            }
        )
        field_dict["area"] = area
        if breakdown is not None:
            field_dict["breakdown"] = breakdown

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_name_breakdown import CellNameBreakdown  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = d.pop("period")

        def _parse_area(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        area = _parse_area(d.pop("area", None))

        _breakdown = d.pop("breakdown", None)
        breakdown: CellNameBreakdown | None
        if _breakdown is None:
            breakdown = None
        else:
            breakdown = CellNameBreakdown.from_dict(_breakdown)

        cell_name = cls(
            measure=measure,
            series=series,
            service=service,
            period=period,
            area=area,
            breakdown=breakdown,
        )

        cell_name.additional_properties = d
        return cell_name

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
