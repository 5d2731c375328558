"""The plan's own view: its themes, and its logic model, with the latest figure of each measure."""

from collections.abc import Iterable, Mapping, Sequence

from api.plan.catalogue import Catalogue
from schema.outcomes import Coverage, PreviewFigure, RevisionBasis
from schema.plan import Plan
from schema.progress import (
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
                    MeasureProgress(
                        measure=measure.slug,
                        label=measure.label,
                        title=measure.title,
                        plan_references=measure.plan_references,
                        direction=measure.direction,
                        baseline=measure.baseline,
                        targets=measure.targets,
                        latest=figures[measure.slug],
                    )
                    for measure in catalogue.plan.measures
                    if measure.theme == theme.slug
                ],
            )
            for theme in catalogue.plan.themes
        ],
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
    """Each node with the measures that tell of it, and how complete they are together."""
    found: list[NodeOutcomes] = []
    told = relate_measures_to_nodes(plan)
    for node in plan.nodes:
        relation, measures = told[node.slug]
        found.append(
            NodeOutcomes(
                slug=node.slug,
                code=node.code,
                column=node.column,
                title=node.title,
                relation=relation,
                measures=measures,
                coverage=sum_coverage(coverage[slug] for slug in measures if slug in coverage),
            )
        )
    return found


def sum_coverage(coverages: Iterable[Coverage]) -> Coverage:
    every = list(coverages)
    return Coverage(
        expected=sum(c.expected for c in every),
        received=sum(c.received for c in every),
        approved=sum(c.approved for c in every),
        late=sum(c.late for c in every),
        exempt=sum(c.exempt for c in every),
    )


def relate_measures_to_nodes(plan: Plan) -> dict[str, tuple[MeasureRelation, list[str]]]:
    """The measures that tell of each node: its own, else those downstream, else those upstream, in the plan's order."""
    onward: dict[str, set[str]] = {node.slug: set() for node in plan.nodes}
    back: dict[str, set[str]] = {node.slug: set() for node in plan.nodes}
    for link in plan.links:
        onward[link.source].add(link.target)
        back[link.target].add(link.source)
    measured = {node.slug: {m.slug for m in plan.measures if node.slug in m.nodes} for node in plan.nodes}
    hung = {node.slug: {k.measure for k in plan.measure_links if k.source == node.slug} for node in plan.nodes}
    found: dict[str, tuple[MeasureRelation, list[str]]] = {}
    for slug, own in measured.items():
        ahead, behind = _find_reachable_nodes(slug, onward), _find_reachable_nodes(slug, back)
        tried = (
            (MeasureRelation.OWN, own),
            (MeasureRelation.DOWNSTREAM, hung[slug].union(*(measured[node] | hung[node] for node in ahead))),
            (MeasureRelation.UPSTREAM, set[str]().union(*(measured[node] for node in behind))),
        )
        relation, slugs = next(((r, s) for r, s in tried if s), (MeasureRelation.NONE, set[str]()))
        found[slug] = (relation, [m.slug for m in plan.measures if m.slug in slugs])
    return found


def _find_reachable_nodes(slug: str, arrows: LinkTargets) -> set[str]:
    found: set[str] = set()
    waiting = [slug]
    while waiting:
        for node in arrows[waiting.pop()] - found:
            found.add(node)
            waiting.append(node)
    return found
