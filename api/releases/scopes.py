"""What is audited together: measures that hang together, in all areas, breakdowns and periods that add up.

Counts of a flow make up longer periods, so its months and quarters stand in one scope with their year. A stock of one
day says nothing certain of another day's, so each of its periods is a scope; so is each of a count of different
people. A cumulative count is the sum of its increments since it was last reset.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from api.plan.catalogue import Catalogue, find_headline_series
from api.plan.periods import list_periods
from api.statistics import periods
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table
from schema.disclosure import DisclosureClass
from schema.measures import Collection, Measure, MeasureKind, Series
from schema.organisations import Duty
from schema.periods import Period, PeriodType

SUMMED_KINDS = frozenset({MeasureKind.FLOW, MeasureKind.PROPORTION})
PROTECTED_KINDS = SUMMED_KINDS | {MeasureKind.STOCK, MeasureKind.CUMULATIVE, MeasureKind.DISTINCT}
"""The kinds that disclosure control knows how to protect."""

LONGER_PERIOD_TYPES = {
    PeriodType.MONTH: (PeriodType.FINANCIAL_QUARTER, PeriodType.FINANCIAL_HALF, PeriodType.FINANCIAL_YEAR),
    PeriodType.FINANCIAL_QUARTER: (PeriodType.FINANCIAL_HALF, PeriodType.FINANCIAL_YEAR),
    PeriodType.FINANCIAL_HALF: (PeriodType.FINANCIAL_YEAR,),
    PeriodType.CALENDAR_QUARTER: (PeriodType.CALENDAR_YEAR,),
}
"""The periods that are released beside those of returns, once they are over; the longest last."""


class ScopeMember(Struct, frozen=True, kw_only=True):
    """A series in a scope. A proportion's denominators are the whole, and its numerators a part of it."""

    measure: Measure
    series: Series
    part: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.measure.slug, self.series.slug


class AuditScope(Struct, frozen=True, kw_only=True):
    """The members in their order, the whole first, and the lattice that they are laid out in."""

    key: str
    disclosure_class: DisclosureClass
    members: tuple[ScopeMember, ...]
    shape: ScopeShape
    collected_periods: dict[str, Period]
    """The periods of returns, by code, in order of time."""

    @property
    def measures(self) -> list[str]:
        return [member.measure.slug for member in self.members]


class GeographyChanged(Exception):  # noqa: N818  a refusal is not an error of ours
    """An area has moved into another: the old figures and the new would be of different places."""

    def __init__(self, area: str) -> None:
        super().__init__(
            f"{area} lies in another area than in the last release. A measure whose areas change needs a new series."
        )


def list_released_periods(
    measure: Measure, catalogue: Catalogue, returned: Iterable[Period], *, today: date
) -> tuple[list[Period], list[Period]]:
    """The periods of its returns that are over, and the longer ones; by the calendar, whatever was returned.

    Snapshots have no calendar: of them, those for which something was returned.
    """
    cadence = measure.cadence
    if cadence.period_type is PeriodType.SNAPSHOT:
        collected = sorted(set(returned), key=lambda period: period.end)
    else:
        collected = list_periods(catalogue.plan.window, cadence.period_type, months=cadence.months)
    over = [period for period in collected if period.end < today]
    types = LONGER_PERIOD_TYPES.get(cadence.period_type, ()) if measure.kind in SUMMED_KINDS else ()
    longer = [
        period
        for type_ in types
        for period in list_periods(catalogue.plan.window, type_)
        if period.end < today and set(periods.divide_period(period, cadence.period_type)) <= set(over)
    ]
    return over, longer


