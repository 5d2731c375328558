from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.coverage import Coverage
    from ..models.period import Period


T = TypeVar("T", bound="PeriodCoverage")


@_attrs_define(repr=False)
class PeriodCoverage(ContractStruct):
    """A period and its returns."""

    period: Period
    """ A span of whole days with its code. """
    coverage: Coverage
    """ The returns behind a figure. `received` is at most `expected`: both count the same duties. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        period = self.period.to_dict()

        coverage = self.coverage.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "period": period,
                "coverage": coverage,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.coverage import Coverage  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        period = Period.from_dict(d.pop("period"))

        coverage = Coverage.from_dict(d.pop("coverage"))

        period_coverage = cls(
            period=period,
            coverage=coverage,
        )

        period_coverage.additional_properties = d
        return period_coverage

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
