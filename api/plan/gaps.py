"""Find the gaps of a logic model: items without a measure, an origin or an effect."""

from schema.logic_model import LogicModelColumn
from schema.plan import Plan
from schema.programmes import LogicModelGaps

LOGIC_MODEL_COLUMNS = list(LogicModelColumn)


def find_gaps(plan: Plan, *, version: int) -> LogicModelGaps:
    """Where the logic model does not join up, read off its links alone."""
    columns = {node.slug: node.column for node in plan.nodes}
    sources = {node.slug: {link.source for link in plan.links if link.target == node.slug} for node in plan.nodes}
    origin: dict[str, set[LogicModelColumn]] = {
        slug: {columns[s] for s in _find_upstream_nodes(slug, sources)} for slug in columns
    }
    leads = {link.source for link in plan.links}
    hangs = {link.measure for link in plan.measure_links if link.source is not None}
    measured = {node for measure in plan.measures for node in measure.nodes}
    referred = {
        node
        for measure in plan.measures
        if any(reference.code.startswith("M") for reference in measure.plan_references)
        for node in measure.nodes
    }

    def of(*wanted: LogicModelColumn) -> list[str]:
        return [node.slug for node in plan.nodes if node.column in wanted]

    def reaches(slug: str, column: LogicModelColumn) -> bool:
        return any(link.source == slug and columns[link.target] is column for link in plan.links)

    return LogicModelGaps(
        programme=plan.slug,
        plan_version=version,
        nodes_without_measure=[n for n in of(LogicModelColumn.OUTPUT, LogicModelColumn.OUTCOME) if n not in measured],
        nodes_without_origin=[n for n in of(*LOGIC_MODEL_COLUMNS[1:]) if not sources[n]],
        nodes_without_effect=[n for n in of(*LOGIC_MODEL_COLUMNS[:-1]) if n not in leads],
        outcomes_without_activity=[
            n for n in of(LogicModelColumn.OUTCOME) if LogicModelColumn.ACTIVITY not in origin[n]
        ],
        outcomes_without_output=[n for n in of(LogicModelColumn.OUTCOME) if LogicModelColumn.OUTPUT not in origin[n]],
        activities_without_output=[n for n in of(LogicModelColumn.ACTIVITY) if not reaches(n, LogicModelColumn.OUTPUT)],
        measures_without_node=[m.slug for m in plan.measures if not m.nodes],
        measures_without_origin=[m.slug for m in plan.measures if not m.nodes and m.slug not in hangs],
        nodes_without_reference=[n for n in of(LogicModelColumn.OUTPUT, LogicModelColumn.OUTCOME) if n not in referred],
        inputs_without_use=[n for n in of(LogicModelColumn.INPUT) if not reaches(n, LogicModelColumn.ACTIVITY)],
        unmodelled_activities=plan.unmodelled_activities,
    )


def _find_upstream_nodes(slug: str, sources: dict[str, set[str]]) -> set[str]:
    """Every node from which links lead to `slug`."""
    found: set[str] = set()
    waiting = [slug]
    while waiting:
        for source in sources[waiting.pop()] - found:
            found.add(source)
            waiting.append(source)
    return found
