"""Reading of live figures for reviewers. Every read is recorded in the audit."""

from collections.abc import Sequence
from functools import partial
from itertools import chain, islice

import numpy as np
from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.programme_access import ProgrammeAccess
from api.figures.explanations import select_page_figures
from api.figures.history import has_enough_history, limit_history
from api.figures.inequality_figures import build_inequality, check_inequality_query
from api.figures.paging import FigureCursor, select_page
from api.figures.population_queries import plan_rate_queries
from api.figures.population_rates import build_rates
from api.figures.queries import fetch_published_figures, fetch_selected_revisions
from api.figures.query import MAX_FIGURES, OutcomeQuery, QueryAxes, describe_for_audit, list_source_series, resolve_axes
from api.figures.resolution import ResolvedQuery, has_published_figures, resolve_query
from api.figures.returns_data import ReturnsData
from api.figures.verdicts import build_judged_figures
from api.http.pagination import decode_cursor, encode_cursor
from api.http.threads import run_on_figures
from api.outcomes.progress import MeasurePreview
from api.outcomes.progress_periods import HISTORY_PERIODS, assess_since, list_companion_queries, resolve_progress
from api.plan import calendar
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.reviews.queries_concessions import fetch_concessions
from api.submissions.cell_columns import Cells
from api.submissions.queries_cells import fetch_cells
from schema.inequality import IndexScale, PreviewInequality
from schema.measures import Measure
from schema.outcomes import PreviewFigure, ResolvedPeriod, RevisionBasis
from schema.partners import Scope


class PreviewResult(Struct, frozen=True, kw_only=True):
    """The figures of a preview, or of a page of it."""

    catalogue: Catalogue
    axes: QueryAxes
    figures: list[PreviewFigure]
    resolved_periods: list[ResolvedPeriod]
    next_cursor: str | None


class PreviewReader:
    """Reads live figures for a reviewer, and records each read in the audit."""

    def __init__(self, access: ProgrammeAccess) -> None:
        self.access = access
        self.transaction, self.catalogue = access.transaction, access.catalogue

    async def read_preview(
        self, query: OutcomeQuery, *, format_name: str, cursor: str | None = None, limit: int = MAX_FIGURES
    ) -> PreviewResult:
        self.access.require_scopes(Scope.REVIEW)
        axes = resolve_axes(query, self.catalogue)
        after = decode_cursor(cursor, FigureCursor)
        resolved_queries, resolved_periods = await self._resolve(query, axes)
        page = await to_thread.run_sync(select_page, resolved_queries, after, limit, self.catalogue)
        figures = await self._calculate_figures(page.queries, query.min_coverage)
        await self._record_audit(describe_for_audit(query, axes, format_name))
        selected = await run_on_figures(figures, lambda: select_page_figures(figures, page, self.catalogue))
        inputs = {
            rates.measure: rates.collect(
                await self._read_counts(rates.populations), await self._read_counts(rates.counts_by_age)
            )
            for rates in plan_rate_queries(query, axes, self.catalogue)
        }
        return PreviewResult(
            catalogue=self.catalogue,
            axes=axes,
            figures=await run_on_figures(selected, lambda: list(build_rates(selected, inputs))) if inputs else selected,
            resolved_periods=resolved_periods,
            next_cursor=encode_cursor(page.next_cursor) if page.next_cursor else None,
        )

    async def _read_counts(self, query: OutcomeQuery | None) -> list[PreviewFigure]:
        """Read all figures of a query, without movement and trend."""
        if query is None:
            return []
        resolved_queries, _ = await self._resolve(query, resolve_axes(query, self.catalogue))
        plain = [replace(resolved, earlier_periods=(), earlier_queries=[]) for resolved in resolved_queries]
        data = await _fetch_returns_data(self.transaction, plain, self.catalogue)
        concessions = await fetch_concessions(self.transaction, self.catalogue)
        figures: list[PreviewFigure] = []
        for resolved in plain:
            figures += await to_thread.run_sync(
                build_judged_figures, resolved, data, self.catalogue, concessions, query.min_coverage
            )
        return figures

    async def read_progress(self, revision_basis: RevisionBasis, *, format_name: str) -> list[MeasurePreview]:
        """Read the latest figures of each measure, and which returns are missing from them, in plan order."""
        self.access.require_scopes(Scope.REVIEW)
        query = OutcomeQuery(periods=HISTORY_PERIODS, revision_basis=revision_basis)
        axes = resolve_axes(query, self.catalogue)
        sources = list_source_series(axes.series, self.catalogue)
        revisions = await fetch_selected_revisions(self.transaction, self.catalogue, sources, revision_basis)
        today = calendar.to_london_date(self.access.now)
        measures = await to_thread.run_sync(
            partial(resolve_progress, query, axes, self.catalogue, revisions, today=today)
        )
        companions = await self._resolve_companions(revision_basis, [measure for measure, _ in axes.series])
        queries = [*chain.from_iterable(one.points for one in measures), *chain.from_iterable(companions)]
        figures = iter(await self._calculate_figures(queries, None))
        concessions = await fetch_concessions(self.transaction, self.catalogue)
        await self._record_audit(describe_for_audit(OutcomeQuery(revision_basis=revision_basis), axes, format_name))
        histories = [list(islice(figures, len(one.points))) for one in measures]
        previews: list[MeasurePreview] = []
        for one, history, resolved in zip(measures, histories, companions, strict=True):
            newest, missing = assess_since(one, self.catalogue, concessions)
            latest_companions = list(islice(figures, len(resolved)))
            previews.append(
                MeasurePreview(history=history, newest_period=newest, missing=missing, companions=latest_companions)
            )
        return previews

    async def _resolve_companions(
        self, revision_basis: RevisionBasis, measures: Sequence[Measure]
    ) -> list[list[ResolvedQuery]]:
        """Resolve the latest figure of each companion series, by measure."""
        resolved: list[list[ResolvedQuery]] = []
        for measure in measures:
            of_measure: list[ResolvedQuery] = []
            for query in list_companion_queries(measure, self.catalogue, revision_basis):
                of_measure += (await self._resolve(query, resolve_axes(query, self.catalogue)))[0]
            resolved.append(of_measure)
        return resolved

    async def read_inequality(
        self, query: OutcomeQuery, categories: tuple[str, str], scale: IndexScale
    ) -> PreviewInequality:
        """Read the inequality of one measure between two categories of the dimension in `group_by`."""
        self.access.require_scopes(Scope.REVIEW)
        [measure], [dimension] = query.measures, query.group_by
        check_inequality_query(self.catalogue, measure, dimension, *categories)
        axes = resolve_axes(query, self.catalogue)
        [resolved], _ = await self._resolve(query, axes)
        resolved = replace(resolved, earlier_queries=[])  # inequality has no movement and no trend
        data = await _fetch_returns_data(self.transaction, [resolved], self.catalogue)
        concessions = await fetch_concessions(self.transaction, self.catalogue)
        category, reference_category = categories
        await self._record_audit(
            describe_for_audit(query, axes, "json")
            | {"category": category, "reference_category": reference_category, "index_scale": scale.value}
        )
        figures = build_judged_figures(resolved, data, self.catalogue, concessions)
        return build_inequality(resolved, figures, categories, query.revision_basis, self.catalogue, scale)

    async def _resolve(self, query: OutcomeQuery, axes: QueryAxes) -> tuple[list[ResolvedQuery], list[ResolvedPeriod]]:
        sources = list_source_series(axes.series, self.catalogue)
        revisions = await fetch_selected_revisions(self.transaction, self.catalogue, sources, query.revision_basis)
        return await to_thread.run_sync(resolve_query, query, axes, self.catalogue, revisions)

    async def _calculate_figures(
        self, resolved_queries: list[ResolvedQuery], min_coverage: float | None
    ) -> list[PreviewFigure]:
        """Calculate the figures with as little history as they need.

        Most movements start in the first period of a series; for the others, read more and more periods.
        """
        concessions = await fetch_concessions(self.transaction, self.catalogue)
        figures_by_index: dict[int, list[PreviewFigure]] = {}
        start_count = 1
        while waiting := [index for index in range(len(resolved_queries)) if index not in figures_by_index]:
            limited_queries = [
                await to_thread.run_sync(
                    limit_history, resolved_queries[index], self.catalogue, concessions, start_count
                )
                for index in waiting
            ]
            data = await _fetch_returns_data(self.transaction, limited_queries, self.catalogue)
            for index, limited in zip(waiting, limited_queries, strict=True):
                figures = await to_thread.run_sync(
                    build_judged_figures, limited, data, self.catalogue, concessions, min_coverage
                )
                is_enough = await to_thread.run_sync(
                    has_enough_history, figures, resolved_queries[index], self.catalogue, concessions, start_count
                )
                if is_enough:
                    figures_by_index[index] = figures
            start_count *= 4
        return [figure for index in range(len(resolved_queries)) for figure in figures_by_index[index]]

    async def _record_audit(self, description: dict[str, str]) -> None:
        await self.access.record_audit("preview.read", description)


