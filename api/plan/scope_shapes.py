"""The cells of a scope: its areas, tables, dimensions and periods, including all that was released before."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from api.plan.catalogue import Catalogue
from api.plan.scope_members import ScopeMember
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table
from schema.measures import Measure, MeasureKind


class GeographyChanged(Exception):  # noqa: N818  a refusal is not an error of ours
    """An area has a new parent area, so old and new figures would describe different places."""

    def __init__(self, area: str) -> None:
        super().__init__(
            f"{area} has another parent area than in the last release. A measure whose areas change needs a new series."
        )


def list_scope_areas(measure: Measure, catalogue: Catalogue) -> list[Area]:
    """Return the plan's area and the areas inside it, in the measure's family, down to its finest collected level.

    Return an empty list if the plan's area does not belong to that family.
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


def make_shape(
    members: Sequence[ScopeMember], catalogue: Catalogue, parts_by_period: dict[str, tuple[str, ...]]
) -> ScopeShape:
    """Return the shape of a scope. `parts_by_period` maps each released period to the periods that it sums."""
    tables: list[Table] = []
    for member in members:
        has_denominator = member.measure.kind is MeasureKind.PROPORTION and member is members[0]
        parts = [None, member.part] if has_denominator else [member.part]
        tables += [replace(table, part=part) for part in parts for table in _list_tables(member.measure, catalogue)]
    widest = max((m.measure for m in members), key=lambda measure: len(list_scope_areas(measure, catalogue)))
    return ScopeShape(
        dimensions=_list_dimensions([member.measure for member in members], catalogue),
        places=tuple(list_scope_areas(widest, catalogue)),
        tables=tuple(tables),
        periods=parts_by_period,
        # A person may be counted in two wards of a quarter, so distinct people of areas do not add up.
        overlapping_places=members[0].measure.kind is MeasureKind.DISTINCT,
    )


def _list_tables(measure: Measure, catalogue: Catalogue) -> Iterator[Table]:
    ranks = next(family.levels for family in catalogue.plan.families if family.slug == measure.area_family)
    top = ranks.index(catalogue.areas[catalogue.plan.area].level)
    for dimensions in [(), *(tuple(sorted(scheme.dimensions)) for scheme in measure.schemes)]:
        finest = catalogue.find_finest_level(measure, dimensions)
        if len(dimensions) <= catalogue.plan.disclosure.breakdowns and finest in ranks:
            yield Table(dimensions=dimensions, level=max(ranks.index(finest) - top, 0))


def _list_dimensions(measures: Sequence[Measure], catalogue: Catalogue) -> tuple[Dimension, ...]:
    """Return the dimensions of these measures. The one-dimensional scheme defines overlap, else all schemes do."""
    dimensions: list[Dimension] = []
    for dimension in catalogue.plan.dimensions:
        schemes = [s for measure in measures for s in measure.schemes if dimension.slug in s.dimensions]
        defining = [scheme for scheme in schemes if len(scheme.dimensions) == 1] or schemes
        if defining:
            dimensions.append(
                Dimension(
                    slug=dimension.slug,
                    codes=tuple(category.code for category in dimension.categories),
                    exclusive=all(scheme.exclusive for scheme in defining),
                    exhaustive=all(scheme.exhaustive for scheme in defining),
                )
            )
    return tuple(dimensions)


def merge_shapes(old: ScopeShape, new: ScopeShape) -> ScopeShape:
    """Return the new shape with every cell of the old one, so that later audits cover all released cells.

    Raises GeographyChanged.
    """
    areas = {area.code: area for area in old.places}
    for area in new.places:
        if area.code in areas and areas[area.code] != area:
            raise GeographyChanged(area.code)
        areas[area.code] = area
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
        places=tuple(areas.values()),
        tables=tuple(tables.values()),
        dimensions=tuple(dimensions.values()),
        periods=old.periods | new.periods,
    )
