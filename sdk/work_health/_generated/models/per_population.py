from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

T = TypeVar("T", bound="PerPopulation")


@_attrs_define(repr=False)
class PerPopulation(ContractStruct):
    """How a count of a measure is also stated: as a rate of so many residents.

        The population is another measure of the plan, a published count of residents such as the mid-year estimates. It
    is
        no outcome: it needs no passage of the plan, and is left out where a reader names no measure.

    """

    population: str
    """ The measure that has the residents. """
    per: int
    """ The number of residents of whom the rate is stated. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    age_dimension: str
    """ Its categories are bands such as `16-24` and `65-plus`. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    ages: list[str] | None = None
    """ The bands whose residents are the denominator of a count that is not broken down by age. Their counts alone
    are standardised. Empty for residents of all ages. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        population = self.population

        per = self.per

        unit = self.unit

        label = self.label

        age_dimension = self.age_dimension

        basis = self.basis.value

        ages: list[str] | None = None
        if self.ages is not None:
            ages = self.ages

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "population": population,
                "per": per,
                "unit": unit,
                "label": label,
                "age_dimension": age_dimension,
                "basis": basis,
            }
        )
        if ages is not None:
            field_dict["ages"] = ages
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        population = d.pop("population")

        per = d.pop("per")

        unit = d.pop("unit")

        label = d.pop("label")

        age_dimension = d.pop("age_dimension")

        basis = Basis(d.pop("basis"))

        ages = cast(list[str], d.pop("ages", None))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        per_population = cls(
            population=population,
            per=per,
            unit=unit,
            label=label,
            age_dimension=age_dimension,
            basis=basis,
            ages=ages,
            note=note,
        )

        return per_population
