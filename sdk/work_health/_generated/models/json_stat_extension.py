from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.json_stat_extension_protection import JsonStatExtensionProtection

if TYPE_CHECKING:
    from ..models.json_stat_extension_coverage import JsonStatExtensionCoverage
    from ..models.json_stat_extension_lower import JsonStatExtensionLower
    from ..models.json_stat_extension_lower_bound import JsonStatExtensionLowerBound
    from ..models.json_stat_extension_reason import JsonStatExtensionReason
    from ..models.json_stat_extension_upper import JsonStatExtensionUpper
    from ..models.json_stat_extension_upper_bound import JsonStatExtensionUpperBound
    from ..models.resolved_period import ResolvedPeriod


T = TypeVar("T", bound="JsonStatExtension")


@_attrs_define(repr=False)
class JsonStatExtension(ContractStruct):
    """Fields that JSON-stat does not define. Their keys are positions in `value`, as those of `status` are."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    protection: JsonStatExtensionProtection
    """ `none` in a preview. """
    release: int | None
    """ Null in a preview. """
    lower_bound: JsonStatExtensionLowerBound
    """ For values that are not exact: the true value is at least this. """
    upper_bound: JsonStatExtensionUpperBound
    """ The true value is at most this; absent if it has no upper bound. """
    lower: JsonStatExtensionLower
    """ Lower limits of the 95 % confidence intervals. """
    upper: JsonStatExtensionUpper
    reason: JsonStatExtensionReason
    coverage: JsonStatExtensionCoverage
    resolved: list[ResolvedPeriod]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        protection = self.protection.value

        release: int | None
        release = self.release

        lower_bound = self.lower_bound.to_dict()

        upper_bound = self.upper_bound.to_dict()

        lower = self.lower.to_dict()

        upper = self.upper.to_dict()

        reason = self.reason.to_dict()

        coverage = self.coverage.to_dict()

        resolved = []
        for resolved_item_data in self.resolved:
            resolved_item = resolved_item_data.to_dict()
            resolved.append(resolved_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "protection": protection,
                "release": release,
                "lower_bound": lower_bound,
                "upper_bound": upper_bound,
                "lower": lower,
                "upper": upper,
                "reason": reason,
                "coverage": coverage,
                "resolved": resolved,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.json_stat_extension_coverage import JsonStatExtensionCoverage  # noqa: PLC0415
        from ..models.json_stat_extension_lower import JsonStatExtensionLower  # noqa: PLC0415
        from ..models.json_stat_extension_lower_bound import JsonStatExtensionLowerBound  # noqa: PLC0415
        from ..models.json_stat_extension_reason import JsonStatExtensionReason  # noqa: PLC0415
        from ..models.json_stat_extension_upper import JsonStatExtensionUpper  # noqa: PLC0415
        from ..models.json_stat_extension_upper_bound import JsonStatExtensionUpperBound  # noqa: PLC0415
        from ..models.resolved_period import ResolvedPeriod  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        protection = JsonStatExtensionProtection(d.pop("protection"))

        def _parse_release(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        release = _parse_release(d.pop("release"))

        lower_bound = JsonStatExtensionLowerBound.from_dict(d.pop("lower_bound"))

        upper_bound = JsonStatExtensionUpperBound.from_dict(d.pop("upper_bound"))

        lower = JsonStatExtensionLower.from_dict(d.pop("lower"))

        upper = JsonStatExtensionUpper.from_dict(d.pop("upper"))

        reason = JsonStatExtensionReason.from_dict(d.pop("reason"))

        coverage = JsonStatExtensionCoverage.from_dict(d.pop("coverage"))

        resolved = []
        _resolved = d.pop("resolved")
        for resolved_item_data in _resolved:
            resolved_item = ResolvedPeriod.from_dict(resolved_item_data)

            resolved.append(resolved_item)

        json_stat_extension = cls(
            programme=programme,
            plan_version=plan_version,
            protection=protection,
            release=release,
            lower_bound=lower_bound,
            upper_bound=upper_bound,
            lower=lower,
            upper=upper,
            reason=reason,
            coverage=coverage,
            resolved=resolved,
        )

        json_stat_extension.additional_properties = d
        return json_stat_extension

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
