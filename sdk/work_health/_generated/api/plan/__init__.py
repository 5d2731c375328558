from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from ...._calls import Content
    from ...models.area_page import AreaPage
    from ...models.dimension_page import DimensionPage
    from ...models.disclosure_class import DisclosureClass
    from ...models.logic_model import LogicModel
    from ...models.logic_model_column import LogicModelColumn
    from ...models.logic_model_gaps import LogicModelGaps
    from ...models.measure import Measure
    from ...models.measure_kind import MeasureKind
    from ...models.measure_page import MeasurePage
    from ...models.organisation_page import OrganisationPage
    from ...models.period import Period
    from ...models.period_page import PeriodPage
    from ...models.period_type import PeriodType
    from ...models.programme import Programme
    from ...models.programme_page import ProgrammePage


class Plan(Sender):
    def list_programmes(
        self,
    ) -> ProgrammePage:
        """List programmes.

        Return each delivery plan with its owner, window and calendar. A sandbox is a copy for trying things out.
        """
        from . import list_programmes as _list_programmes

        return self._send(_list_programmes.call())

    def get_programme(
        self,
        programme: str,
    ) -> Programme:
        """Get a programme.

        Return the programme's owner, area, window, and the deadlines of its returns.
        """
        from . import get_programme as _get_programme

        return self._send(
            _get_programme.call(
                programme,
            )
        )

    def list_measures(
        self,
        programme: str,
        *,
        theme: str | None = None,
        column: LogicModelColumn | str | None = None,
        kind: MeasureKind | str | None = None,
        disclosure_class: DisclosureClass | str | None = None,
        organisation: str | None = None,
        reference: str | None = None,
    ) -> MeasurePage:
        """List measures.

        Return measures in the order of the plan.

        `organisation` selects the measures that the organisation returns. `reference` is a code of the plan, such as
        `M2.4` or `OC1`.
        """
        from . import list_measures as _list_measures

        return self._send(
            _list_measures.call(
                programme,
                theme=theme,
                column=column,
                kind=kind,
                disclosure_class=disclosure_class,
                organisation=organisation,
                reference=reference,
            )
        )

    def get_measure(
        self,
        programme: str,
        measure: str,
    ) -> Measure:
        """Get a measure.

        Return the measure with its plan references, kind, series, breakdowns and disclosure class.
        """
        from . import get_measure as _get_measure

        return self._send(
            _get_measure.call(
                programme,
                measure=measure,
            )
        )

    def get_logic_model(
        self,
        programme: str,
    ) -> LogicModel:
        """Get the logic model.

        Return inputs, activities, outputs, outcomes and impacts in the plan's exact words.

        Each link has its basis and the sentence that supports it.
        """
        from . import get_logic_model as _get_logic_model

        return self._send(
            _get_logic_model.call(
                programme,
            )
        )

    def get_logic_model_gaps(
        self,
        programme: str,
    ) -> LogicModelGaps:
        """List gaps in the logic model.

        Return the gaps of the plan itself, such as outcomes without an activity. They are listed, not filled.
        """
        from . import get_logic_model_gaps as _get_logic_model_gaps

        return self._send(
            _get_logic_model_gaps.call(
                programme,
            )
        )

    def list_organisations(
        self,
        programme: str,
    ) -> OrganisationPage:
        """List organisations and roles.

        Return organisations with their identifiers, and the roles for which the plan names no organisation.
        """
        from . import list_organisations as _list_organisations

        return self._send(
            _list_organisations.call(
                programme,
            )
        )

    def list_areas(
        self,
        programme: str,
        *,
        level: str | None = None,
        within: str | None = None,
    ) -> AreaPage:
        """List areas.

        Return GSS codes, levels and families. `within` selects an area and the areas inside it.
        """
        from . import list_areas as _list_areas

        return self._send(
            _list_areas.call(
                programme,
                level=level,
                within=within,
            )
        )

    def list_areas_csv(
        self,
        programme: str,
        *,
        level: str | None = None,
        within: str | None = None,
    ) -> bytes:
        """List areas as CSV.

        Return levels, families, validity and successors. Join the file to a map by GSS code.
        """
        from . import list_areas_csv as _list_areas_csv

        return self._send(
            _list_areas_csv.call(
                programme,
                level=level,
                within=within,
            )
        )

    def list_dimensions(
        self,
        programme: str,
    ) -> DimensionPage:
        """List dimensions and their categories.

        Return dimensions with their categories. The total is the absence of a dimension; `unknown` is a category.
        """
        from . import list_dimensions as _list_dimensions

        return self._send(
            _list_dimensions.call(
                programme,
            )
        )

    def list_periods(
        self,
        programme: str,
        *,
        type_: PeriodType | str | None = None,
    ) -> PeriodPage:
        """List periods of a programme.

        Return the periods of one type that lie wholly within the programme's window.
        """
        from . import list_periods as _list_periods

        return self._send(
            _list_periods.call(
                programme,
                type_=type_,
            )
        )

    def get_period(
        self,
        code: str,
    ) -> Period:
        """Get a period by its code.

        Return the type, first and last day, and label. An ambiguous code is rejected with suggestions.
        """
        from . import get_period as _get_period

        return self._send(
            _get_period.call(
                code,
            )
        )


