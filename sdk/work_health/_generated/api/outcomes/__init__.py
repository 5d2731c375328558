from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...._calls import Content
    from ...models.additional_rows import AdditionalRows
    from ...models.availability import Availability
    from ...models.feature_collection import FeatureCollection
    from ...models.index_scale import IndexScale
    from ...models.json_stat_dataset import JsonStatDataset
    from ...models.outcome_form import OutcomeForm
    from ...models.outcomes import Outcomes
    from ...models.preview_inequality import PreviewInequality
    from ...models.preview_logic_model import PreviewLogicModel
    from ...models.preview_outcomes import PreviewOutcomes
    from ...models.preview_progress import PreviewProgress
    from ...models.released_inequality import ReleasedInequality
    from ...models.released_logic_model import ReleasedLogicModel
    from ...models.released_progress import ReleasedProgress
    from ...models.revision_basis import RevisionBasis
    from ...models.table_columns import TableColumns


class Outcomes(Sender):
    def get_outcomes_availability(
        self,
        programme: str,
    ) -> Availability:
        """List available outcome queries.

        Measures, series, periods, areas, breakdowns and formats that the plan allows, with or without data.

        `released` states what the newest release has of each series: a query for more returns rows with reasons.
        """
        from . import get_outcomes_availability as _get_outcomes_availability

        return self._send(
            _get_outcomes_availability.call(
                programme,
            )
        )

    def list_outcomes(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Outcomes:
        """List published outcomes.

        No key needed. Reads the newest release, or the one that `release` names. All pages come from one release.

        Rows exist for everything that can be queried, with or without data. For people, zero, small, withheld and
        missing
        counts all show `c`; `x` means that nobody returned anything. The default `period` is `latest`; `resolved`
        lists
        the period that it resolved to. `group_by` accepts the dimensions of one scheme and an area level such as
        `ward`.
        Each figure has its bounds and largest error, its interval, comparators, movement, trend, target, and the
        coverage
        at the time of the release. Percentages and other derived values are calculated from the displayed numbers.
        `with=comparators` adds `rows`: the figures and their comparators, a row each. `columns=compact` has them
        instead
        of `items`.

        `form` divides displayed counts by the residents of each area, for the measures that `availability` lists with
        a
        form. A quarter's count gives the rate of that quarter: nothing is annualised. `population` names the
        estimate.
        """
        from . import list_outcomes as _list_outcomes

        return self._send(
            _list_outcomes.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
                with_=with_,
                columns=columns,
                labels=labels,
                cursor=cursor,
                limit=limit,
            )
        )

    def list_outcomes_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
    ) -> bytes:
        """List published outcomes as CSV.

        All rows at once, in the fields of the JSON. The columns are the same for every query.

        `period_start` is the `start` of `period`. Lists are JSON in a cell; the columns that end in `_label` are
        filled
        with `labels=true`. `with=comparators` adds a row for each comparator of a figure. `columns=compact` has the
        main
        columns that a person needs, with labels.
        """
        from . import list_outcomes_csv as _list_outcomes_csv

        return self._send(
            _list_outcomes_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
                with_=with_,
                columns=columns,
                labels=labels,
            )
        )

    def list_outcomes_json_stat(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
    ) -> JsonStatDataset:
        """List published outcomes as JSON-stat.

        JSON-stat 2.0: a cube of measure, period, area and the dimensions of the query. Bounds are in `extension`.
        """
        from . import list_outcomes_json_stat as _list_outcomes_json_stat

        return self._send(
            _list_outcomes_json_stat.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
            )
        )

    def list_outcomes_sdmx_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
    ) -> bytes:
        """List published outcomes as SDMX-CSV.

        SDMX-CSV 2.0. Each dimension of the plan is a column; `_T` is the total, `NaN` is a missing value.

        `…/outcomes/structure.xml` describes the columns and has the code lists.
        """
        from . import list_outcomes_sdmx_csv as _list_outcomes_sdmx_csv

        return self._send(
            _list_outcomes_sdmx_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
            )
        )

    def get_sdmx_structure(
        self,
        programme: str,
        *,
        plan_version: int | None = None,
    ) -> bytes:
        """Get the SDMX structure of outcomes.

        SDMX-ML 3.0: the dataflow, its data structure definition, its concepts and code lists.

        The SDMX-CSV files name it in `STRUCTURE_ID`, such as `WORK_HEALTH:HARBOUR(2.0.0)` for plan version 2. The
        default
        is the newest plan version.
        """
        from . import get_sdmx_structure as _get_sdmx_structure

        return self._send(
            _get_sdmx_structure.call(
                programme,
                plan_version=plan_version,
            )
        )

    def list_outcomes_geojson(
        self,
        programme: str,
        *,
        release: str | None = None,
        measure: str,
        level: str,
        series: str | None = None,
        period: str | None = None,
        within: str | None = None,
        breakdown: Iterable[str] | None = None,
        form: OutcomeForm | str | None = None,
    ) -> FeatureCollection:
        """List published outcomes as GeoJSON.

        GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded.
        """
        from . import list_outcomes_geojson as _list_outcomes_geojson

        return self._send(
            _list_outcomes_geojson.call(
                programme,
                release=release,
                measure=measure,
                level=level,
                series=series,
                period=period,
                within=within,
                breakdown=breakdown,
                form=form,
            )
        )

    def get_progress(
        self,
        programme: str,
        *,
        release: str | None = None,
    ) -> ReleasedProgress:
        """Get published progress by theme.

        Each theme and measure in the order of the plan: latest figure, earlier values, definition, caveats, coverage.

        No key needed. `latest` has the movement, the verdict and the target. Coverage is as it was when the release
        was
        made, in numbers alone: reviewers see in the preview who has not returned a measure. `unassigned` names the
        roles
        for which the plan has no organisation.
        """
        from . import get_progress as _get_progress

        return self._send(
            _get_progress.call(
                programme,
                release=release,
            )
        )

    def get_logic_model_outcomes(
        self,
        programme: str,
        *,
        release: str | None = None,
    ) -> ReleasedLogicModel:
        """Get the logic model with published figures.

        Every node from inputs to impacts with the measures that show its progress, their coverage and latest figures.
        """
        from . import get_logic_model_outcomes as _get_logic_model_outcomes

        return self._send(
            _get_logic_model_outcomes.call(
                programme,
                release=release,
            )
        )

    def get_inequality(
        self,
        programme: str,
        *,
        release: str | None = None,
        measure: str,
        dimension: str,
        category: str,
        reference_category: str,
        series: str | None = None,
        period: str | None = None,
        area: str | None = None,
        index_scale: IndexScale | str | None = None,
    ) -> ReleasedInequality:
        """Get inequality between categories.

        Gap and ratio of two categories, and slope and relative index over all, from the figures of a release.

        No key needed. A result that depends on a suppressed figure (`c`) has no value and states the reason.
        Intervals are
        the widest ones that the true counts allow. The line of the indices is fitted to the logits of a proportion or
        the
        logarithms of a rate; `index_scale=untransformed` fits it to the values.
        """
        from . import get_inequality as _get_inequality

        return self._send(
            _get_inequality.call(
                programme,
                release=release,
                measure=measure,
                dimension=dimension,
                category=category,
                reference_category=reference_category,
                series=series,
                period=period,
                area=area,
                index_scale=index_scale,
            )
        )

    def preview_outcomes(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> PreviewOutcomes:
        """Preview outcomes.

        Requires the scope `review`: small counts in the response can identify people. Not for publication.

        Each measure is rolled up by the rule of its kind. If only bounds are known, the figure has bounds instead of
        a
        value. If a query has no answer, the figure has a `reason`, and `alternatives` names queries that have one.
        The default `period` is `latest`; `resolved` lists the period that it resolved to. `group_by` accepts the
        dimensions of one scheme and an area level such as `ward`. Milestones and evidence are not counts: read their
        items and entries in the returns.

        `revision_basis=approved` uses only approved revisions, even while a correction is pending. With `latest`, a
        figure
        that uses any other revision is marked `p`. `min_coverage`, from 0 to 1, leaves out figures for which a
        smaller
        share of the expected returns was received. `comparator` names areas to compare with; by default, the wider
        areas
        that have a figure of the same series. In a preview, `first_released` of a movement is the first returned
        period.
        `with=comparators` adds `rows`: the figures and their comparators, a row each. `columns=compact` has them
        instead
        of `items`.
        """
        from . import preview_outcomes as _preview_outcomes

        return self._send(
            _preview_outcomes.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
                with_=with_,
                columns=columns,
                labels=labels,
                cursor=cursor,
                limit=limit,
            )
        )

    def preview_outcomes_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
    ) -> bytes:
        """Preview outcomes as CSV.

        All rows at once. The columns are the fields of the JSON: `period_start` is the `start` of `period`.

        The columns are the same for every query. Lists are JSON in a cell; the columns that end in `_label` are
        filled
        with `labels=true`. `with=comparators` adds a row for each comparator of a figure. `columns=compact` has the
        main
        columns that a person needs, with labels.
        """
        from . import preview_outcomes_csv as _preview_outcomes_csv

        return self._send(
            _preview_outcomes_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
                with_=with_,
                columns=columns,
                labels=labels,
            )
        )

    def preview_outcomes_json_stat(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
    ) -> JsonStatDataset:
        """Preview outcomes as JSON-stat.

        JSON-stat 2.0: a cube of measure, period, area and the dimensions of the query. Bounds are in `extension`.
        """
        from . import preview_outcomes_json_stat as _preview_outcomes_json_stat

        return self._send(
            _preview_outcomes_json_stat.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
            )
        )

    def preview_outcomes_sdmx_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
    ) -> bytes:
        """Preview outcomes as SDMX-CSV.

        SDMX-CSV 2.0. Each dimension of the plan is a column; `_T` is the total, `NaN` is a missing value.

        `OBS_STATUS` and `CONF_STATUS` have the codes of SDMX. `PERIOD` has the period code of this API, `TIME_PERIOD`
        that
        of SDMX. `…/outcomes/structure.xml` describes the columns and has the code lists.
        """
        from . import preview_outcomes_sdmx_csv as _preview_outcomes_sdmx_csv

        return self._send(
            _preview_outcomes_sdmx_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
            )
        )

    def preview_outcomes_geojson(
        self,
        programme: str,
        *,
        measure: str,
        level: str,
        series: str | None = None,
        period: str | None = None,
        within: str | None = None,
        breakdown: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
    ) -> FeatureCollection:
        """Preview outcomes as GeoJSON.

        GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded.
        """
        from . import preview_outcomes_geojson as _preview_outcomes_geojson

        return self._send(
            _preview_outcomes_geojson.call(
                programme,
                measure=measure,
                level=level,
                series=series,
                period=period,
                within=within,
                breakdown=breakdown,
                revision_basis=revision_basis,
                min_coverage=min_coverage,
                form=form,
            )
        )

    def preview_progress(
        self,
        programme: str,
        *,
        revision_basis: RevisionBasis | str | None = None,
    ) -> PreviewProgress:
        """Preview progress by theme.

        Each theme and measure in the order of the plan: latest figure, earlier values, coverage, and what is missing.

        Requires the scope `review`: there is no disclosure control. `latest` has the movement, the verdict and the
        target.
        A measure without any return has the coverage of its newest period that is over. `missing` names the
        organisation or
        the role of each return that is missing from the latest figure, or since.
        """
        from . import preview_progress as _preview_progress

        return self._send(
            _preview_progress.call(
                programme,
                revision_basis=revision_basis,
            )
        )

    def preview_logic_model(
        self,
        programme: str,
        *,
        revision_basis: RevisionBasis | str | None = None,
    ) -> PreviewLogicModel:
        """Preview the logic model with figures.

        Every node from inputs to impacts with the measures that show its progress: its own, otherwise related ones.

        Requires the scope `review`: there is no disclosure control.
        """
        from . import preview_logic_model as _preview_logic_model

        return self._send(
            _preview_logic_model.call(
                programme,
                revision_basis=revision_basis,
            )
        )

    def preview_inequality(
        self,
        programme: str,
        *,
        measure: str,
        dimension: str,
        category: str,
        reference_category: str,
        series: str | None = None,
        period: str | None = None,
        area: str | None = None,
        revision_basis: RevisionBasis | str | None = None,
        index_scale: IndexScale | str | None = None,
    ) -> PreviewInequality:
        """Preview inequality between categories.

        Requires the scope `review`: small counts in the response can identify people. Not for publication.

        Gap and ratio compare two categories of a proportion. The slope and relative index of inequality cover all
        categories of an ordered dimension, such as deprivation fifths. Their line is fitted to the logits of a
        proportion
        or the logarithms of a rate; `index_scale=untransformed` fits it to the values. A result that cannot be
        calculated
        has a `reason`.
        """
        from . import preview_inequality as _preview_inequality

        return self._send(
            _preview_inequality.call(
                programme,
                measure=measure,
                dimension=dimension,
                category=category,
                reference_category=reference_category,
                series=series,
                period=period,
                area=area,
                revision_basis=revision_basis,
                index_scale=index_scale,
            )
        )


