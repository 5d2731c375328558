from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.outcome_form import OutcomeForm

T = TypeVar("T", bound="PopulationUsed")


@_attrs_define(repr=False)
class PopulationUsed(ContractStruct):
    """The population by which a count was divided. `denominator` of the figure is its size."""

    form: OutcomeForm
    """ Another form of a count, for measures whose plan declares a population.

        `per_population`: the crude rate of so many residents. `age_standardised`: the rate that the age structure
    of the
        European Standard Population of 2013 would have, directly standardised. """
    per: int
    """ The rate is stated of so many residents. """
    label: str
    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    period: None | str
    """ The day of the estimate; null if there is none. """
    identifier: None | str
    """ The publisher's code for the estimates. """
    note: None | str
    """ The publisher's note on the estimate. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        form = self.form.value

        per = self.per

        label = self.label

        measure = self.measure

        period: None | str
        period = self.period

        identifier: None | str
        identifier = self.identifier

        note: None | str
        note = self.note

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "form": form,
                "per": per,
                "label": label,
                "measure": measure,
                "period": period,
                "identifier": identifier,
                "note": note,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        form = OutcomeForm(d.pop("form"))

        per = d.pop("per")

        label = d.pop("label")

        measure = d.pop("measure")

        def _parse_period(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        period = _parse_period(d.pop("period"))

        def _parse_identifier(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        identifier = _parse_identifier(d.pop("identifier"))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        population_used = cls(
            form=form,
            per=per,
            label=label,
            measure=measure,
            period=period,
            identifier=identifier,
            note=note,
        )

        population_used.additional_properties = d
        return population_used

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
