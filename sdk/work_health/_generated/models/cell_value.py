from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.status import Status

T = TypeVar("T", bound="CellValue")


@_attrs_define(repr=False)
class CellValue(ContractStruct):
    """The content of a cell."""

    value: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    lower: int | None = None
    upper: int | None = None
    status: None | Status = None
    note: None | str = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
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
        field_dict.update(self.additional_properties)
        field_dict.update({})
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
        d = dict(src_dict)

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

        cell_value = cls(
            value=value,
            numerator=numerator,
            denominator=denominator,
            lower=lower,
            upper=upper,
            status=status,
            note=note,
        )

        cell_value.additional_properties = d
        return cell_value

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
