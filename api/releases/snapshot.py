"""The inputs of a release's figures."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from api.figures.completeness import ReturnCompleteness
from api.plan.catalogue import Catalogue
from api.releases.audit_history import AuditHistory
from api.releases.figure_keys import SeriesKey
from api.releases.scopes import AuditScope
from schema.released_figures import PublishedFigure


class Snapshot(Struct, frozen=True, kw_only=True):
    """The inputs of a release's figures. None of them is unprotected."""

    catalogue: Catalogue
    number: int
    frozen_at: datetime
    scopes: Sequence[AuditScope]
    load_history: Callable[[str], AuditHistory | None]
    """Return the protected content of a scope, by its key. All scopes together may not fit into memory."""
    coverage: Mapping[tuple[SeriesKey, str], ReturnCompleteness]
    published: Mapping[SeriesKey, Sequence[PublishedFigure]] = {}
    """Published statistics, which their publishers have protected."""
    excluded_measures: frozenset[str] = frozenset()
