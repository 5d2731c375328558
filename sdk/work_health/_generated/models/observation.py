from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.status import Status

if TYPE_CHECKING:
    from ..models.observation_breakdown import ObservationBreakdown


T = TypeVar("T", bound="Observation")


@_attrs_define(repr=False)
class Observation(ContractStruct):
    """One cell: an area and a breakdown, with a count, a numerator and denominator, or a status."""

    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    A submission may have a name instead that only one area has. """
    breakdown: ObservationBreakdown | None = None
    """ Dimension to category; empty for the total. A submission may have the label of a category instead of its
    code. """
    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    lower: int | None = None
    """ With status `c`: the count is at least this. """
    upper: int | None = None
    """ With status `c`: the count is at most this. """
    status: None | Status = None
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        area = self.area

        breakdown: dict[str, Any] | None = None
        if self.breakdown is not None:
            breakdown = self.breakdown.to_dict()

        value: int | None
        if self.value is None:
            value = None
        else:
            value = self.value

        numerator: int | None
        if self.numerator is None:
            numerator = None
        else:
            numerator = self.numerator

        denominator: int | None
        if self.denominator is None:
            denominator = None
        else:
            denominator = self.denominator

        lower: int | None
        if self.lower is None:
            lower = None
        else:
            lower = self.lower

        upper: int | None
        if self.upper is None:
            upper = None
        else:
            upper = self.upper

        status: None | str
        if self.status is None:
            status = None
        elif isinstance(self.status, Status):
            status = self.status.value
        else:
            status = self.status

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "area": area,
            }
        )
        if breakdown is not None:
            field_dict["breakdown"] = breakdown
        field_dict["value"] = value
        field_dict["numerator"] = numerator
        field_dict["denominator"] = denominator
        field_dict["lower"] = lower
        field_dict["upper"] = upper
        field_dict["status"] = status
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.observation_breakdown import ObservationBreakdown  # noqa: PLC0415

        d = dict(src_dict)
        area = d.pop("area")

        _breakdown = d.pop("breakdown", None)
        breakdown: ObservationBreakdown | None
        if _breakdown is None:
            breakdown = None
        else:
            breakdown = ObservationBreakdown.from_dict(_breakdown)

        def _parse_value(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        value = _parse_value(d.pop("value", None))

        def _parse_numerator(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        numerator = _parse_numerator(d.pop("numerator", None))

        def _parse_denominator(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        denominator = _parse_denominator(d.pop("denominator", None))

        def _parse_lower(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        lower = _parse_lower(d.pop("lower", None))

        def _parse_upper(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        upper = _parse_upper(d.pop("upper", None))

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

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        observation = cls(
            area=area,
            breakdown=breakdown,
            value=value,
            numerator=numerator,
            denominator=denominator,
            lower=lower,
            upper=upper,
            status=status,
            note=note,
        )

        return observation