class AsyncOutcomes(AsyncSender):
    async def get_outcomes_availability(
        self,
        programme: str,
    ) -> Availability:
        """List available outcome queries.

        Measures, series, periods, areas, breakdowns and formats that the plan allows, with or without data.

        `released` states what the newest release has of each series: a query for more returns rows with reasons.
        """
        from . import get_outcomes_availability as _get_outcomes_availability

        return await self._send(
            _get_outcomes_availability.call(
                programme,
            )
        )

    async def list_outcomes(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Outcomes:
        """List published outcomes.

        No key needed. Reads the newest release, or the one that `release` names. All pages come from one release.

        Rows exist for everything that can be queried, with or without data. For people, zero, small, withheld and
        missing
        counts all show `c`; `x` means that nobody returned anything. The default `period` is `latest`; `resolved`
        lists
        the period that it resolved to. `group_by` accepts the dimensions of one scheme and an area level such as
        `ward`.
        Each figure has its bounds and largest error, its interval, comparators, movement, trend, target, and the
        coverage
        at the time of the release. Percentages and other derived values are calculated from the displayed numbers.
        `with=comparators` adds `rows`: the figures and their comparators, a row each. `columns=compact` has them
        instead
        of `items`.

        `form` divides displayed counts by the residents of each area, for the measures that `availability` lists with
        a
        form. A quarter's count gives the rate of that quarter: nothing is annualised. `population` names the
        estimate.
        """
        from . import list_outcomes as _list_outcomes

        return await self._send(
            _list_outcomes.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
                with_=with_,
                columns=columns,
                labels=labels,
                cursor=cursor,
                limit=limit,
            )
        )

    async def list_outcomes_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
    ) -> bytes:
        """List published outcomes as CSV.

        All rows at once, in the fields of the JSON. The columns are the same for every query.

        `period_start` is the `start` of `period`. Lists are JSON in a cell; the columns that end in `_label` are
        filled
        with `labels=true`. `with=comparators` adds a row for each comparator of a figure. `columns=compact` has the
        main
        columns that a person needs, with labels.
        """
        from . import list_outcomes_csv as _list_outcomes_csv

        return await self._send(
            _list_outcomes_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
                with_=with_,
                columns=columns,
                labels=labels,
            )
        )

    async def list_outcomes_json_stat(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
    ) -> JsonStatDataset:
        """List published outcomes as JSON-stat.

        JSON-stat 2.0: a cube of measure, period, area and the dimensions of the query. Bounds are in `extension`.
        """
        from . import list_outcomes_json_stat as _list_outcomes_json_stat

        return await self._send(
            _list_outcomes_json_stat.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
            )
        )

    async def list_outcomes_sdmx_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        release: str | None = None,
    ) -> bytes:
        """List published outcomes as SDMX-CSV.

        SDMX-CSV 2.0. Each dimension of the plan is a column; `_T` is the total, `NaN` is a missing value.

        `…/outcomes/structure.xml` describes the columns and has the code lists.
        """
        from . import list_outcomes_sdmx_csv as _list_outcomes_sdmx_csv

        return await self._send(
            _list_outcomes_sdmx_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                release=release,
            )
        )

    async def get_sdmx_structure(
        self,
        programme: str,
        *,
        plan_version: int | None = None,
    ) -> bytes:
        """Get the SDMX structure of outcomes.

        SDMX-ML 3.0: the dataflow, its data structure definition, its concepts and code lists.

        The SDMX-CSV files name it in `STRUCTURE_ID`, such as `WORK_HEALTH:HARBOUR(2.0.0)` for plan version 2. The
        default
        is the newest plan version.
        """
        from . import get_sdmx_structure as _get_sdmx_structure

        return await self._send(
            _get_sdmx_structure.call(
                programme,
                plan_version=plan_version,
            )
        )

    async def list_outcomes_geojson(
        self,
        programme: str,
        *,
        release: str | None = None,
        measure: str,
        level: str,
        series: str | None = None,
        period: str | None = None,
        within: str | None = None,
        breakdown: Iterable[str] | None = None,
        form: OutcomeForm | str | None = None,
    ) -> FeatureCollection:
        """List published outcomes as GeoJSON.

        GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded.
        """
        from . import list_outcomes_geojson as _list_outcomes_geojson

        return await self._send(
            _list_outcomes_geojson.call(
                programme,
                release=release,
                measure=measure,
                level=level,
                series=series,
                period=period,
                within=within,
                breakdown=breakdown,
                form=form,
            )
        )

    async def get_progress(
        self,
        programme: str,
        *,
        release: str | None = None,
    ) -> ReleasedProgress:
        """Get published progress by theme.

        Each theme and measure in the order of the plan: latest figure, earlier values, definition, caveats, coverage.

        No key needed. `latest` has the movement, the verdict and the target. Coverage is as it was when the release
        was
        made, in numbers alone: reviewers see in the preview who has not returned a measure. `unassigned` names the
        roles
        for which the plan has no organisation.
        """
        from . import get_progress as _get_progress

        return await self._send(
            _get_progress.call(
                programme,
                release=release,
            )
        )

    async def get_logic_model_outcomes(
        self,
        programme: str,
        *,
        release: str | None = None,
    ) -> ReleasedLogicModel:
        """Get the logic model with published figures.

        Every node from inputs to impacts with the measures that show its progress, their coverage and latest figures.
        """
        from . import get_logic_model_outcomes as _get_logic_model_outcomes

        return await self._send(
            _get_logic_model_outcomes.call(
                programme,
                release=release,
            )
        )

    async def get_inequality(
        self,
        programme: str,
        *,
        release: str | None = None,
        measure: str,
        dimension: str,
        category: str,
        reference_category: str,
        series: str | None = None,
        period: str | None = None,
        area: str | None = None,
        index_scale: IndexScale | str | None = None,
    ) -> ReleasedInequality:
        """Get inequality between categories.

        Gap and ratio of two categories, and slope and relative index over all, from the figures of a release.

        No key needed. A result that depends on a suppressed figure (`c`) has no value and states the reason.
        Intervals are
        the widest ones that the true counts allow. The line of the indices is fitted to the logits of a proportion or
        the
        logarithms of a rate; `index_scale=untransformed` fits it to the values.
        """
        from . import get_inequality as _get_inequality

        return await self._send(
            _get_inequality.call(
                programme,
                release=release,
                measure=measure,
                dimension=dimension,
                category=category,
                reference_category=reference_category,
                series=series,
                period=period,
                area=area,
                index_scale=index_scale,
            )
        )

    async def preview_outcomes(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> PreviewOutcomes:
        """Preview outcomes.

        Requires the scope `review`: small counts in the response can identify people. Not for publication.

        Each measure is rolled up by the rule of its kind. If only bounds are known, the figure has bounds instead of
        a
        value. If a query has no answer, the figure has a `reason`, and `alternatives` names queries that have one.
        The default `period` is `latest`; `resolved` lists the period that it resolved to. `group_by` accepts the
        dimensions of one scheme and an area level such as `ward`. Milestones and evidence are not counts: read their
        items and entries in the returns.

        `revision_basis=approved` uses only approved revisions, even while a correction is pending. With `latest`, a
        figure
        that uses any other revision is marked `p`. `min_coverage`, from 0 to 1, leaves out figures for which a
        smaller
        share of the expected returns was received. `comparator` names areas to compare with; by default, the wider
        areas
        that have a figure of the same series. In a preview, `first_released` of a movement is the first returned
        period.
        `with=comparators` adds `rows`: the figures and their comparators, a row each. `columns=compact` has them
        instead
        of `items`.
        """
        from . import preview_outcomes as _preview_outcomes

        return await self._send(
            _preview_outcomes.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
                with_=with_,
                columns=columns,
                labels=labels,
                cursor=cursor,
                limit=limit,
            )
        )

    async def preview_outcomes_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
        with_: AdditionalRows | str | None = None,
        columns: TableColumns | str | None = None,
        labels: bool | None = None,
    ) -> bytes:
        """Preview outcomes as CSV.

        All rows at once. The columns are the fields of the JSON: `period_start` is the `start` of `period`.

        The columns are the same for every query. Lists are JSON in a cell; the columns that end in `_label` are
        filled
        with `labels=true`. `with=comparators` adds a row for each comparator of a figure. `columns=compact` has the
        main
        columns that a person needs, with labels.
        """
        from . import preview_outcomes_csv as _preview_outcomes_csv

        return await self._send(
            _preview_outcomes_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
                with_=with_,
                columns=columns,
                labels=labels,
            )
        )

    async def preview_outcomes_json_stat(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
    ) -> JsonStatDataset:
        """Preview outcomes as JSON-stat.

        JSON-stat 2.0: a cube of measure, period, area and the dimensions of the query. Bounds are in `extension`.
        """
        from . import preview_outcomes_json_stat as _preview_outcomes_json_stat

        return await self._send(
            _preview_outcomes_json_stat.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
            )
        )

    async def preview_outcomes_sdmx_csv(
        self,
        programme: str,
        *,
        measure: Iterable[str] | None = None,
        series: str | None = None,
        theme: str | None = None,
        period: Iterable[str] | None = None,
        from_: str | None = None,
        to: str | None = None,
        area: Iterable[str] | None = None,
        within: Iterable[str] | None = None,
        level: Iterable[str] | None = None,
        group_by: Iterable[str] | None = None,
        breakdown: Iterable[str] | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
        comparator: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
    ) -> bytes:
        """Preview outcomes as SDMX-CSV.

        SDMX-CSV 2.0. Each dimension of the plan is a column; `_T` is the total, `NaN` is a missing value.

        `OBS_STATUS` and `CONF_STATUS` have the codes of SDMX. `PERIOD` has the period code of this API, `TIME_PERIOD`
        that
        of SDMX. `…/outcomes/structure.xml` describes the columns and has the code lists.
        """
        from . import preview_outcomes_sdmx_csv as _preview_outcomes_sdmx_csv

        return await self._send(
            _preview_outcomes_sdmx_csv.call(
                programme,
                measure=measure,
                series=series,
                theme=theme,
                period=period,
                from_=from_,
                to=to,
                area=area,
                within=within,
                level=level,
                group_by=group_by,
                breakdown=breakdown,
                min_coverage=min_coverage,
                form=form,
                comparator=comparator,
                revision_basis=revision_basis,
            )
        )

    async def preview_outcomes_geojson(
        self,
        programme: str,
        *,
        measure: str,
        level: str,
        series: str | None = None,
        period: str | None = None,
        within: str | None = None,
        breakdown: Iterable[str] | None = None,
        revision_basis: RevisionBasis | str | None = None,
        min_coverage: float | None = None,
        form: OutcomeForm | str | None = None,
    ) -> FeatureCollection:
        """Preview outcomes as GeoJSON.

        GeoJSON: one figure for each area of a level, with the boundaries that the operator has loaded.
        """
        from . import preview_outcomes_geojson as _preview_outcomes_geojson

        return await self._send(
            _preview_outcomes_geojson.call(
                programme,
                measure=measure,
                level=level,
                series=series,
                period=period,
                within=within,
                breakdown=breakdown,
                revision_basis=revision_basis,
                min_coverage=min_coverage,
                form=form,
            )
        )

    async def preview_progress(
        self,
        programme: str,
        *,
        revision_basis: RevisionBasis | str | None = None,
    ) -> PreviewProgress:
        """Preview progress by theme.

        Each theme and measure in the order of the plan: latest figure, earlier values, coverage, and what is missing.

        Requires the scope `review`: there is no disclosure control. `latest` has the movement, the verdict and the
        target.
        A measure without any return has the coverage of its newest period that is over. `missing` names the
        organisation or
        the role of each return that is missing from the latest figure, or since.
        """
        from . import preview_progress as _preview_progress

        return await self._send(
            _preview_progress.call(
                programme,
                revision_basis=revision_basis,
            )
        )

    async def preview_logic_model(
        self,
        programme: str,
        *,
        revision_basis: RevisionBasis | str | None = None,
    ) -> PreviewLogicModel:
        """Preview the logic model with figures.

        Every node from inputs to impacts with the measures that show its progress: its own, otherwise related ones.

        Requires the scope `review`: there is no disclosure control.
        """
        from . import preview_logic_model as _preview_logic_model

        return await self._send(
            _preview_logic_model.call(
                programme,
                revision_basis=revision_basis,
            )
        )

    async def preview_inequality(
        self,
        programme: str,
        *,
        measure: str,
        dimension: str,
        category: str,
        reference_category: str,
        series: str | None = None,
        period: str | None = None,
        area: str | None = None,
        revision_basis: RevisionBasis | str | None = None,
        index_scale: IndexScale | str | None = None,
    ) -> PreviewInequality:
        """Preview inequality between categories.

        Requires the scope `review`: small counts in the response can identify people. Not for publication.

        Gap and ratio compare two categories of a proportion. The slope and relative index of inequality cover all
        categories of an ordered dimension, such as deprivation fifths. Their line is fitted to the logits of a
        proportion
        or the logarithms of a rate; `index_scale=untransformed` fits it to the values. A result that cannot be
        calculated
        has a `reason`.
        """
        from . import preview_inequality as _preview_inequality

        return await self._send(
            _preview_inequality.call(
                programme,
                measure=measure,
                dimension=dimension,
                category=category,
                reference_category=reference_category,
                series=series,
                period=period,
                area=area,
                revision_basis=revision_basis,
                index_scale=index_scale,
            )
        )
