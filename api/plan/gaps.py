"""Find the gaps of a logic model: items without a measure, an origin or an effect."""

from api.plan.populations import list_populations
from schema.logic_model import LogicModelColumn
from schema.plan import Plan
from schema.programmes import LogicModelGaps

LOGIC_MODEL_COLUMNS = list(LogicModelColumn)


def find_gaps(plan: Plan, *, version: int) -> LogicModelGaps:
    """Return the gaps of the logic model, calculated from its links alone."""
    columns = {node.slug: node.column for node in plan.nodes}
    sources = {node.slug: {link.source for link in plan.links if link.target == node.slug} for node in plan.nodes}
    upstream_columns: dict[str, set[LogicModelColumn]] = {
        slug: {columns[s] for s in _find_upstream_nodes(slug, sources)} for slug in columns
    }
    linked_nodes = {link.source for link in plan.links}
    linked_measures = {link.measure for link in plan.measure_links if link.source is not None}
    measured_nodes = {node for measure in plan.measures for node in measure.nodes}
    referenced_nodes = _find_referenced_nodes(plan)

    unlinked = _list_measures_without_node(plan)

    def list_nodes(*in_columns: LogicModelColumn) -> list[str]:
        return [node.slug for node in plan.nodes if node.column in in_columns]

    def leads_to(slug: str, column: LogicModelColumn) -> bool:
        return any(link.source == slug and columns[link.target] is column for link in plan.links)

    outcomes = list_nodes(LogicModelColumn.OUTCOME)
    results = list_nodes(LogicModelColumn.OUTPUT, LogicModelColumn.OUTCOME)
    return LogicModelGaps(
        programme=plan.slug,
        plan_version=version,
        nodes_without_measure=[n for n in results if n not in measured_nodes],
        nodes_without_origin=[n for n in list_nodes(*LOGIC_MODEL_COLUMNS[1:]) if not sources[n]],
        nodes_without_effect=[n for n in list_nodes(*LOGIC_MODEL_COLUMNS[:-1]) if n not in linked_nodes],
        outcomes_without_activity=[n for n in outcomes if LogicModelColumn.ACTIVITY not in upstream_columns[n]],
        outcomes_without_output=[n for n in outcomes if LogicModelColumn.OUTPUT not in upstream_columns[n]],
        activities_without_output=[
            n for n in list_nodes(LogicModelColumn.ACTIVITY) if not leads_to(n, LogicModelColumn.OUTPUT)
        ],
        measures_without_node=unlinked,
        measures_without_origin=[slug for slug in unlinked if slug not in linked_measures],
        nodes_without_reference=[n for n in results if n not in referenced_nodes],
        inputs_without_use=[
            n for n in list_nodes(LogicModelColumn.INPUT) if not leads_to(n, LogicModelColumn.ACTIVITY)
        ],
        unmodelled_activities=plan.unmodelled_activities,
    )


def _list_measures_without_node(plan: Plan) -> list[str]:
    """Return the outcomes without a node: populations have none."""
    populations = list_populations(plan)
    return [measure.slug for measure in plan.measures if not measure.nodes and measure.slug not in populations]


def _find_referenced_nodes(plan: Plan) -> set[str]:
    """Return the nodes of the measures that a bullet under *Measuring impact* mentions."""
    return {
        node
        for measure in plan.measures
        if any(reference.code.startswith("M") for reference in measure.plan_references)
        for node in measure.nodes
    }


def _find_upstream_nodes(slug: str, sources: dict[str, set[str]]) -> set[str]:
    """Return all nodes from which a path of links leads to `slug`."""
    upstream: set[str] = set()
    pending = [slug]
    while pending:
        for source in sources[pending.pop()] - upstream:
            upstream.add(source)
            pending.append(source)
    return upstream