def list_scopes(
    catalogue: Catalogue,
    returned: Mapping[tuple[str, str], Sequence[Period]],
    *,
    today: date,
    excluded_measures: Iterable[str] = (),
) -> list[AuditScope]:
    """Every scope of a release made on a day, in the order of the plan. `returned`: the periods of each series."""
    left_out = set(excluded_measures)
    joined = _find_joined_measures(catalogue)
    parts = {slug for slugs in joined.values() for slug in slugs}
    found: list[AuditScope] = []
    for measure in catalogue.plan.measures:
        for series in measure.series:
            if series.collection is not Collection.PARTNERS or measure.kind not in PROTECTED_KINDS:
                continue
            if series.headline and measure.slug in parts:
                continue
            members = [ScopeMember(measure=measure, series=series, part=_name_part(measure))]
            if series.headline:
                members += [_make_contained_member(catalogue.measures[slug]) for slug in joined.get(measure.slug, [])]
            # A scope keeps all of its members while one of them is released: what was shown of them stays in its audit.
            if {member.measure.slug for member in members} <= left_out or not list_scope_areas(measure, catalogue):
                continue
            found += _split_into_scopes(members, catalogue, returned.get(members[0].key, ()), today=today)
    return found


def _name_part(measure: Measure) -> str | None:
    return measure.slug if measure.kind is MeasureKind.PROPORTION else None


def _make_contained_member(measure: Measure) -> ScopeMember:
    return ScopeMember(measure=measure, series=find_headline_series(measure), part=measure.slug)


def _find_joined_measures(catalogue: Catalogue) -> dict[str, list[str]]:
    """Of each measure, those whose counts are part of its own in every return, so that they share their people.

    That can be audited together where whoever returns the part returns the whole as well. Proportions are joined by
    the denominator that they share, and where the same organisations return them: one that another contains has a
    denominator of its own, and so has one that fewer return.
    """
    holders: defaultdict[str, set[str | None]] = defaultdict(set)
    for duty in catalogue.plan.duties:
        holders[duty.measure].add(catalogue.resolve_holder(duty) or duty.holder)
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for measure in catalogue.plan.measures:
        ratio = measure.kind is MeasureKind.PROPORTION
        for slug in _find_shared_denominators(measure, catalogue) if ratio else measure.contains:
            together = holders[slug] == holders[measure.slug] if ratio else holders[slug] <= holders[measure.slug]
            free = slug not in found and not {slug, measure.slug} & taken
            if free and together and _have_same_definition(catalogue.measures[slug], measure):
                found.setdefault(measure.slug, []).append(slug)
                taken.add(slug)
    return found


def _have_same_definition(part: Measure, whole: Measure) -> bool:
    """Whether they are counted in the same way, for the same periods and areas, and protected by the same rule."""

    def way(measure: Measure) -> tuple[object, ...]:
        series, cadence = find_headline_series(measure), measure.cadence
        periods_and_areas = (cadence.period_type, cadence.months, series.resets, measure.area_family)
        return (measure.kind, series.collection, measure.disclosure_class, *periods_and_areas)

    return way(part) == way(whole)


def _find_shared_denominators(measure: Measure, catalogue: Catalogue) -> list[str]:
    """The later measures of the plan with which a proportion shares its denominator, whichever of them says so."""
    later = catalogue.plan.measures[catalogue.plan.measures.index(measure) + 1 :]
    return [
        other.slug
        for other in later
        if other.slug in measure.shares_denominator or measure.slug in other.shares_denominator
    ]


def _split_into_scopes(
    members: Sequence[ScopeMember], catalogue: Catalogue, returned: Iterable[Period], *, today: date
) -> Iterator[AuditScope]:
    whole = members[0].measure
    over, longer = list_released_periods(whole, catalogue, returned, today=today)
    for spell, collected in _group_linked_periods(members[0], catalogue, over).items():
        made_of: dict[str, tuple[str, ...]] = {period.code: (period.code,) for period in collected}
        if whole.kind is MeasureKind.CUMULATIVE:
            steps = [collected[0].code, *(f"since {before.code}" for before in collected[:-1])]
            made_of = {period.code: tuple(steps[: at + 1]) for at, period in enumerate(collected)}
        for period in longer:
            inner = periods.divide_period(period, whole.cadence.period_type)
            if set(inner) <= set(collected):
                made_of[period.code] = tuple(one.code for one in inner)
        yield AuditScope(
            key=f"{members[0].measure.slug}/{members[0].series.slug} {spell}",
            disclosure_class=whole.disclosure_class,
            members=tuple(members),
            shape=_make_shape(members, catalogue, made_of),
            collected_periods={period.code: period for period in collected},
        )


