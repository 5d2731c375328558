"""The plan's own views: its themes, and its logic model, with the latest figure of each measure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from api.figures.completeness import sum_coverage
from api.outcomes.progress_periods import (
    build_history,
    find_next_return,
    find_previous,
    find_unassigned,
    list_ended_periods,
)
from api.plan.calendar import to_london_date
from api.plan.catalogue import Catalogue, find_headline_series
from api.plan.obligations import find_due_periods
from api.plan.populations import list_populations
from schema.measures import Collection, Measure
from schema.outcomes import Coverage, FigureFields, MissingReturn, PreviewFigure, RevisionBasis
from schema.plan import Plan, Theme
from schema.progress import (
    MeasureFields,
    MeasureProgress,
    MeasureRelation,
    NodeOutcomes,
    NoFigureReason,
    PeriodCoverage,
    PreviewLogicModel,
    PreviewProgress,
    ThemeProgress,
)

LinkTargets = Mapping[str, set[str]]


class MeasurePreview(Struct, frozen=True, kw_only=True):
    """The preview of one measure: its figures in time order, and its missing returns."""

    history: list[PreviewFigure]
    newest_period: PeriodCoverage | None
    missing: list[MissingReturn]
    companions: list[PreviewFigure]

    @property
    def latest(self) -> PreviewFigure:
        return self.history[-1]


def build_progress(
    catalogue: Catalogue, measures: Sequence[MeasurePreview], revision_basis: RevisionBasis, *, now: datetime
) -> PreviewProgress:
    previews = {one.latest.measure: one for one in measures}
    describe = MeasureDescriber(catalogue, now=now)
    return PreviewProgress(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        revision_basis=revision_basis,
        themes=[
            ThemeProgress(
                theme=theme.slug,
                title=theme.title,
                measures=[_build_measure(measure, previews[measure.slug], describe) for measure in of_theme],
            )
            for theme, of_theme in list_theme_measures(catalogue.plan)
        ],
    )


def _build_measure(measure: Measure, preview: MeasurePreview, describe: "MeasureDescriber") -> MeasureProgress:
    return MeasureProgress(
        **asdict(describe(measure, preview.history, preview.newest_period)),
        latest=preview.latest,
        missing=preview.missing,
        companions=preview.companions,
    )


def list_theme_measures(plan: Plan) -> list[tuple[Theme, list[Measure]]]:
    """Return each theme with its measures, in the order of the plan, without populations: they are no outcomes."""
    outcomes = [measure for measure in plan.measures if measure.slug not in list_populations(plan)]
    return [(theme, [measure for measure in outcomes if measure.theme == theme.slug]) for theme in plan.themes]


class MeasureDescriber:
    """Describes measures as the plan states them, with their history and their next return after `now`."""

    def __init__(self, catalogue: Catalogue, *, now: datetime) -> None:
        self.catalogue, self.now = catalogue, now
        self.due_periods = find_due_periods(catalogue.plan)

    def __call__(
        self, measure: Measure, figures: Iterable[FigureFields], newest_period: PeriodCoverage | None
    ) -> MeasureFields:
        """`figures` are those of its periods up to the latest."""
        history = build_history(measure, figures, self.catalogue.plan.window.start)
        next_return, reason = find_next_return(measure, self.catalogue, self.due_periods, now=self.now)
        return MeasureFields(
            measure=measure.slug,
            label=measure.label,
            title=measure.title,
            plan_references=measure.plan_references,
            kind=measure.kind,
            unit=measure.unit,
            direction=measure.direction,
            baseline=measure.baseline,
            targets=measure.targets,
            series=find_headline_series(measure),
            caveats=measure.caveats,
            history=history,
            previous=find_previous(history),
            newest_period=newest_period,
            unassigned=find_unassigned(measure, self.catalogue, today=to_london_date(self.now)),
            next_return=next_return,
            no_next_return_reason=reason,
        )

    def explain_no_figure(self, measure: Measure) -> NoFigureReason:
        """Return why a release made at `now` has no figure of the headline series."""
        if find_headline_series(measure).collection is Collection.PUBLISHED:
            return NoFigureReason.NO_PUBLICATION
        ended = list_ended_periods(measure, self.catalogue, today=to_london_date(self.now))
        return NoFigureReason.NOT_IN_RELEASE if ended else NoFigureReason.NO_PERIOD


def build_logic_model(
    catalogue: Catalogue, latest: Sequence[PreviewFigure], revision_basis: RevisionBasis
) -> PreviewLogicModel:
    plan = catalogue.plan
    return PreviewLogicModel(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        revision_basis=revision_basis,
        nodes=build_node_outcomes(plan, {figure.measure: figure.coverage for figure in latest}),
        links=plan.links,
        measure_links=plan.measure_links,
        figures=list(latest),
    )


def build_node_outcomes(plan: Plan, coverage: Mapping[str, Coverage]) -> list[NodeOutcomes]:
    """Return each node with the measures that show its progress and their total coverage."""
    relations = relate_measures_to_nodes(plan)
    return [
        NodeOutcomes(
            slug=node.slug,
            code=node.code,
            column=node.column,
            title=node.title,
            relation=relations[node.slug][0],
            measures=relations[node.slug][1],
            coverage=sum_coverage([coverage[slug] for slug in relations[node.slug][1] if slug in coverage]),
        )
        for node in plan.nodes
    ]


def relate_measures_to_nodes(plan: Plan) -> dict[str, tuple[MeasureRelation, list[str]]]:
    """Return the measures of each node: its own, otherwise those downstream, otherwise those upstream.

    Measures are in the order of the plan.
    """
    targets: dict[str, set[str]] = {node.slug: set() for node in plan.nodes}
    sources: dict[str, set[str]] = {node.slug: set() for node in plan.nodes}
    for link in plan.links:
        targets[link.source].add(link.target)
        sources[link.target].add(link.source)
    own = {node.slug: {measure.slug for measure in plan.measures if node.slug in measure.nodes} for node in plan.nodes}
    linked = {
        node.slug: {link.measure for link in plan.measure_links if link.source == node.slug} for node in plan.nodes
    }
    relations: dict[str, tuple[MeasureRelation, list[str]]] = {}
    for node in plan.nodes:
        downstream = linked[node.slug].union(
            *(own[slug] | linked[slug] for slug in _find_reachable_nodes(node.slug, targets))
        )
        upstream = set[str]().union(*(own[slug] for slug in _find_reachable_nodes(node.slug, sources)))
        candidates = (
            (MeasureRelation.OWN, own[node.slug]),
            (MeasureRelation.DOWNSTREAM, downstream),
            (MeasureRelation.UPSTREAM, upstream),
        )
        relation, slugs = next(
            ((relation, slugs) for relation, slugs in candidates if slugs), (MeasureRelation.NONE, set[str]())
        )
        relations[node.slug] = (relation, [measure.slug for measure in plan.measures if measure.slug in slugs])
    return relations


def _find_reachable_nodes(slug: str, links: LinkTargets) -> set[str]:
    reachable: set[str] = set()
    waiting = [slug]
    while waiting:
        for node in links[waiting.pop()] - reachable:
            reachable.add(node)
            waiting.append(node)
    return reachable
