from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.collection import Collection
from ..models.geography_basis import GeographyBasis
from ..models.period_type import PeriodType

if TYPE_CHECKING:
    from ..models.companion import Companion
    from ..models.formula import Formula
    from ..models.source import Source


T = TypeVar("T", bound="Series")


@_attrs_define(repr=False)
class Series(ContractStruct):
    """One definition of a measure. Values of different series are never joined or compared."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    headline: bool
    collection: Collection
    """ The origin of the figures of a series. """
    definition: str
    numerator: str
    geography_basis: GeographyBasis
    """ The basis on which a count belongs to an area. """
    denominator: None | str = None
    source: None | Source = None
    formula: Formula | None = None
    valid_from: datetime.date | None = None
    supersedes: None | str = None
    """ A kebab-case code. It never changes once it is in use. """
    resets: None | PeriodType = None
    """ The period type at whose start a cumulative series starts again. """
    companion: Companion | None = None
    """ Set for a published series of another form than the measure's. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.companion import Companion  # noqa: PLC0415
        from ..models.formula import Formula  # noqa: PLC0415
        from ..models.source import Source  # noqa: PLC0415

        slug = self.slug

        title = self.title

        headline = self.headline

        collection = self.collection.value

        definition = self.definition

        numerator = self.numerator

        geography_basis = self.geography_basis.value

        denominator: None | str
        if self.denominator is None:
            denominator = None
        else:
            denominator = self.denominator

        source: dict[str, Any] | None
        if self.source is None:
            source = None
        elif isinstance(self.source, Source):
            source = self.source.to_dict()
        else:
            source = self.source

        formula: dict[str, Any] | None
        if self.formula is None:
            formula = None
        elif isinstance(self.formula, Formula):
            formula = self.formula.to_dict()
        else:
            formula = self.formula

        valid_from: None | str
        if self.valid_from is None:
            valid_from = None
        elif isinstance(self.valid_from, datetime.date):
            valid_from = self.valid_from.isoformat()
        else:
            valid_from = self.valid_from

        supersedes: None | str
        if self.supersedes is None:
            supersedes = None
        else:
            supersedes = self.supersedes

        resets: None | str
        if self.resets is None:
            resets = None
        elif isinstance(self.resets, PeriodType):
            resets = self.resets.value
        else:
            resets = self.resets

        companion: dict[str, Any] | None
        if self.companion is None:
            companion = None
        elif isinstance(self.companion, Companion):
            companion = self.companion.to_dict()
        else:
            companion = self.companion

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "title": title,
                "headline": headline,
                "collection": collection,
                "definition": definition,
                "numerator": numerator,
                "geography_basis": geography_basis,
            }
        )
        field_dict["denominator"] = denominator
        field_dict["source"] = source
        field_dict["formula"] = formula
        field_dict["valid_from"] = valid_from
        field_dict["supersedes"] = supersedes
        field_dict["resets"] = resets
        field_dict["companion"] = companion

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.companion import Companion  # noqa: PLC0415
        from ..models.formula import Formula  # noqa: PLC0415
        from ..models.source import Source  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        title = d.pop("title")

        headline = d.pop("headline")

        collection = Collection(d.pop("collection"))

        definition = d.pop("definition")

        numerator = d.pop("numerator")

        geography_basis = GeographyBasis(d.pop("geography_basis"))

        def _parse_denominator(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        denominator = _parse_denominator(d.pop("denominator", None))

        def _parse_source(data: object) -> None | Source:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                source_type_0 = Source.from_dict(data)

                return source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Source, data)

        source = _parse_source(d.pop("source", None))

        def _parse_formula(data: object) -> Formula | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                formula_type_0 = Formula.from_dict(data)

                return formula_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Formula | None, data)

        formula = _parse_formula(d.pop("formula", None))

        def _parse_valid_from(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                valid_from_type_0 = datetime.date.fromisoformat(data)

                return valid_from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        valid_from = _parse_valid_from(d.pop("valid_from", None))

        def _parse_supersedes(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        supersedes = _parse_supersedes(d.pop("supersedes", None))

        def _parse_resets(data: object) -> None | PeriodType:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resets_type_0 = PeriodType(data)

                return resets_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PeriodType, data)

        resets = _parse_resets(d.pop("resets", None))

        def _parse_companion(data: object) -> Companion | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                companion_type_0 = Companion.from_dict(data)

                return companion_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Companion | None, data)

        companion = _parse_companion(d.pop("companion", None))

        series = cls(
            slug=slug,
            title=title,
            headline=headline,
            collection=collection,
            definition=definition,
            numerator=numerator,
            geography_basis=geography_basis,
            denominator=denominator,
            source=source,
            formula=formula,
            valid_from=valid_from,
            supersedes=supersedes,
            resets=resets,
            companion=companion,
        )

        return series
