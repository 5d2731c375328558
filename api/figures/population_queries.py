"""The further queries of a rate: the population estimates, and for a standardised rate the counts by age."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from api.figures.population_rates import Populations, RateInputs, identify_count
from api.figures.query import IncompatibleFilters, OutcomeQuery, QueryAxes
from api.plan.catalogue import Catalogue
from api.statistics.standardisation import parse_age_band
from schema.measures import PerPopulation
from schema.outcomes import FigureFields, OutcomeForm


class RateQuery(Struct, frozen=True, kw_only=True):
    """The queries for the rates of one measure."""

    measure: str
    form: OutcomeForm
    declared: PerPopulation
    bands: Sequence[str]
    populations: OutcomeQuery
    counts_by_age: OutcomeQuery | None
    """None for a crude rate."""

    def collect(self, populations: Iterable[FigureFields], counts_by_age: Iterable[FigureFields]) -> RateInputs:
        return RateInputs(
            form=self.form,
            declared=self.declared,
            bands=self.bands,
            populations=Populations(populations),
            counts_by_age={identify_count(figure): figure for figure in counts_by_age},
        )


def plan_rate_queries(query: OutcomeQuery, axes: QueryAxes, catalogue: Catalogue) -> list[RateQuery]:
    """Return a query for each selected measure; nothing without `form`.

    Raises IncompatibleFilters if a rate that is standardised by age is requested by age.
    """
    if query.form is None:
        return []
    measures = dict.fromkeys(measure.slug for measure, _ in axes.series)
    declared = [(slug, catalogue.measures[slug].per_population) for slug in measures]
    return [_plan(query, query.form, axes, slug, one, catalogue) for slug, one in declared if one is not None]


def _plan(
    query: OutcomeQuery, form: OutcomeForm, axes: QueryAxes, slug: str, declared: PerPopulation, catalogue: Catalogue
) -> RateQuery:
    age = declared.age_dimension
    is_standardised = form is OutcomeForm.AGE_STANDARDISED
    if is_standardised and age in axes.dimensions:
        raise IncompatibleFilters(f"A rate that is standardised by {age} has no breakdown by {age}.")
    bands = declared.ages
    if is_standardised and not bands:
        bands = [category.code for category in catalogue.dimensions[age].categories if parse_age_band(category.code)]
    by_age = {*axes.dimensions, age} if bands else {*axes.dimensions}
    population = catalogue.measures[declared.population]
    # Of a breakdown that the estimates do not have, such as one by ethnic group, there is no population.
    dimensions = sorted(by_age) if not by_age or catalogue.find_scheme(population, by_age) else []
    return RateQuery(
        measure=slug,
        form=form,
        declared=declared,
        bands=bands,
        populations=OutcomeQuery(
            measures=[population.slug],
            to_period="latest",
            areas=axes.areas,
            group_by=dimensions,
            revision_basis=query.revision_basis,
        ),
        counts_by_age=replace(query, form=None, measures=[slug], group_by=[*query.group_by, age])
        if is_standardised
        else None,
    )