async def _fetch_returns_data(
    transaction: AsyncConnection, resolved_queries: list[ResolvedQuery], catalogue: Catalogue
) -> ReturnsData:
    """Return the cells and published figures that the queries and their earlier periods need."""
    counted, published = await to_thread.run_sync(_split_revisions, resolved_queries, catalogue)
    breakdowns = {key for resolved in resolved_queries for key in resolved.breakdowns}
    cells = await fetch_cells(
        transaction, catalogue, {number: number for number in counted}, only_totals=breakdowns == {TOTAL_KEY}
    )
    return ReturnsData(
        cells=await to_thread.run_sync(_select_cells, cells, resolved_queries, catalogue),
        published_figures=await fetch_published_figures(transaction, catalogue, published),
    )


def _split_revisions(resolved_queries: list[ResolvedQuery], catalogue: Catalogue) -> tuple[list[int], list[int]]:
    """Return the ids of the revisions with counts, and of those with published figures."""
    revisions = {
        revision.id: revision
        for resolved in resolved_queries
        for revision in resolved.all_revisions
        if revision.is_counted
    }
    published = {number for number, revision in revisions.items() if has_published_figures(revision, catalogue)}
    return sorted(revisions.keys() - published), sorted(published)


def _select_cells(cells: Cells, resolved_queries: list[ResolvedQuery], catalogue: Catalogue) -> Cells:
    """Return the cells of the areas and breakdowns of the queries."""
    areas = {code for resolved in resolved_queries for code in (*resolved.areas, *resolved.comparator_areas)}
    breakdowns = {key for resolved in resolved_queries for key in resolved.breakdowns}
    is_selected = np.isin(cells.area, [catalogue.ids.areas[code] for code in areas])
    is_selected &= np.isin(cells.breakdown, [catalogue.ids.breakdowns[key] for key in breakdowns])
    return cells.select(is_selected)
