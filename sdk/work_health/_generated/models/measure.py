from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.disclosure_class import DisclosureClass
from ..models.logic_model_column import LogicModelColumn
from ..models.measure_kind import MeasureKind
from ..models.overlap import Overlap

if TYPE_CHECKING:
    from ..models.baseline import Baseline
    from ..models.cadence import Cadence
    from ..models.direction import Direction
    from ..models.longer_return import LongerReturn
    from ..models.per_population import PerPopulation
    from ..models.plan_reference import PlanReference
    from ..models.scheme import Scheme
    from ..models.series import Series
    from ..models.target import Target


T = TypeVar("T", bound="Measure")


@_attrs_define(repr=False)
class Measure(ContractStruct):
    """A quantity that all organisations return by the same definitions."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    """ A short name for lists and charts. """
    title: str
    """ The plan's exact words. """
    theme: str
    """ A kebab-case code. It never changes once it is in use. """
    column: LogicModelColumn
    """ The columns of a logic model, in order. """
    nodes: list[str]
    """ The items of the logic model that it measures. """
    plan_references: list[PlanReference]
    """ Empty only for a population by which other measures are divided. """
    kind: MeasureKind
    """ How the figures of a measure combine over time, organisations and categories. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    direction: Direction
    """ The direction of improvement, with its basis. """
    disclosure_class: DisclosureClass
    """ The rule that protects a measure when it is released. """
    cadence: Cadence
    """ The periods for which a measure is returned. """
    area_family: str
    """ A kebab-case code. It never changes once it is in use. """
    series: list[Series]
    longer_returns: list[LongerReturn] | None = None
    """ Longer periods for which a distinct count is owed as well. """
    overlap: Overlap | None = None
    """ `disjoint` if two organisations never count the same person or employer, otherwise `unknown`. """
    counts_events: bool | None = False
    """ True for a flow of events that happen by chance, such as deaths: changes are tested (Poisson). """
    schemes: list[Scheme] | None = None
    contains: list[str] | None = None
    """ Measures whose counts are part of the counts of this measure. """
    shares_denominator: list[str] | None = None
    stages: list[str] | None = None
    """ The stages of a milestone, in order. """
    domains: list[str] | None = None
    """ The domains of an evidence measure. """
    baseline: Baseline | None = None
    targets: list[Target] | None = None
    owner: None | str = None
    """ A kebab-case code. It never changes once it is in use. """
    per_population: None | PerPopulation = None
    caveats: list[str] | None = None

    def to_dict(self) -> dict[str, Any]:
        from ..models.baseline import Baseline  # noqa: PLC0415
        from ..models.per_population import PerPopulation  # noqa: PLC0415

        slug = self.slug

        label = self.label

        title = self.title

        theme = self.theme

        column = self.column.value

        nodes = self.nodes

        plan_references = []
        for plan_references_item_data in self.plan_references:
            plan_references_item = plan_references_item_data.to_dict()
            plan_references.append(plan_references_item)

        kind = self.kind.value

        unit = self.unit

        direction = self.direction.to_dict()

        disclosure_class = self.disclosure_class.value

        cadence = self.cadence.to_dict()

        area_family = self.area_family

        series = []
        for series_item_data in self.series:
            series_item = series_item_data.to_dict()
            series.append(series_item)

        longer_returns: list[dict[str, Any]] | None = None
        if self.longer_returns is not None:
            longer_returns = []
            for longer_returns_item_data in self.longer_returns:
                longer_returns_item = longer_returns_item_data.to_dict()
                longer_returns.append(longer_returns_item)

        overlap: str | None = None
        if self.overlap is not None:
            overlap = self.overlap.value

        counts_events = self.counts_events

        schemes: list[dict[str, Any]] | None = None
        if self.schemes is not None:
            schemes = []
            for schemes_item_data in self.schemes:
                schemes_item = schemes_item_data.to_dict()
                schemes.append(schemes_item)

        contains: list[str] | None = None
        if self.contains is not None:
            contains = self.contains

        shares_denominator: list[str] | None = None
        if self.shares_denominator is not None:
            shares_denominator = self.shares_denominator

        stages: list[str] | None = None
        if self.stages is not None:
            stages = self.stages

        domains: list[str] | None = None
        if self.domains is not None:
            domains = self.domains

        baseline: dict[str, Any] | None
        if self.baseline is None:
            baseline = None
        elif isinstance(self.baseline, Baseline):
            baseline = self.baseline.to_dict()
        else:
            baseline = self.baseline

        targets: list[dict[str, Any]] | None = None
        if self.targets is not None:
            targets = []
            for targets_item_data in self.targets:
                targets_item = targets_item_data.to_dict()
                targets.append(targets_item)

        owner: None | str
        if self.owner is None:
            owner = None
        else:
            owner = self.owner

        per_population: dict[str, Any] | None
        if self.per_population is None:
            per_population = None
        elif isinstance(self.per_population, PerPopulation):
            per_population = self.per_population.to_dict()
        else:
            per_population = self.per_population

        caveats: list[str] | None = None
        if self.caveats is not None:
            caveats = self.caveats

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "label": label,
                "title": title,
                "theme": theme,
                "column": column,
                "nodes": nodes,
                "plan_references": plan_references,
                "kind": kind,
                "unit": unit,
                "direction": direction,
                "disclosure_class": disclosure_class,
                "cadence": cadence,
                "area_family": area_family,
                "series": series,
            }
        )
        if longer_returns is not None:
            field_dict["longer_returns"] = longer_returns
        if overlap is not None:
            field_dict["overlap"] = overlap
        if counts_events is not None:
            field_dict["counts_events"] = counts_events
        if schemes is not None:
            field_dict["schemes"] = schemes
        if contains is not None:
            field_dict["contains"] = contains
        if shares_denominator is not None:
            field_dict["shares_denominator"] = shares_denominator
        if stages is not None:
            field_dict["stages"] = stages
        if domains is not None:
            field_dict["domains"] = domains
        field_dict["baseline"] = baseline
        if targets is not None:
            field_dict["targets"] = targets
        field_dict["owner"] = owner
        field_dict["per_population"] = per_population
        if caveats is not None:
            field_dict["caveats"] = caveats

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.baseline import Baseline  # noqa: PLC0415
        from ..models.cadence import Cadence  # noqa: PLC0415
        from ..models.direction import Direction  # noqa: PLC0415
        from ..models.longer_return import LongerReturn  # noqa: PLC0415
        from ..models.per_population import PerPopulation  # noqa: PLC0415
        from ..models.plan_reference import PlanReference  # noqa: PLC0415
        from ..models.scheme import Scheme  # noqa: PLC0415
        from ..models.series import Series  # noqa: PLC0415
        from ..models.target import Target  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        label = d.pop("label")

        title = d.pop("title")

        theme = d.pop("theme")

        column = LogicModelColumn(d.pop("column"))

        nodes = cast(list[str], d.pop("nodes"))

        plan_references = []
        _plan_references = d.pop("plan_references")
        for plan_references_item_data in _plan_references:
            plan_references_item = PlanReference.from_dict(plan_references_item_data)

            plan_references.append(plan_references_item)

        kind = MeasureKind(d.pop("kind"))

        unit = d.pop("unit")

        direction = Direction.from_dict(d.pop("direction"))

        disclosure_class = DisclosureClass(d.pop("disclosure_class"))

        cadence = Cadence.from_dict(d.pop("cadence"))

        area_family = d.pop("area_family")

        series = []
        _series = d.pop("series")
        for series_item_data in _series:
            series_item = Series.from_dict(series_item_data)

            series.append(series_item)

        _longer_returns = d.pop("longer_returns", None)
        longer_returns: list[LongerReturn] | None = None
        if _longer_returns is not None:
            longer_returns = []
            for longer_returns_item_data in _longer_returns:
                longer_returns_item = LongerReturn.from_dict(longer_returns_item_data)

                longer_returns.append(longer_returns_item)

        _overlap = d.pop("overlap", None)
        overlap: Overlap | None
        if _overlap is None:
            overlap = None
        else:
            overlap = Overlap(_overlap)

        counts_events = d.pop("counts_events", False)

        _schemes = d.pop("schemes", None)
        schemes: list[Scheme] | None = None
        if _schemes is not None:
            schemes = []
            for schemes_item_data in _schemes:
                schemes_item = Scheme.from_dict(schemes_item_data)

                schemes.append(schemes_item)

        contains = cast(list[str], d.pop("contains", None))

        shares_denominator = cast(list[str], d.pop("shares_denominator", None))

        stages = cast(list[str], d.pop("stages", None))

        domains = cast(list[str], d.pop("domains", None))

        def _parse_baseline(data: object) -> Baseline | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                baseline_type_0 = Baseline.from_dict(data)

                return baseline_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Baseline | None, data)

        baseline = _parse_baseline(d.pop("baseline", None))

        _targets = d.pop("targets", None)
        targets: list[Target] | None = None
        if _targets is not None:
            targets = []
            for targets_item_data in _targets:
                targets_item = Target.from_dict(targets_item_data)

                targets.append(targets_item)

        def _parse_owner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner", None))

        def _parse_per_population(data: object) -> None | PerPopulation:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                per_population_type_0 = PerPopulation.from_dict(data)

                return per_population_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PerPopulation, data)

        per_population = _parse_per_population(d.pop("per_population", None))

        caveats = cast(list[str], d.pop("caveats", None))

        measure = cls(
            slug=slug,
            label=label,
            title=title,
            theme=theme,
            column=column,
            nodes=nodes,
            plan_references=plan_references,
            kind=kind,
            unit=unit,
            direction=direction,
            disclosure_class=disclosure_class,
            cadence=cadence,
            area_family=area_family,
            series=series,
            longer_returns=longer_returns,
            overlap=overlap,
            counts_events=counts_events,
            schemes=schemes,
            contains=contains,
            shares_denominator=shares_denominator,
            stages=stages,
            domains=domains,
            baseline=baseline,
            targets=targets,
            owner=owner,
            per_population=per_population,
            caveats=caveats,
        )

        return measure
