"""One scope to protect, with the histories of its earlier releases."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.releases.audit_history import AuditHistory
from api.releases.knowledge_groups import number_groups
from api.releases.scopes import AuditScope
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure.lattice import ScopeShape
from schema.disclosure import Rule
from schema.publication_jobs import MeasurePeriod


class ProtectionTask(Struct, frozen=True, kw_only=True, eq=False):
    """One scope to protect. Another process can run it."""

    key: str
    measures: tuple[str, ...]
    rule: Rule
    shape: ScopeShape
    """The plan's cells, with every cell of the scope that was released before."""
    true_counts: TrueCounts
    group_numbers: dict[str, int]
    """The knowledge group of each organisation, including organisations of earlier releases."""
    earlier: tuple[AuditHistory, ...]
    reset_periods: frozenset[str] = frozenset()
    """Periods to release as if for the first time."""


def make_task(
    scope: AuditScope,
    shape: ScopeShape,
    counts: TrueCounts,
    earlier: Sequence[AuditHistory],
    catalogue: Catalogue,
    republish: Iterable[MeasurePeriod],
) -> ProtectionTask:
    past = {organisation for history in earlier for organisation in history.true_counts.organisations}
    organisations = sorted({*counts.organisations} | past)
    numbers = number_groups(catalogue, organisations, [history.group_numbers for history in earlier])
    reset_periods = {item.period for item in republish if item.measure in scope.measures}
    return ProtectionTask(
        key=scope.key,
        measures=tuple(scope.measures),
        rule=catalogue.plan.disclosure.rule(scope.disclosure_class),
        shape=shape,
        true_counts=counts,
        group_numbers=dict(zip(organisations, numbers, strict=True)),
        earlier=tuple(earlier),
        reset_periods=frozenset(reset_periods & set(shape.periods)),
    )


def include_longer_periods(codes: frozenset[str], shape: ScopeShape) -> frozenset[str]:
    """Return these periods and the longer periods that contain them."""
    return frozenset(code for code, parts in shape.periods.items() if code in codes or not codes.isdisjoint(parts))
