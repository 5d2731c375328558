"""Check that a plan is consistent: every code that it refers to exists, and the rules of each item hold."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

import msgspec

from api.plan.binding_checks import find_binding_mistakes
from api.plan.breakdowns import format_breakdown_key
from api.plan.gaps import LOGIC_MODEL_COLUMNS
from api.plan.measure_checks import find_measure_mistakes
from api.plan.mistakes import InvalidPlan, Mistake, Path, find_unknown_codes, format_mistake
from api.plan.populations import find_population_mistakes
from api.statistics.disclosure.policy import LaxPolicy, check_policy
from schema.disclosure import Policy
from schema.measures import Collection
from schema.plan import Plan


def check_plan(plan: Plan) -> None:
    """Raises InvalidPlan with every mistake, not only the first."""
    builtins = msgspec.to_builtins(plan)
    lines = [format_mistake(mistake, builtins) for mistake in find_mistakes(plan)]
    if lines:
        raise InvalidPlan("\n".join(lines))


def find_mistakes(plan: Plan) -> Iterator[Mistake]:
    """Return every mistake of a plan whose fields have the right types."""
    for find in PLAN_CHECKS:
        yield from find(plan)


def _find_duplicates(section: Path, noun: str, codes: Iterable[str]) -> Iterator[Mistake]:
    """Find codes that occur several times. The mistake is at the last of them."""
    positions = {code: (number, count) for number, code, count in _count_codes(codes)}
    for code, (number, count) in positions.items():
        if count > 1:
            yield Mistake(path=(*section, number), text=f"{noun} {code!r} occurs {count} times")


def _count_codes(codes: Iterable[str]) -> Iterator[tuple[int, str, int]]:
    counts: Counter[str] = Counter()
    for number, code in enumerate(codes):
        counts[code] += 1
        yield number, code, counts[code]


def _check_unique_codes(plan: Plan) -> Iterator[Mistake]:
    yield from _find_duplicates(("themes",), "theme", (t.slug for t in plan.themes))
    yield from _find_duplicates(("nodes",), "node", (n.slug for n in plan.nodes))
    yield from _find_duplicates(("nodes",), "node code", (n.code for n in plan.nodes))
    yield from _find_duplicates(("measures",), "measure", (m.slug for m in plan.measures))
    yield from _find_duplicates(("areas",), "area", (a.code for a in plan.areas))
    yield from _find_duplicates(("families",), "family", (f.slug for f in plan.families))
    yield from _find_duplicates(("dimensions",), "dimension", (d.slug for d in plan.dimensions))
    yield from _find_duplicates(("organisations",), "organisation", (o.slug for o in plan.organisations))
    yield from _find_duplicates(("roles",), "role", (r.slug for r in plan.roles))
    organisations = {o.slug for o in plan.organisations}
    for number, role in enumerate(plan.roles):
        if role.slug in organisations:
            yield Mistake(path=("roles", number, "slug"), text=f"{role.slug!r} is an organisation as well")
    levels = Counter(level for f in plan.families for level in f.levels)
    for number, family in enumerate(plan.families):
        for level in family.levels:
            if levels[level] > 1:
                yield Mistake(path=("families", number), text=f"level {level!r} occurs {levels[level]} times")
    for number, dimension in enumerate(plan.dimensions):
        section = ("dimensions", number, "categories")
        yield from _find_duplicates(section, "category", (c.code for c in dimension.categories))
    for number, measure in enumerate(plan.measures):
        yield from _find_duplicates(("measures", number, "series"), "series", (s.slug for s in measure.series))
        schemes = (format_breakdown_key(dict.fromkeys(s.dimensions, "*")) for s in measure.schemes)
        yield from _find_duplicates(("measures", number, "schemes"), "scheme", schemes)
    yield from _find_duplicates(("links",), "link", (f"{link.source} → {link.target}" for link in plan.links))
    duties = (f"{d.holder} {d.measure} {d.series} {d.service} {d.valid_from}" for d in plan.duties)
    yield from _find_duplicates(("duties",), "duty", duties)
    yield from _check_unique_references(plan)


def _check_unique_references(plan: Plan) -> Iterator[Mistake]:
    counts: Counter[str] = Counter()
    for number, measure in enumerate(plan.measures):
        for position, reference in enumerate(measure.plan_references):
            counts[reference.code] += 1
            if counts[reference.code] > 1:
                path = ("measures", number, "plan_references", position)
                yield Mistake(path=path, text=f"{reference.code!r} occurs {counts[reference.code]} times")


def _check_links(plan: Plan) -> Iterator[Mistake]:
    columns = {node.slug: LOGIC_MODEL_COLUMNS.index(node.column) for node in plan.nodes}
    for number, link in enumerate(plan.links):
        path = ("links", number)
        yield from find_unknown_codes((*path, "source"), "a node", [link.source], columns)
        yield from find_unknown_codes((*path, "target"), "a node", [link.target], columns)
        if link.source in columns and link.target in columns and columns[link.target] < columns[link.source]:
            source, target = (LOGIC_MODEL_COLUMNS[columns[slug]] for slug in (link.source, link.target))
            yield Mistake(path=path, text=f"it runs backwards, from {source} to {target}")
    try:
        TopologicalSorter({n.slug: {k.source for k in plan.links if k.target == n.slug} for n in plan.nodes}).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        closing = next(n for n, k in enumerate(plan.links) if [k.source, k.target] == cycle[:2])
        yield Mistake(path=("links", closing), text=f"the links form a cycle: {' → '.join(cycle)}")


def _check_measure_links(plan: Plan) -> Iterator[Mistake]:
    nodes = [n.slug for n in plan.nodes]
    measures = [m.slug for m in plan.measures]
    for number, link in enumerate(plan.measure_links):
        path = ("measure_links", number)
        yield from find_unknown_codes((*path, "source"), "a node", [link.source], nodes)
        yield from find_unknown_codes((*path, "measure"), "a measure", [link.measure], measures)
    yield from find_unknown_codes(("owner",), "an organisation", [plan.owner], (o.slug for o in plan.organisations))


def _check_areas(plan: Plan) -> Iterator[Mistake]:
    areas = {a.code: a for a in plan.areas}
    families = {f.slug: f for f in plan.families}
    yield from find_unknown_codes(("area",), "an area", [plan.area], areas)
    for number, area in enumerate(plan.areas):
        path = ("areas", number)
        yield from find_unknown_codes((*path, "families"), "a family", area.families, families)
        yield from find_unknown_codes((*path, "parent"), "an area", [area.parent], areas)
        yield from find_unknown_codes((*path, "successors"), "an area", area.successors, areas)
        area_families = [families[f] for f in area.families if f in families]
        levels = [level for family in area_families for level in family.levels]
        yield from find_unknown_codes((*path, "level"), "a level of its families", [area.level], levels)
        parent = areas.get(area.parent) if area.parent is not None else None
        if parent is not None and not any(
            {area.level, parent.level} <= set(f.levels) and f.levels.index(parent.level) < f.levels.index(area.level)
            for f in area_families
        ):
            text = f"it lies in {parent.code}, which is not at a wider level of the same family"
            yield Mistake(path=(*path, "parent"), text=text)


def _check_dimensions(plan: Plan) -> Iterator[Mistake]:
    for number, dimension in enumerate(plan.dimensions):
        codes = [c.code for c in dimension.categories]
        others = [other.slug for other in plan.dimensions if other is not dimension]
        path = ("dimensions", number, "supersedes")
        yield from find_unknown_codes(path, "another dimension", [dimension.supersedes], others)
        for position, category in enumerate(dimension.categories):
            path = ("dimensions", number, "categories", position)
            yield from find_unknown_codes((*path, "parent"), "one of its categories", [category.parent], codes)
            if category.code in {"all", "total", "persons"}:
                yield Mistake(
                    path=path, text=f"{category.code!r} is a total, and a dimension has no code for its total"
                )


def _check_organisations(plan: Plan) -> Iterator[Mistake]:
    slugs = [o.slug for o in plan.organisations]
    for number, organisation in enumerate(plan.organisations):
        path = ("organisations", number)
        yield from find_unknown_codes((*path, "member_of"), "an organisation", [organisation.member_of], slugs)
        yield from find_unknown_codes((*path, "successors"), "an organisation", organisation.successors, slugs)
        if organisation.valid_from and organisation.valid_to and organisation.valid_to < organisation.valid_from:
            yield Mistake(path=(*path, "valid_to"), text="it ends before it begins")
    for number, role in enumerate(plan.roles):
        yield from find_unknown_codes(("roles", number, "bound_to"), "an organisation", [role.bound_to], slugs)


def _check_duties(plan: Plan) -> Iterator[Mistake]:
    holders = [*(o.slug for o in plan.organisations), *(r.slug for r in plan.roles)]
    series = {m.slug: {s.slug: s.collection for s in m.series} for m in plan.measures}
    areas = [a.code for a in plan.areas]
    for number, duty in enumerate(plan.duties):
        path = ("duties", number)
        yield from find_unknown_codes((*path, "holder"), "an organisation or role", [duty.holder], holders)
        yield from find_unknown_codes((*path, "area"), "an area", [duty.area], areas)
        yield from find_unknown_codes((*path, "measure"), "a measure", [duty.measure], series)
        collections = series.get(duty.measure, {})
        if collections:
            noun = "a series of that measure"
            yield from find_unknown_codes((*path, "series"), noun, [duty.series], collections)
        if collections.get(duty.series) is Collection.DERIVED:
            yield Mistake(path=(*path, "series"), text=f"{duty.series!r} is derived, so it has no returns")


def _check_window(plan: Plan) -> Iterator[Mistake]:
    if plan.window.end < plan.window.start:
        yield Mistake(path=("window", "end"), text="the window ends before it begins")
    calendar = plan.calendar
    if calendar.late_after_days < calendar.due_days:
        yield Mistake(path=("calendar", "late_after_days"), text="it is less than due_days")
    if calendar.closes_days is not None and calendar.closes_days < calendar.late_after_days:
        yield Mistake(path=("calendar", "closes_days"), text="it is less than late_after_days")


def _check_disclosure(plan: Plan) -> Iterator[Mistake]:
    try:
        check_policy(plan.disclosure, Policy())
    except LaxPolicy as refusal:
        yield Mistake(path=("disclosure",), text=str(refusal))


PLAN_CHECKS: list[Callable[[Plan], Iterator[Mistake]]] = [
    _check_unique_codes,
    _check_links,
    _check_measure_links,
    _check_areas,
    _check_dimensions,
    _check_organisations,
    find_binding_mistakes,
    find_measure_mistakes,
    find_population_mistakes,
    _check_duties,
    _check_window,
    _check_disclosure,
]
