"""A plan version with the database's ids for its codes, and lookups by code."""

from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct

from api.http.refusals import NotFound
from api.plan.breakdowns import format_breakdown_key, list_breakdown_keys, parse_breakdown_key
from api.plan.suggestions import suggest_codes
from schema.areas import Area, Dimension, Scheme
from schema.measures import Measure, Series
from schema.organisations import Duty
from schema.plan import Plan


def find_headline_series(measure: Measure) -> Series:
    """The one series that is meant where none is named."""
    return next(series for series in measure.series if series.headline)


class DatabaseIds(Struct, frozen=True, kw_only=True):
    """The database's numbers for the codes of one programme. A code keeps its number for ever."""

    organisations: dict[str, int]
    series: dict[tuple[str, str], int]
    areas: dict[str, int]
    breakdowns: dict[str, int]


class Catalogue(Struct, frozen=True, kw_only=True, dict=True, eq=False):
    """One plan version of one programme. Codes that a later version dropped keep their ids and are not in `plan`."""

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
        """Levels by fineness within their family: 0 is the widest."""
        return {level: rank for family in self.plan.families for rank, level in enumerate(family.levels)}

    @cached_property
    def organisation_by_role(self) -> dict[str, str | None]:
        """Each role's organisation, or None while it is unassigned."""
        return {role.slug: role.bound_to for role in self.plan.roles}

    @cached_property
    def open_sets(self) -> frozenset[str]:
        return frozenset(o.slug for o in self.plan.organisations if o.open_set)

    @cached_property
    def duties_by_organisation(self) -> dict[tuple[str | None, str], list[Duty]]:
        """What each organisation owes of each measure, as the plan lists it."""
        found: dict[tuple[str | None, str], list[Duty]] = {}
        for duty in self.plan.duties:
            found.setdefault((self.resolve_holder(duty), duty.measure), []).append(duty)
        return found

    @cached_property
    def organisation_slugs(self) -> dict[int, str]:
        return {number: slug for slug, number in self.ids.organisations.items()}

    @cached_property
    def series_slugs(self) -> dict[int, tuple[str, str]]:
        return {number: key for key, number in self.ids.series.items()}

    @cached_property
    def area_codes(self) -> dict[int, str]:
        return {number: code for code, number in self.ids.areas.items()}

    @cached_property
    def breakdown_keys(self) -> dict[int, str]:
        return {number: key for key, number in self.ids.breakdowns.items()}

    @cached_property
    def breakdown_ids(self) -> dict[str, int]:
        """The breakdowns of this version: a category that it dropped can no longer be sent."""
        return {key: self.ids.breakdowns[key] for key in list_breakdown_keys(self.plan)}

    @cached_property
    def breakdown_ids_by_dimensions(self) -> dict[frozenset[str], list[int]]:
        """The numbers of the breakdowns by the same dimensions."""
        found: dict[frozenset[str], list[int]] = {}
        for number in self.breakdown_keys:
            found.setdefault(self.get_breakdown_dimensions(number), []).append(number)
        return found

    def get_measure(self, slug: str) -> Measure:
        """Raises NotFound, naming the nearest."""
        if slug not in self.measures:
            hint = suggest_codes(slug, self.measures) or f"`/v1/programmes/{self.slug}/measures` lists them."
            raise NotFound(f"{slug!r} is not a measure of this programme. {hint}")
        return self.measures[slug]

    def get_series_of_duty(self, duty: Duty) -> Series:
        return next(one for one in self.measures[duty.measure].series if one.slug == duty.series)

    def find_scheme(self, measure: Measure, dimensions: Iterable[str]) -> Scheme | None:
        wanted = set(dimensions)
        return next((scheme for scheme in measure.schemes if set(scheme.dimensions) == wanted), None)

    def find_finest_level(self, measure: Measure, dimensions: Iterable[str]) -> str | None:
        """The finest area level at which a breakdown of the measure is collected; None where it is not at all.

        The total is collected as finely as any breakdown.
        """
        wanted = set(dimensions)
        levels = [s.finest_level for s in measure.schemes if not wanted or set(s.dimensions) == wanted]
        if not wanted:
            levels.append(self.areas[self.plan.area].level)
        return max(levels, key=self.level_ranks.__getitem__, default=None)

    def get_breakdown_dimensions(self, breakdown: int) -> frozenset[str]:
        return frozenset(parse_breakdown_key(self.breakdown_keys[breakdown]))

    def find_margin(self, breakdown: int, dimensions: Iterable[str]) -> int:
        """The breakdown that is left when all dimensions but those kept are summed over; -1 where none has it."""
        whole = parse_breakdown_key(self.breakdown_keys[breakdown])
        return self.ids.breakdowns.get(
            format_breakdown_key({dimension: whole[dimension] for dimension in dimensions}), -1
        )

    def resolve_holder(self, duty: Duty) -> str | None:
        """The organisation that a duty falls to; None while a role is unassigned or a class has no members here."""
        if duty.holder in self.organisation_by_role:
            return self.organisation_by_role[duty.holder]
        return None if duty.holder in self.open_sets else duty.holder

    def list_represented_organisations(self, organisation: str) -> list[str]:
        """The organisation itself, then those that it succeeds, whose returns it reads and corrects."""
        found = [organisation]
        for slug in found:
            found += [o.slug for o in self.plan.organisations if slug in o.successors and o.slug not in found]
        return found

    def list_area_and_ancestors(self, code: str) -> list[str]:
        """The area itself and those that contain it, from the finest to the widest."""
        found: list[str] = []
        current: str | None = code
        while current is not None and current in self.areas:
            found.append(current)
            current = self.areas[current].parent
        return found

    @cached_property
    def peer_areas(self) -> list[str]:
        """The areas that neither lie in the programme's own nor contain it, in the plan's order: its peers."""
        own = self.plan.area
        return [a for a in self.areas if not self.is_within(a, own) and not self.is_within(own, a)]

    def is_within(self, code: str, outer: str) -> bool:
        return outer in self.list_area_and_ancestors(code)
