from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.collection import Collection
from ..models.geography_basis import GeographyBasis
from ..models.period_type import PeriodType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.companion import Companion
    from ..models.formula import Formula
    from ..models.source import Source


T = TypeVar("T", bound="Series")


@_attrs_define
class Series:
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
    denominator: None | str | Unset = UNSET
    source: None | Source | Unset = UNSET
    formula: Formula | None | Unset = UNSET
    valid_from: datetime.date | None | Unset = UNSET
    supersedes: None | str | Unset = UNSET
    """ A kebab-case code. It never changes once it is in use. """
    resets: None | PeriodType | Unset = UNSET
    """ The period type at whose start a cumulative series starts again. """
    companion: Companion | None | Unset = UNSET
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

        denominator: None | str | Unset
        if isinstance(self.denominator, Unset):
            denominator = UNSET
        else:
            denominator = self.denominator

        source: dict[str, Any] | None | Unset
        if isinstance(self.source, Unset):
            source = UNSET
        elif isinstance(self.source, Source):
            source = self.source.to_dict()
        else:
            source = self.source

        formula: dict[str, Any] | None | Unset
        if isinstance(self.formula, Unset):
            formula = UNSET
        elif isinstance(self.formula, Formula):
            formula = self.formula.to_dict()
        else:
            formula = self.formula

        valid_from: None | str | Unset
        if isinstance(self.valid_from, Unset):
            valid_from = UNSET
        elif isinstance(self.valid_from, datetime.date):
            valid_from = self.valid_from.isoformat()
        else:
            valid_from = self.valid_from

        supersedes: None | str | Unset
        if isinstance(self.supersedes, Unset):
            supersedes = UNSET
        else:
            supersedes = self.supersedes

        resets: None | str | Unset
        if isinstance(self.resets, Unset):
            resets = UNSET
        elif isinstance(self.resets, PeriodType):
            resets = self.resets.value
        else:
            resets = self.resets

        companion: dict[str, Any] | None | Unset
        if isinstance(self.companion, Unset):
            companion = UNSET
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
        if denominator is not UNSET:
            field_dict["denominator"] = denominator
        if source is not UNSET:
            field_dict["source"] = source
        if formula is not UNSET:
            field_dict["formula"] = formula
        if valid_from is not UNSET:
            field_dict["valid_from"] = valid_from
        if supersedes is not UNSET:
            field_dict["supersedes"] = supersedes
        if resets is not UNSET:
            field_dict["resets"] = resets
        if companion is not UNSET:
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

        def _parse_denominator(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        denominator = _parse_denominator(d.pop("denominator", UNSET))

        def _parse_source(data: object) -> None | Source | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                source_type_0 = Source.from_dict(data)

                return source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Source | Unset, data)

        source = _parse_source(d.pop("source", UNSET))

        def _parse_formula(data: object) -> Formula | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                formula_type_0 = Formula.from_dict(data)

                return formula_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Formula | None | Unset, data)

        formula = _parse_formula(d.pop("formula", UNSET))

        def _parse_valid_from(data: object) -> datetime.date | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                valid_from_type_0 = datetime.date.fromisoformat(data)

                return valid_from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None | Unset, data)

        valid_from = _parse_valid_from(d.pop("valid_from", UNSET))

        def _parse_supersedes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        supersedes = _parse_supersedes(d.pop("supersedes", UNSET))

        def _parse_resets(data: object) -> None | PeriodType | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resets_type_0 = PeriodType(data)

                return resets_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PeriodType | Unset, data)

        resets = _parse_resets(d.pop("resets", UNSET))

        def _parse_companion(data: object) -> Companion | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                companion_type_0 = Companion.from_dict(data)

                return companion_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Companion | None | Unset, data)

        companion = _parse_companion(d.pop("companion", UNSET))

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