def _group_linked_periods(member: ScopeMember, catalogue: Catalogue, over: Sequence[Period]) -> dict[str, list[Period]]:
    """Periods that hang together: of a flow those of a year, of a cumulative count those between two resets."""
    kind, cadence = member.measure.kind, member.measure.cadence.period_type
    type_: PeriodType | None = None
    if kind in SUMMED_KINDS and cadence in LONGER_PERIOD_TYPES:
        type_ = LONGER_PERIOD_TYPES[cadence][-1]
    elif kind is MeasureKind.CUMULATIVE:
        if member.series.resets is None:
            return {"to-date": list(over)} if over else {}
        type_ = member.series.resets
    if type_ is None:
        return {period.code: [period] for period in over}
    spells = periods.list_periods_between(type_, *_widen_window(catalogue))
    found: dict[str, list[Period]] = {}
    for period in over:
        spell = next((one.code for one in spells if periods.contains(one, period)), period.code)
        found.setdefault(spell, []).append(period)
    return found


def _widen_window(catalogue: Catalogue) -> tuple[date, date]:
    window = catalogue.plan.window
    return window.start.replace(year=window.start.year - 1, month=1, day=1), date(window.end.year + 1, 12, 31)


def list_scope_areas(measure: Measure, catalogue: Catalogue) -> list[Area]:
    """The plan's own area and those within it, of the measure's family, down to the finest at which it is collected.

    None where the plan's area is not of that family.
    """
    ranks = next(family.levels for family in catalogue.plan.families if family.slug == measure.area_family)
    top = catalogue.areas[catalogue.plan.area]
    if measure.area_family not in top.families or top.level not in ranks:
        return []
    finest = catalogue.find_finest_level(measure, [])
    deepest = ranks.index(finest) if finest in ranks else ranks.index(top.level)
    return [
        Area(
            code=area.code,
            level=ranks.index(area.level) - ranks.index(top.level),
            parent=None if area.code == top.code else area.parent,
        )
        for area in catalogue.plan.areas
        if measure.area_family in area.families
        and area.level in ranks
        and ranks.index(area.level) <= deepest
        and catalogue.is_within(area.code, top.code)
    ]


def _make_shape(
    members: Sequence[ScopeMember], catalogue: Catalogue, made_of: dict[str, tuple[str, ...]]
) -> ScopeShape:
    tables: list[Table] = []
    for member in members:
        parts = (
            [None, member.part]
            if member.measure.kind is MeasureKind.PROPORTION and member is members[0]
            else [member.part]
        )
        tables += [replace(table, part=part) for part in parts for table in _list_tables(member.measure, catalogue)]
    area = max((m.measure for m in members), key=lambda measure: len(list_scope_areas(measure, catalogue)))
    return ScopeShape(
        dimensions=_list_dimensions([member.measure for member in members], catalogue),
        places=tuple(list_scope_areas(area, catalogue)),
        tables=tuple(tables),
        periods=made_of,
        # Somebody may be counted in two wards of a quarter: different people of areas are no parts of a sum.
        overlapping_places=members[0].measure.kind is MeasureKind.DISTINCT,
    )


def _list_tables(measure: Measure, catalogue: Catalogue) -> Iterator[Table]:
    ranks = next(family.levels for family in catalogue.plan.families if family.slug == measure.area_family)
    top = ranks.index(catalogue.areas[catalogue.plan.area].level)
    most = catalogue.plan.disclosure.breakdowns
    for dimensions in [(), *(tuple(sorted(scheme.dimensions)) for scheme in measure.schemes)]:
        finest = catalogue.find_finest_level(measure, dimensions)
        if len(dimensions) <= most and finest in ranks:
            yield Table(dimensions=dimensions, level=max(ranks.index(finest) - top, 0))


