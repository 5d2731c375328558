"""A plan version with the database's ids for its codes, and lookups by code."""

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from api.http.refusals import NotFound
from api.plan.breakdowns import format_breakdown_key, list_breakdown_keys, parse_breakdown_key
from api.plan.populations import list_populations
from api.plan.suggestions import suggest_codes
from schema.areas import Area, Dimension, Scheme
from schema.disclosure import DisclosureClass
from schema.measures import Aim, Collection, Direction, Measure, Series
from schema.organisations import Duty
from schema.plan import Plan


def find_disclosure_class(measure: Measure, series: Series) -> DisclosureClass:
    """Return the class whose rule protects the counts of a series.

    It is that of the measure. But no publisher has protected what partners return: where the measure is a published
    statistic, their counts are protected as those of people.
    """
    is_unprotected = measure.disclosure_class is DisclosureClass.PUBLISHED and series.collection is Collection.PARTNERS
    return DisclosureClass.PERSONS if is_unprotected else measure.disclosure_class


def adapt_measure(measure: Measure, series: Series) -> Measure:
    """Return the measure as the series measures it: for a companion, with its kind, unit and cadence.

    A companion has no baseline and no target, and none of its changes is better or worse.
    """
    companion = series.companion
    if companion is None:
        return measure
    return replace(
        measure,
        kind=companion.kind,
        unit=companion.unit,
        cadence=companion.cadence,
        direction=Direction(aim=Aim.ACHIEVE, basis=companion.basis),
        disclosure_class=DisclosureClass.PUBLISHED,
        baseline=None,
        targets=[],
    )


def find_headline_series(measure: Measure) -> Series:
    """Return the series that a request means if it names no series."""
    return next(series for series in measure.series if series.headline)


class DatabaseIds(Struct, frozen=True, kw_only=True):
    """The database's ids for the codes of one programme. The id of a code never changes."""

    organisations: dict[str, int]
    series: dict[tuple[str, str], int]
    areas: dict[str, int]
    breakdowns: dict[str, int]


