from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.effect_scope import EffectScope

if TYPE_CHECKING:
    from ..models.amount import Amount
    from ..models.period import Period


T = TypeVar("T", bound="Effect")


@_attrs_define(repr=False)
class Effect(ContractStruct):
    """A total that the submission changes, rolled up by the measure's kind."""

    scope: EffectScope
    """ The owner of the total: the organisation, or the programme (reported to reviewers only). """
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    area: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    period: Period
    """ A span of whole days with its code. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    before: Amount | None
    """ Null if there was no total. """
    after: Amount | None
    """ Null if there is no longer a total. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.amount import Amount  # noqa: PLC0415

        scope = self.scope.value

        measure = self.measure

        series = self.series

        area = self.area

        period = self.period.to_dict()

        unit = self.unit

        before: dict[str, Any] | None
        if isinstance(self.before, Amount):
            before = self.before.to_dict()
        else:
            before = self.before

        after: dict[str, Any] | None
        if isinstance(self.after, Amount):
            after = self.after.to_dict()
        else:
            after = self.after

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scope": scope,
                "measure": measure,
                "series": series,
                "area": area,
                "period": period,
                "unit": unit,
                "before": before,
                "after": after,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.amount import Amount  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        scope = EffectScope(d.pop("scope"))

        measure = d.pop("measure")

        series = d.pop("series")

        area = d.pop("area")

        period = Period.from_dict(d.pop("period"))

        unit = d.pop("unit")

        def _parse_before(data: object) -> Amount | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                before_type_0 = Amount.from_dict(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Amount | None, data)

        before = _parse_before(d.pop("before"))

        def _parse_after(data: object) -> Amount | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                after_type_0 = Amount.from_dict(data)

                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Amount | None, data)

        after = _parse_after(d.pop("after"))

        effect = cls(
            scope=scope,
            measure=measure,
            series=series,
            area=area,
            period=period,
            unit=unit,
            before=before,
            after=after,
        )

        effect.additional_properties = d
        return effect

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
