"""Populations by which the counts of other measures are divided, and mistakes in how a plan declares them."""

from collections.abc import Iterator

from api.plan.mistakes import Mistake, Path
from api.statistics.standardisation import parse_age_band
from schema.measures import RATIO_KINDS, UNCOUNTED_KINDS, Collection, Measure, MeasureKind, PerPopulation
from schema.outcomes import OutcomeForm
from schema.plan import Plan


def list_populations(plan: Plan) -> frozenset[str]:
    """Return the measures by which others are divided. They are no outcomes of the plan."""
    return frozenset(measure.per_population.population for measure in plan.measures if measure.per_population)


def list_forms(measure: Measure) -> list[OutcomeForm]:
    """Return the forms in which the measure can be read. A standardised rate needs counts by age."""
    per_population = measure.per_population
    if per_population is None:
        return []
    by_age = any(scheme.dimensions == [per_population.age_dimension] for scheme in measure.schemes)
    return [form for form in OutcomeForm if by_age or form is not OutcomeForm.AGE_STANDARDISED]


def find_population_mistakes(plan: Plan) -> Iterator[Mistake]:
    populations = list_populations(plan)
    for number, measure in enumerate(plan.measures):
        path: Path = ("measures", number)
        if not measure.plan_references and measure.slug not in populations:
            yield Mistake(path=(*path, "plan_references"), text="it needs a passage of the plan")
        if measure.per_population is not None:
            yield from _check_per_population(plan, measure, measure.per_population, (*path, "per_population"))


def _check_per_population(plan: Plan, measure: Measure, declared: PerPopulation, path: Path) -> Iterator[Mistake]:
    if measure.kind in {*RATIO_KINDS, *UNCOUNTED_KINDS, MeasureKind.GAP}:
        yield Mistake(path=path, text=f"a {measure.kind} is no count, so it cannot be divided by a population")
    published = {
        other.slug: other
        for other in plan.measures
        if other.kind is MeasureKind.STOCK
        and any(series.headline and series.collection is Collection.PUBLISHED for series in other.series)
    }
    dimensions = {dimension.slug: dimension for dimension in plan.dimensions}
    if declared.population not in published:
        yield _reject((*path, "population"), declared.population, "a published stock", list(published))
    elif not any(scheme.dimensions == [declared.age_dimension] for scheme in published[declared.population].schemes):
        yield Mistake(
            path=(*path, "age_dimension"), text=f"{declared.population!r} has no scheme {declared.age_dimension!r}"
        )
    if declared.age_dimension not in dimensions:
        yield _reject((*path, "age_dimension"), declared.age_dimension, "a dimension", list(dimensions))
        return
    categories = [category.code for category in dimensions[declared.age_dimension].categories]
    for code in declared.ages:
        if code not in categories:
            yield _reject((*path, "ages"), code, f"a category of {declared.age_dimension}", categories)
        elif parse_age_band(code) is None:
            yield Mistake(path=(*path, "ages"), text=f"{code!r} is no age band such as 16-24 or 65-plus")


def _reject(path: Path, code: str, noun: str, allowed: list[str]) -> Mistake:
    return Mistake(path=path, text=f"{code!r} is not {noun}", value=code, allowed=allowed)
