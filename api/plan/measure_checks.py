"""Check the measures of a plan: their codes, kinds, series and formulas."""

from collections.abc import Iterator

from api.plan.mistakes import Mistake, Path, find_unknown_codes
from api.plan.periods import list_own_period_types
from api.statistics import periods
from schema.measures import RATIO_KINDS, Collection, Companion, Formula, Measure, MeasureKind, Operation, Series
from schema.plan import Plan


def find_measure_mistakes(plan: Plan) -> Iterator[Mistake]:
    holders = [*(o.slug for o in plan.organisations), *(r.slug for r in plan.roles)]
    slugs = [m.slug for m in plan.measures]
    for number, measure in enumerate(plan.measures):
        path = ("measures", number)
        for field, noun, codes, known in (
            ("theme", "a theme", [measure.theme], [t.slug for t in plan.themes]),
            ("nodes", "a node", measure.nodes, [n.slug for n in plan.nodes]),
            ("area_family", "an area family", [measure.area_family], [f.slug for f in plan.families]),
            ("contains", "a measure", measure.contains, slugs),
            ("shares_denominator", "a measure", measure.shares_denominator, slugs),
            ("owner", "an organisation or role", [measure.owner], holders),
        ):
            yield from find_unknown_codes((*path, field), noun, codes, known)
        if sum(series.headline for series in measure.series) != 1:
            yield Mistake(path=(*path, "series"), text="it needs exactly one headline series")
        yield from _check_schemes(plan, measure, path)
        yield from _check_kind(measure, path)
        yield from _check_targets(measure, path)
        yield from _check_series(plan, measure, path)


def _check_schemes(plan: Plan, measure: Measure, path: Path) -> Iterator[Mistake]:
    levels = [level for f in plan.families if f.slug == measure.area_family for level in f.levels]
    dimensions = [d.slug for d in plan.dimensions]
    for position, scheme in enumerate(measure.schemes):
        place = (*path, "schemes", position)
        yield from find_unknown_codes((*place, "dimensions"), "a dimension", scheme.dimensions, dimensions)
        noun = f"a level of {measure.area_family}"
        yield from find_unknown_codes((*place, "finest_level"), noun, [scheme.finest_level], levels)


def _check_kind(measure: Measure, path: Path) -> Iterator[Mistake]:
    if (measure.kind is MeasureKind.MILESTONE) != bool(measure.stages):
        yield Mistake(path=(*path, "stages"), text="only a milestone has stages, and it must have some")
    if (measure.kind is MeasureKind.EVIDENCE) != bool(measure.domains):
        yield Mistake(path=(*path, "domains"), text="only an evidence measure has domains, and it must have some")
    if measure.counts_events and measure.kind is not MeasureKind.FLOW:
        yield Mistake(path=(*path, "counts_events"), text="only a flow counts events")
    allowed = list_own_period_types(measure)
    for number, longer in enumerate(measure.longer_returns):
        place, noun = (*path, "longer_returns", number), "a longer period of a distinct count"
        yield from find_unknown_codes((*place, "period_type"), noun, [longer.period_type], allowed)


def _check_targets(measure: Measure, path: Path) -> Iterator[Mistake]:
    stated: list[tuple[str, str, Path]] = [
        ("target", target.period, (*path, "targets", number)) for number, target in enumerate(measure.targets)
    ]
    if measure.baseline is not None:
        stated.append(("baseline", measure.baseline.period, (*path, "baseline")))
    for noun, code, place in stated:
        try:
            periods.parse(code)
        except periods.InvalidPeriodCode as error:
            yield Mistake(path=(*place, "period"), text=f"{noun} {code!r}: {error}")


def _check_series(plan: Plan, measure: Measure, path: Path) -> Iterator[Mistake]:
    slugs = [s.slug for s in measure.series]
    for position, series in enumerate(measure.series):
        place = (*path, "series", position)
        yield from find_unknown_codes((*place, "supersedes"), "a series of the measure", [series.supersedes], slugs)
        kind = measure.kind if series.companion is None else series.companion.kind
        if kind in RATIO_KINDS and series.denominator is None:
            yield Mistake(path=place, text=f"a {kind} needs a denominator")
        if series.companion is not None:
            yield from _check_companion(plan, series, series.companion, (*place, "companion"))
        if (series.collection is Collection.PUBLISHED) != (series.source is not None):
            yield Mistake(path=(*place, "source"), text="only a published series has a source, and it must have one")
        if (series.collection is Collection.DERIVED) != (series.formula is not None):
            yield Mistake(path=(*place, "formula"), text="only a derived series has a formula, and it must have one")
        if (series.resets is not None) and measure.kind is not MeasureKind.CUMULATIVE:
            yield Mistake(path=(*place, "resets"), text="only a cumulative series resets")
        if series.formula is not None:
            yield from _check_formula(plan, measure, series.formula, (*place, "formula"))


def _check_companion(plan: Plan, series: Series, companion: Companion, path: Path) -> Iterator[Mistake]:
    areas = [area.code for area in plan.areas]
    yield from find_unknown_codes((*path, "area"), "an area", [companion.area], areas)
    if series.headline or series.collection is not Collection.PUBLISHED:
        yield Mistake(path=path, text="only a published series that is not the headline is a companion")


def _check_formula(plan: Plan, measure: Measure, formula: Formula, path: Path) -> Iterator[Mistake]:
    slugs = [m.slug for m in plan.measures]
    counted = [m.slug for m in plan.measures if not any(s.headline and s.formula for s in m.series)]
    yield from find_unknown_codes(path, "a measure", formula.measures, slugs)
    known = [slug for slug in formula.measures if slug in slugs]
    yield from find_unknown_codes(path, "a measure that is counted", known, counted)
    if (measure.kind is MeasureKind.GAP) != (formula.operation is Operation.DIFFERENCE):
        yield Mistake(path=path, text="only a gap is a `difference`, and it must be one")
    if formula.operation is Operation.DIFFERENCE and len(formula.measures) != 2:
        yield Mistake(path=path, text="a `difference` needs exactly two measures")