class AsyncPlan(AsyncSender):
    async def list_programmes(
        self,
    ) -> ProgrammePage:
        """List programmes.

        Return each delivery plan with its owner, window and calendar. A sandbox is a copy for trying things out.
        """
        from . import list_programmes as _list_programmes

        return await self._send(_list_programmes.call())

    async def get_programme(
        self,
        programme: str,
    ) -> Programme:
        """Get a programme.

        Return the programme's owner, area, window, and the deadlines of its returns.
        """
        from . import get_programme as _get_programme

        return await self._send(
            _get_programme.call(
                programme,
            )
        )

    async def list_measures(
        self,
        programme: str,
        *,
        theme: str | None = None,
        column: LogicModelColumn | str | None = None,
        kind: MeasureKind | str | None = None,
        disclosure_class: DisclosureClass | str | None = None,
        organisation: str | None = None,
        reference: str | None = None,
    ) -> MeasurePage:
        """List measures.

        Return measures in the order of the plan.

        `organisation` selects the measures that the organisation returns. `reference` is a code of the plan, such as
        `M2.4` or `OC1`.
        """
        from . import list_measures as _list_measures

        return await self._send(
            _list_measures.call(
                programme,
                theme=theme,
                column=column,
                kind=kind,
                disclosure_class=disclosure_class,
                organisation=organisation,
                reference=reference,
            )
        )

    async def get_measure(
        self,
        programme: str,
        measure: str,
    ) -> Measure:
        """Get a measure.

        Return the measure with its plan references, kind, series, breakdowns and disclosure class.
        """
        from . import get_measure as _get_measure

        return await self._send(
            _get_measure.call(
                programme,
                measure=measure,
            )
        )

    async def get_logic_model(
        self,
        programme: str,
    ) -> LogicModel:
        """Get the logic model.

        Return inputs, activities, outputs, outcomes and impacts in the plan's exact words.

        Each link has its basis and the sentence that supports it.
        """
        from . import get_logic_model as _get_logic_model

        return await self._send(
            _get_logic_model.call(
                programme,
            )
        )

    async def get_logic_model_gaps(
        self,
        programme: str,
    ) -> LogicModelGaps:
        """List gaps in the logic model.

        Return the gaps of the plan itself, such as outcomes without an activity. They are listed, not filled.
        """
        from . import get_logic_model_gaps as _get_logic_model_gaps

        return await self._send(
            _get_logic_model_gaps.call(
                programme,
            )
        )

    async def list_organisations(
        self,
        programme: str,
    ) -> OrganisationPage:
        """List organisations and roles.

        Return organisations with their identifiers, and the roles for which the plan names no organisation.
        """
        from . import list_organisations as _list_organisations

        return await self._send(
            _list_organisations.call(
                programme,
            )
        )

    async def list_areas(
        self,
        programme: str,
        *,
        level: str | None = None,
        within: str | None = None,
    ) -> AreaPage:
        """List areas.

        Return GSS codes, levels and families. `within` selects an area and the areas inside it.
        """
        from . import list_areas as _list_areas

        return await self._send(
            _list_areas.call(
                programme,
                level=level,
                within=within,
            )
        )

    async def list_areas_csv(
        self,
        programme: str,
        *,
        level: str | None = None,
        within: str | None = None,
    ) -> bytes:
        """List areas as CSV.

        Return levels, families, validity and successors. Join the file to a map by GSS code.
        """
        from . import list_areas_csv as _list_areas_csv

        return await self._send(
            _list_areas_csv.call(
                programme,
                level=level,
                within=within,
            )
        )

    async def list_dimensions(
        self,
        programme: str,
    ) -> DimensionPage:
        """List dimensions and their categories.

        Return dimensions with their categories. The total is the absence of a dimension; `unknown` is a category.
        """
        from . import list_dimensions as _list_dimensions

        return await self._send(
            _list_dimensions.call(
                programme,
            )
        )

    async def list_periods(
        self,
        programme: str,
        *,
        type_: PeriodType | str | None = None,
    ) -> PeriodPage:
        """List periods of a programme.

        Return the periods of one type that lie wholly within the programme's window.
        """
        from . import list_periods as _list_periods

        return await self._send(
            _list_periods.call(
                programme,
                type_=type_,
            )
        )

    async def get_period(
        self,
        code: str,
    ) -> Period:
        """Get a period by its code.

        Return the type, first and last day, and label. An ambiguous code is rejected with suggestions.
        """
        from . import get_period as _get_period

        return await self._send(
            _get_period.call(
                code,
            )
        )
