from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.cell_change import CellChange
from ..models.status import Status

if TYPE_CHECKING:
    from ..models.return_cell_breakdown import ReturnCellBreakdown


T = TypeVar("T", bound="ReturnCell")


@_attrs_define(repr=False)
class ReturnCell(ContractStruct):
    """One cell of a return, as a tidy row."""

    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    revision: int
    recorded_at: datetime.datetime
    """ RFC 3339 with an offset. """
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    breakdown: ReturnCellBreakdown
    value: int | None
    numerator: int | None
    denominator: int | None
    lower: int | None
    upper: int | None
    status: None | Status
    note: None | str
    change: CellChange | None = None
    """ With `updated_after`: what happened to the cell. A withdrawn cell has no figures. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        measure = self.measure

        series = self.series

        service = self.service

        period = self.period

        revision = self.revision

        recorded_at = self.recorded_at.isoformat()

        area = self.area

        breakdown = self.breakdown.to_dict()

        value: int | None
        value = self.value

        numerator: int | None
        numerator = self.numerator

        denominator: int | None
        denominator = self.denominator

        lower: int | None
        lower = self.lower

        upper: int | None
        upper = self.upper

        status: None | str
        if isinstance(self.status, Status):
            status = self.status.value
        else:
            status = self.status

        note: None | str
        note = self.note

        change: None | str
        if self.change is None:
            change = None
        elif isinstance(self.change, CellChange):
            change = self.change.value
        else:
            change = self.change

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "organisation": organisation,
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "revision": revision,
                "recorded_at": recorded_at,
                "area": area,
                "breakdown": breakdown,
                "value": value,
                "numerator": numerator,
                "denominator": denominator,
                "lower": lower,
                "upper": upper,
                "status": status,
                "note": note,
            }
        )
        field_dict["change"] = change

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.return_cell_breakdown import ReturnCellBreakdown  # noqa: PLC0415

        d = dict(src_dict)
        organisation = d.pop("organisation")

        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = d.pop("period")

        revision = d.pop("revision")

        recorded_at = datetime.datetime.fromisoformat(d.pop("recorded_at"))

        area = d.pop("area")

        breakdown = ReturnCellBreakdown.from_dict(d.pop("breakdown"))

        def _parse_value(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        value = _parse_value(d.pop("value"))

        def _parse_numerator(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        numerator = _parse_numerator(d.pop("numerator"))

        def _parse_denominator(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        denominator = _parse_denominator(d.pop("denominator"))

        def _parse_lower(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        lower = _parse_lower(d.pop("lower"))

        def _parse_upper(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        upper = _parse_upper(d.pop("upper"))

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

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        def _parse_change(data: object) -> CellChange | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                change_type_0 = CellChange(data)

                return change_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CellChange | None, data)

        change = _parse_change(d.pop("change", None))

        return_cell = cls(
            organisation=organisation,
            measure=measure,
            series=series,
            service=service,
            period=period,
            revision=revision,
            recorded_at=recorded_at,
            area=area,
            breakdown=breakdown,
            value=value,
            numerator=numerator,
            denominator=denominator,
            lower=lower,
            upper=upper,
            status=status,
            note=note,
            change=change,
        )

        return_cell.additional_properties = d
        return return_cell

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