def _list_dimensions(measures: Sequence[Measure], catalogue: Catalogue) -> tuple[Dimension, ...]:
    """As the scheme of the dimension alone says, or where there is none, as all that cross it say."""
    found: list[Dimension] = []
    for dimension in catalogue.plan.dimensions:
        schemes = [s for measure in measures for s in measure.schemes if dimension.slug in s.dimensions]
        chosen = [scheme for scheme in schemes if len(scheme.dimensions) == 1] or schemes
        if chosen:
            found.append(
                Dimension(
                    slug=dimension.slug,
                    codes=tuple(category.code for category in dimension.categories),
                    exclusive=all(scheme.exclusive for scheme in chosen),
                    exhaustive=all(scheme.exhaustive for scheme in chosen),
                )
            )
    return tuple(found)


def merge_shapes(old: ScopeShape, new: ScopeShape) -> ScopeShape:
    """A lattice that holds what was released before as well: no later audit forgets it.

    Raises GeographyChanged.
    """
    places = {place.code: place for place in old.places}
    for place in new.places:
        if place.code in places and places[place.code] != place:
            raise GeographyChanged(place.code)
        places[place.code] = place
    tables = {(table.part, table.dimensions): table for table in old.tables}
    for table in new.tables:
        before = tables.get((table.part, table.dimensions), table)
        tables[table.part, table.dimensions] = replace(table, level=max(table.level, before.level))
    dimensions = {dimension.slug: dimension for dimension in old.dimensions}
    for dimension in new.dimensions:
        codes = dimensions.get(dimension.slug, dimension).codes
        codes += tuple(code for code in dimension.codes if code not in codes)
        dimensions[dimension.slug] = replace(dimension, codes=codes)
    return replace(
        new,
        places=tuple(places.values()),
        tables=tuple(tables.values()),
        dimensions=tuple(dimensions.values()),
        periods=old.periods | new.periods,
    )


def number_groups(
    catalogue: Catalogue, organisations: Sequence[str], earlier: Iterable[Mapping[str, int]] = ()
) -> list[int]:
    """The number of the group of each organisation: one knows what those know that it succeeds, or is a member of.

    Those that the plan names as a class only, such as all choirs, know nothing of each other. Who knew as one in an
    earlier release of the scope remembers it, whatever the plan says by now.
    """
    of = {slug: slug for slug in (o.slug for o in catalogue.plan.organisations)}

    def found(slug: str) -> str:
        while of.get(slug, slug) != slug:
            slug = of[slug]
        return slug

    for organisation in catalogue.plan.organisations:
        own = organisation.member_of
        for other in (*organisation.successors, *([own] if own and own not in catalogue.open_sets else [])):
            of[found(organisation.slug)] = found(other)
    for before in earlier:
        first: dict[int, str] = {}
        for slug, number in before.items():
            of[found(slug)] = found(first.setdefault(number, slug))
    roots = [found(slug) for slug in organisations]
    numbers = {root: number for number, root in enumerate(dict.fromkeys(roots))}
    return [numbers[root] for root in roots]


def may_publish_alone(members: Sequence[ScopeMember], organisation: str, catalogue: Catalogue) -> bool:
    """Whether all its duties for these series say so."""
    keys = {member.key for member in members}
    duties: list[Duty] = [
        duty
        for duty in catalogue.plan.duties
        if (duty.measure, duty.series) in keys and catalogue.resolve_holder(duty) == organisation
    ]
    return bool(duties) and all(duty.publish_alone for duty in duties)


def find_regrouped_measures(before: Iterable[tuple[str, Sequence[str]]], every: Sequence[AuditScope]) -> set[str]:
    """The measures that were audited with others than now, so that their history would be forgotten.

    `before` are the keys and measures of what is kept of all earlier releases. A measure that has only lost a series,
    or won one, keeps its history.
    """
    old: defaultdict[str, set[str]] = defaultdict(set)
    now: defaultdict[str, set[str]] = defaultdict(set)
    for key, measures in before:
        for measure in measures:
            old[measure].add(_parse_series(key))
    for scope in every:
        for measure in scope.measures:
            now[measure].add(_parse_series(scope.key))
    return {measure for measure, keys in now.items() if old[measure] - keys and keys - old[measure]}


def _parse_series(key: str) -> str:
    """Of a scope's key: the measure and series of its first member."""
    return key.rpartition(" ")[0]
