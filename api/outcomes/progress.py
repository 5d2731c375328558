"""The plan's own views: its themes, and its logic model, with the latest figure of each measure."""

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from api.figures.completeness import sum_coverage
from api.plan.catalogue import Catalogue
from schema.measures import Measure
from schema.outcomes import Coverage, PreviewFigure, RevisionBasis
from schema.plan import Plan, Theme
from schema.progress import (
    MeasureFields,
    MeasureProgress,
    MeasureRelation,
    NodeOutcomes,
    PreviewLogicModel,
    PreviewProgress,
    ThemeProgress,
)

LinkTargets = Mapping[str, set[str]]


def build_progress(
    catalogue: Catalogue, latest: Sequence[PreviewFigure], revision_basis: RevisionBasis
) -> PreviewProgress:
    figures = {figure.measure: figure for figure in latest}
    return PreviewProgress(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        revision_basis=revision_basis,
        themes=[
            ThemeProgress(
                theme=theme.slug,
                title=theme.title,
                measures=[
                    MeasureProgress(**asdict(describe_measure(measure)), latest=figures[measure.slug])
                    for measure in measures
                ],
            )
            for theme, measures in list_theme_measures(catalogue.plan)
        ],
    )


def list_theme_measures(plan: Plan) -> list[tuple[Theme, list[Measure]]]:
    """Return each theme with its measures, in the order of the plan."""
    return [(theme, [measure for measure in plan.measures if measure.theme == theme.slug]) for theme in plan.themes]


def describe_measure(measure: Measure) -> MeasureFields:
    return MeasureFields(
        measure=measure.slug,
        label=measure.label,
        title=measure.title,
        plan_references=measure.plan_references,
        direction=measure.direction,
        baseline=measure.baseline,
        targets=measure.targets,
    )


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
