"""Check that a plan file is consistent."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from api.http.refusals import Invalid
from api.plan.breakdowns import format_breakdown_key
from api.plan.gaps import LOGIC_MODEL_COLUMNS
from api.statistics import periods
from api.statistics.disclosure.policy import LaxPolicy, check_policy
from schema.disclosure import Policy
from schema.measures import RATIO_KINDS, Collection, Measure, MeasureKind, Operation, Series
from schema.plan import Plan


class InvalidPlan(Invalid):
    """The plan file is not consistent."""

    example = "A duty names a measure that the plan does not have."
    fix = "Correct each fault in the file and load it again. Nothing was loaded."


def check_plan(plan: Plan) -> None:
    """Raises InvalidPlan with every fault, not only the first."""
    faults = [fault for part in PLAN_CHECKS for fault in part(plan)]
    if faults:
        raise InvalidPlan("\n".join(faults))


def _find_duplicates(noun: str, codes: Iterable[str]) -> Iterator[str]:
    yield from (f"{noun} {code!r} occurs {n} times" for code, n in Counter(codes).items() if n > 1)


def _find_unknown_codes(where: str, noun: str, codes: Iterable[str | None], known: Iterable[str]) -> Iterator[str]:
    allowed = set(known)
    yield from (f"{where}: {code!r} is not {noun}" for code in codes if code is not None and code not in allowed)


def _check_unique_codes(plan: Plan) -> Iterator[str]:
    yield from _find_duplicates("theme", (t.slug for t in plan.themes))
    yield from _find_duplicates("node", (n.slug for n in plan.nodes))
    yield from _find_duplicates("node code", (n.code for n in plan.nodes))
    yield from _find_duplicates("measure", (m.slug for m in plan.measures))
    yield from _find_duplicates("area", (a.code for a in plan.areas))
    yield from _find_duplicates("family", (f.slug for f in plan.families))
    yield from _find_duplicates("level", (level for f in plan.families for level in f.levels))
    yield from _find_duplicates("dimension", (d.slug for d in plan.dimensions))
    yield from _find_duplicates(
        "organisation or role", [*(o.slug for o in plan.organisations), *(r.slug for r in plan.roles)]
    )
    for dimension in plan.dimensions:
        yield from _find_duplicates(f"dimension {dimension.slug}: category", (c.code for c in dimension.categories))
    for measure in plan.measures:
        yield from _find_duplicates(f"measure {measure.slug}: series", (s.slug for s in measure.series))
        schemes = (format_breakdown_key(dict.fromkeys(s.dimensions, "*")) for s in measure.schemes)
        yield from _find_duplicates(f"measure {measure.slug}: scheme", schemes)
    yield from _find_duplicates("link", (f"{link.source} → {link.target}" for link in plan.links))
    duties = (f"{d.holder} {d.measure} {d.series} {d.service} {d.valid_from}" for d in plan.duties)
    yield from _find_duplicates("duty", duties)
    yield from _find_duplicates("plan reference", (r.code for m in plan.measures for r in m.plan_references))


def _check_links(plan: Plan) -> Iterator[str]:
    columns = {node.slug: LOGIC_MODEL_COLUMNS.index(node.column) for node in plan.nodes}
    for link in plan.links:
        where = f"link {link.source} → {link.target}"
        yield from _find_unknown_codes(where, "a node", (link.source, link.target), columns)
        if link.source in columns and link.target in columns and columns[link.target] < columns[link.source]:
            source, target = (LOGIC_MODEL_COLUMNS[columns[slug]] for slug in (link.source, link.target))
            yield f"{where} runs backwards, from {source} to {target}"
    try:
        TopologicalSorter({n.slug: {k.source for k in plan.links if k.target == n.slug} for n in plan.nodes}).prepare()
    except CycleError as error:
        yield f"the links form a cycle: {' → '.join(error.args[1])}"


def _check_measure_links(plan: Plan) -> Iterator[str]:
    nodes = {n.slug for n in plan.nodes}
    measures = {m.slug for m in plan.measures}
    for link in plan.measure_links:
        yield from _find_unknown_codes(f"measure link of {link.measure}", "a node", [link.source], nodes)
        yield from _find_unknown_codes("measure link", "a measure", [link.measure], measures)
    yield from _find_unknown_codes("owner", "an organisation", [plan.owner], (o.slug for o in plan.organisations))


def _check_areas(plan: Plan) -> Iterator[str]:
    areas = {a.code: a for a in plan.areas}
    families = {f.slug: f for f in plan.families}
    yield from _find_unknown_codes("area of the plan", "an area", [plan.area], areas)
    for area in plan.areas:
        where = f"area {area.code}"
        yield from _find_unknown_codes(where, "a family", area.families, families)
        yield from _find_unknown_codes(where, "an area", [area.parent, *area.successors], areas)
        area_families = [families[f] for f in area.families if f in families]
        if not any(area.level in family.levels for family in area_families):
            yield f"{where}: {area.level!r} is not a level of its families"
        parent = areas.get(area.parent) if area.parent is not None else None
        if parent is not None and not any(
            {area.level, parent.level} <= set(f.levels) and f.levels.index(parent.level) < f.levels.index(area.level)
            for f in area_families
        ):
            yield f"{where} lies in {parent.code}, which is not at a wider level of the same family"


def _check_dimensions(plan: Plan) -> Iterator[str]:
    for dimension in plan.dimensions:
        codes = [c.code for c in dimension.categories]
        yield from _find_unknown_codes(
            f"dimension {dimension.slug}", "one of its categories", (c.parent for c in dimension.categories), codes
        )
        yield from (
            f"dimension {dimension.slug}: {code!r} is a total, and a dimension has no code for its total"
            for code in codes
            if code in {"all", "total", "persons"}
        )


def _check_organisations(plan: Plan) -> Iterator[str]:
    slugs = [o.slug for o in plan.organisations]
    for organisation in plan.organisations:
        where = f"organisation {organisation.slug}"
        yield from _find_unknown_codes(
            where, "an organisation", [organisation.member_of, *organisation.successors], slugs
        )
        if organisation.valid_from and organisation.valid_to and organisation.valid_to < organisation.valid_from:
            yield f"{where} ends before it begins"
    for role in plan.roles:
        yield from _find_unknown_codes(f"role {role.slug}", "an organisation", [role.bound_to], slugs)


def _check_measures(plan: Plan) -> Iterator[str]:
    families = {f.slug: f for f in plan.families}
    holders = [*(o.slug for o in plan.organisations), *(r.slug for r in plan.roles)]
    slugs = [m.slug for m in plan.measures]
    counted_measures = [m.slug for m in plan.measures if not any(s.headline and s.formula for s in m.series)]
    for measure in plan.measures:
        where = f"measure {measure.slug}"
        yield from _find_unknown_codes(where, "a theme", [measure.theme], (t.slug for t in plan.themes))
        yield from _find_unknown_codes(where, "a node", measure.nodes, (n.slug for n in plan.nodes))
        yield from _find_unknown_codes(where, "an area family", [measure.area_family], families)
        yield from _find_unknown_codes(where, "a measure", [*measure.contains, *measure.shares_denominator], slugs)
        yield from _find_unknown_codes(where, "an organisation or role", [measure.owner], holders)
        if sum(series.headline for series in measure.series) != 1:
            yield f"{where} needs exactly one headline series"
        for scheme in measure.schemes:
            yield from _find_unknown_codes(
                f"{where}: scheme", "a dimension", scheme.dimensions, (d.slug for d in plan.dimensions)
            )
            levels = families[measure.area_family].levels if measure.area_family in families else []
            yield from _find_unknown_codes(
                f"{where}: scheme", f"a level of {measure.area_family}", [scheme.finest_level], levels
            )
        yield from _check_kind(measure)
        yield from _check_targets(measure)
        for series in measure.series:
            yield from _check_series(measure, series, slugs)
            parts = series.formula.measures if series.formula else []
            yield from _find_unknown_codes(
                where, "a measure that is counted", (slug for slug in parts if slug in slugs), counted_measures
            )


def _check_kind(measure: Measure) -> Iterator[str]:
    where = f"measure {measure.slug}"
    if (measure.kind is MeasureKind.MILESTONE) != bool(measure.stages):
        yield f"{where}: only a milestone has stages, and it must have some"
    if (measure.kind is MeasureKind.EVIDENCE) != bool(measure.domains):
        yield f"{where}: only an evidence measure has domains, and it must have some"


def _check_targets(measure: Measure) -> Iterator[str]:
    for target in measure.targets:
        try:
            periods.parse(target.period)
        except periods.InvalidPeriodCode as error:
            yield f"measure {measure.slug}: a target: {error}"


def _check_series(measure: Measure, series: Series, measures: list[str]) -> Iterator[str]:
    where = f"measure {measure.slug}: series {series.slug}"
    yield from _find_unknown_codes(
        where, "a series of the measure", [series.supersedes], (s.slug for s in measure.series)
    )
    if measure.kind in RATIO_KINDS and series.denominator is None:
        yield f"{where}: a {measure.kind} needs a denominator"
    if (series.collection is Collection.PUBLISHED) != (series.source is not None):
        yield f"{where}: only a published series has a source, and it must have one"
    if (series.collection is Collection.DERIVED) != (series.formula is not None):
        yield f"{where}: only a derived series has a formula, and it must have one"
    if series.formula is not None:
        yield from _find_unknown_codes(where, "a measure", series.formula.measures, measures)
        if (measure.kind is MeasureKind.GAP) != (series.formula.operation is Operation.DIFFERENCE):
            yield f"{where}: only a gap is a `difference`, and it must be one"
        if series.formula.operation is Operation.DIFFERENCE and len(series.formula.measures) != 2:
            yield f"{where}: a `difference` needs exactly two measures"
    if (series.resets is not None) and measure.kind is not MeasureKind.CUMULATIVE:
        yield f"{where}: only a cumulative series resets"


def _check_duties(plan: Plan) -> Iterator[str]:
    holders = [*(o.slug for o in plan.organisations), *(r.slug for r in plan.roles)]
    collections = {(m.slug, s.slug): s.collection for m in plan.measures for s in m.series}
    areas = {a.code for a in plan.areas}
    for duty in plan.duties:
        where = f"duty of {duty.holder} for {duty.measure}"
        yield from _find_unknown_codes(where, "an organisation or role", [duty.holder], holders)
        yield from _find_unknown_codes(where, "an area", [duty.area], areas)
        collection = collections.get((duty.measure, duty.series))
        if collection is None:
            yield f"{where}: there is no series {duty.series!r} of that measure"
        elif collection is Collection.DERIVED:
            yield f"{where}: {duty.series!r} is derived, so it has no returns"


def _check_window(plan: Plan) -> Iterator[str]:
    if plan.window.end < plan.window.start:
        yield "the window ends before it begins"
    calendar = plan.calendar
    if calendar.late_after_days < calendar.due_days:
        yield "the calendar: late_after_days is less than due_days"
    if calendar.closes_days is not None and calendar.closes_days < calendar.late_after_days:
        yield "the calendar: closes_days is less than late_after_days"


def _check_disclosure(plan: Plan) -> Iterator[str]:
    try:
        check_policy(plan.disclosure, Policy())
    except LaxPolicy as refusal:
        yield f"disclosure: {refusal}"


PLAN_CHECKS: list[Callable[[Plan], Iterator[str]]] = [
    _check_unique_codes,
    _check_links,
    _check_measure_links,
    _check_areas,
    _check_dimensions,
    _check_organisations,
    _check_measures,
    _check_duties,
    _check_window,
    _check_disclosure,
]
