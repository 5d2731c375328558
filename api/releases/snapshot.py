"""The inputs of a release's figures."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from api.figures.completeness import ReturnCompleteness
from api.plan.catalogue import Catalogue
from api.protection.scopes import SeriesScopes
from api.releases.figure_keys import SeriesKey
from api.releases.returned_sources import ReturnedSources
from api.releases.scope_views import LoadCounts
from schema.released_figures import PublishedFigure
from schema.verdicts import MovementSource


class Snapshot(Struct, frozen=True, kw_only=True):
    """The inputs of a release's figures. None of them is unprotected."""

    catalogue: Catalogue
    number: int
    frozen_at: datetime
    scopes: Sequence[SeriesScopes]
    load_counts: LoadCounts
    """All scopes together may not fit into memory."""
    coverage: Mapping[tuple[SeriesKey, str], ReturnCompleteness]
    sources: Mapping[tuple[SeriesKey, str], frozenset[MovementSource]] = {}
    """Who returned each series in each period; a release states only whether that is the same."""
    returned: ReturnedSources
    published: Mapping[SeriesKey, Sequence[PublishedFigure]] = {}
    """Published statistics, which their publishers have protected."""
    excluded_measures: frozenset[str] = frozenset()
    carried: frozenset[tuple[SeriesKey, str]] = frozenset()
    """Periods of series that keep the figures of the previous release, because an earlier method displayed them."""