class Catalogue(Struct, frozen=True, kw_only=True, dict=True, eq=False):
    """One plan version of one programme.

    The duties of `plan` are divided by the bindings of roles. `ids` also has the codes of earlier versions that `plan`
    no longer has.
    """

    id: int
    slug: str
    sandbox: bool
    version: int
    plan: Plan
    ids: DatabaseIds

    @cached_property
    def measures(self) -> dict[str, Measure]:
        return {measure.slug: measure for measure in self.plan.measures}

    @cached_property
    def populations(self) -> frozenset[str]:
        """Return the measures by which others are divided. They are no outcomes of the plan."""
        return list_populations(self.plan)

    @cached_property
    def areas(self) -> dict[str, Area]:
        return {area.code: area for area in self.plan.areas}

    @cached_property
    def dimensions(self) -> dict[str, Dimension]:
        return {dimension.slug: dimension for dimension in self.plan.dimensions}

    @cached_property
    def categories(self) -> dict[str, frozenset[str]]:
        return {d.slug: frozenset(c.code for c in d.categories) for d in self.plan.dimensions}

    @cached_property
    def level_ranks(self) -> dict[str, int]:
        """Return the rank of each level within its family: 0 is the widest."""
        return {level: rank for family in self.plan.families for rank, level in enumerate(family.levels)}

    @cached_property
    def organisation_by_role(self) -> dict[str, str | None]:
        """Return the organisation of each role, or None while the role is unassigned."""
        return {role.slug: role.bound_to for role in self.plan.roles}

    @cached_property
    def open_sets(self) -> frozenset[str]:
        return frozenset(o.slug for o in self.plan.organisations if o.open_set)

    @cached_property
    def duties_by_organisation(self) -> dict[tuple[str | None, str], list[Duty]]:
        """Return the duties of each organisation for each measure, in the order of the plan."""
        duties: dict[tuple[str | None, str], list[Duty]] = {}
        for duty in self.plan.duties:
            duties.setdefault((self.resolve_holder(duty), duty.measure), []).append(duty)
        return duties

    @cached_property
    def organisation_slugs(self) -> dict[int, str]:
        return {id_: slug for slug, id_ in self.ids.organisations.items()}

    @cached_property
    def series_slugs(self) -> dict[int, tuple[str, str]]:
        return {id_: key for key, id_ in self.ids.series.items()}

    @cached_property
    def area_codes(self) -> dict[int, str]:
        return {id_: code for code, id_ in self.ids.areas.items()}

    @cached_property
    def breakdown_keys(self) -> dict[int, str]:
        return {id_: key for key, id_ in self.ids.breakdowns.items()}

    @cached_property
    def breakdown_ids(self) -> dict[str, int]:
        """Return the ids of this version's breakdowns, without categories that only earlier versions have."""
        return {key: self.ids.breakdowns[key] for key in list_breakdown_keys(self.plan)}

    @cached_property
    def breakdown_ids_by_dimensions(self) -> dict[frozenset[str], list[int]]:
        """Group the ids of the breakdowns by their dimensions."""
        ids: dict[frozenset[str], list[int]] = {}
        for breakdown in self.breakdown_keys:
            ids.setdefault(self.get_breakdown_dimensions(breakdown), []).append(breakdown)
        return ids

    def get_measure(self, slug: str) -> Measure:
        """Return a measure. Raises NotFound, which suggests similar slugs."""
        if slug not in self.measures:
            suggestion = suggest_codes(slug, self.measures) or f"`/v1/programmes/{self.slug}/measures` lists them."
            raise NotFound(f"{slug!r} is not a measure of this programme. {suggestion}")
        return self.measures[slug]

    def get_series_of_duty(self, duty: Duty) -> Series:
        return next(series for series in self.measures[duty.measure].series if series.slug == duty.series)

    def find_scheme(self, measure: Measure, dimensions: Iterable[str]) -> Scheme | None:
        names = set(dimensions)
        return next((scheme for scheme in measure.schemes if set(scheme.dimensions) == names), None)

    def find_finest_level(self, measure: Measure, dimensions: Iterable[str]) -> str | None:
        """Return the finest area level at which a breakdown of the measure is collected, or None if it is not.

        The total is collected at the finest level of any breakdown.
        """
        names = set(dimensions)
        levels = [scheme.finest_level for scheme in measure.schemes if not names or set(scheme.dimensions) == names]
        if not names:
            levels.append(self.areas[self.plan.area].level)
        return max(levels, key=self.level_ranks.__getitem__, default=None)

    def get_breakdown_dimensions(self, breakdown: int) -> frozenset[str]:
        return frozenset(parse_breakdown_key(self.breakdown_keys[breakdown]))

    def find_margin(self, breakdown: int, dimensions: Iterable[str]) -> int:
        """Return the id of the breakdown by these dimensions only, summed over the others, or -1 if it has no id."""
        categories = parse_breakdown_key(self.breakdown_keys[breakdown])
        return self.ids.breakdowns.get(
            format_breakdown_key({dimension: categories[dimension] for dimension in dimensions}), -1
        )

    def resolve_holder(self, duty: Duty) -> str | None:
        """Return the organisation that has the duty, or None for an unassigned role or a class without members."""
        if duty.holder in self.organisation_by_role:
            return self.organisation_by_role[duty.holder]
        return None if duty.holder in self.open_sets else duty.holder

    def list_represented_organisations(self, organisation: str) -> list[str]:
        """Return the organisation and its predecessors, whose returns it reads and corrects."""
        slugs = [organisation]
        for slug in slugs:  # the list grows while it is read
            slugs += [o.slug for o in self.plan.organisations if slug in o.successors and o.slug not in slugs]
        return slugs

    @cached_property
    def successor_by_organisation(self) -> dict[str, str]:
        """Return the last successor of each organisation that has left; of several, the first by name."""
        successors = {o.slug: o.successors for o in self.plan.organisations}
        last: dict[str, str] = {}
        for slug in successors:
            current, seen = slug, {slug}
            while following := sorted(set(successors.get(current, [])) - seen):
                current = following[0]
                seen.add(current)
            last[slug] = current
        return last

    def list_area_and_ancestors(self, code: str) -> list[str]:
        """Return the area and the areas that contain it, from the finest to the widest."""
        codes: list[str] = []
        current: str | None = code
        while current is not None and current in self.areas:
            codes.append(current)
            current = self.areas[current].parent
        return codes

    @cached_property
    def peer_areas(self) -> list[str]:
        """Return the areas that neither lie in the programme's area nor contain it, in the order of the plan."""
        own = self.plan.area
        return [a for a in self.areas if not self.is_within(a, own) and not self.is_within(own, a)]

    def name_area(self, code: str) -> str:
        """Return the name of an area with its code, for messages."""
        return f"{self.areas[code].name} ({code})" if code in self.areas else code

    def is_within(self, code: str, outer: str) -> bool:
        return outer in self.list_area_and_ancestors(code)

    def is_wider(self, code: str, other: str) -> bool:
        """Return True if the area contains the other, or has a wider level of the same family, as a region has."""
        if self.is_within(other, code):
            return code != other
        area, narrow = self.areas[code], self.areas[other]
        is_same_family = not {*area.families}.isdisjoint(narrow.families)
        return is_same_family and self.level_ranks[area.level] < self.level_ranks[narrow.level]
