from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.measure_kind import MeasureKind
from ..models.no_next_return_reason import NoNextReturnReason

if TYPE_CHECKING:
    from ..models.baseline import Baseline
    from ..models.direction import Direction
    from ..models.figure_point import FigurePoint
    from ..models.next_return import NextReturn
    from ..models.period_coverage import PeriodCoverage
    from ..models.plan_reference import PlanReference
    from ..models.series import Series
    from ..models.target import Target


T = TypeVar("T", bound="MeasureFields")


@_attrs_define(repr=False, kw_only=True)
class MeasureFields(ContractStruct):
    """One measure as the plan states it, with its history and its returns: what preview and released progress share."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    label: str
    title: str
    """ The plan's exact words. """
    plan_references: list[PlanReference]
    kind: MeasureKind
    """ How the figures of a measure combine over time, organisations and categories. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    direction: Direction
    """ The direction of improvement, with its basis. """
    baseline: Baseline | None
    """ Null if the plan states none. """
    targets: list[Target]
    series: Series
    """ One definition of a measure. Values of different series are never joined or compared. """
    caveats: list[str]
    history: list[FigurePoint]
    """ The displayed values up to the latest, in time order, at most 8. """
    previous: FigurePoint | None
    """ The last value before the latest; `movement` of the latest has the change since the start. """
    newest_period: None | PeriodCoverage
    """ The newest period that is over. Null if there is none, or nothing was published. """
    unassigned: list[str]
    """ Roles and classes without an organisation: nobody owes their returns of the measure. """
    next_return: NextReturn | None
    no_next_return_reason: None | NoNextReturnReason
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.baseline import Baseline  # noqa: PLC0415
        from ..models.figure_point import FigurePoint  # noqa: PLC0415
        from ..models.next_return import NextReturn  # noqa: PLC0415
        from ..models.period_coverage import PeriodCoverage  # noqa: PLC0415

        measure = self.measure

        label = self.label

        title = self.title

        plan_references = []
        for plan_references_item_data in self.plan_references:
            plan_references_item = plan_references_item_data.to_dict()
            plan_references.append(plan_references_item)

        kind = self.kind.value

        unit = self.unit

        direction = self.direction.to_dict()

        baseline: dict[str, Any] | None
        if isinstance(self.baseline, Baseline):
            baseline = self.baseline.to_dict()
        else:
            baseline = self.baseline

        targets = []
        for targets_item_data in self.targets:
            targets_item = targets_item_data.to_dict()
            targets.append(targets_item)

        series = self.series.to_dict()

        caveats = self.caveats

        history = []
        for history_item_data in self.history:
            history_item = history_item_data.to_dict()
            history.append(history_item)

        previous: dict[str, Any] | None
        if isinstance(self.previous, FigurePoint):
            previous = self.previous.to_dict()
        else:
            previous = self.previous

        newest_period: dict[str, Any] | None
        if isinstance(self.newest_period, PeriodCoverage):
            newest_period = self.newest_period.to_dict()
        else:
            newest_period = self.newest_period

        unassigned = self.unassigned

        next_return: dict[str, Any] | None
        if isinstance(self.next_return, NextReturn):
            next_return = self.next_return.to_dict()
        else:
            next_return = self.next_return

        no_next_return_reason: None | str
        if isinstance(self.no_next_return_reason, NoNextReturnReason):
            no_next_return_reason = self.no_next_return_reason.value
        else:
            no_next_return_reason = self.no_next_return_reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "label": label,
                "title": title,
                "plan_references": plan_references,
                "kind": kind,
                "unit": unit,
                "direction": direction,
                "baseline": baseline,
                "targets": targets,
                "series": series,
                "caveats": caveats,
                "history": history,
                "previous": previous,
                "newest_period": newest_period,
                "unassigned": unassigned,
                "next_return": next_return,
                "no_next_return_reason": no_next_return_reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        measure_fields = cls(**cls._parse_fields(d))
        measure_fields.additional_properties = d
        return measure_fields

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.baseline import Baseline  # noqa: PLC0415
        from ..models.direction import Direction  # noqa: PLC0415
        from ..models.figure_point import FigurePoint  # noqa: PLC0415
        from ..models.next_return import NextReturn  # noqa: PLC0415
        from ..models.period_coverage import PeriodCoverage  # noqa: PLC0415
        from ..models.plan_reference import PlanReference  # noqa: PLC0415
        from ..models.series import Series  # noqa: PLC0415
        from ..models.target import Target  # noqa: PLC0415

        measure = d.pop("measure")

        label = d.pop("label")

        title = d.pop("title")

        plan_references = []
        _plan_references = d.pop("plan_references")
        for plan_references_item_data in _plan_references:
            plan_references_item = PlanReference.from_dict(plan_references_item_data)

            plan_references.append(plan_references_item)

        kind = MeasureKind(d.pop("kind"))

        unit = d.pop("unit")

        direction = Direction.from_dict(d.pop("direction"))

        def _parse_baseline(data: object) -> Baseline | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                baseline_type_0 = Baseline.from_dict(data)

                return baseline_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Baseline | None, data)

        baseline = _parse_baseline(d.pop("baseline"))

        targets = []
        _targets = d.pop("targets")
        for targets_item_data in _targets:
            targets_item = Target.from_dict(targets_item_data)

            targets.append(targets_item)

        series = Series.from_dict(d.pop("series"))

        caveats = cast(list[str], d.pop("caveats"))

        history = []
        _history = d.pop("history")
        for history_item_data in _history:
            history_item = FigurePoint.from_dict(history_item_data)

            history.append(history_item)

        def _parse_previous(data: object) -> FigurePoint | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                previous_type_0 = FigurePoint.from_dict(data)

                return previous_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FigurePoint | None, data)

        previous = _parse_previous(d.pop("previous"))

        def _parse_newest_period(data: object) -> None | PeriodCoverage:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                newest_period_type_0 = PeriodCoverage.from_dict(data)

                return newest_period_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PeriodCoverage, data)

        newest_period = _parse_newest_period(d.pop("newest_period"))

        unassigned = cast(list[str], d.pop("unassigned"))

        def _parse_next_return(data: object) -> NextReturn | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                next_return_type_0 = NextReturn.from_dict(data)

                return next_return_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NextReturn | None, data)

        next_return = _parse_next_return(d.pop("next_return"))

        def _parse_no_next_return_reason(data: object) -> None | NoNextReturnReason:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                no_next_return_reason_type_0 = NoNextReturnReason(data)

                return no_next_return_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | NoNextReturnReason, data)

        no_next_return_reason = _parse_no_next_return_reason(d.pop("no_next_return_reason"))

        return {
            "measure": measure,
            "label": label,
            "title": title,
            "plan_references": plan_references,
            "kind": kind,
            "unit": unit,
            "direction": direction,
            "baseline": baseline,
            "targets": targets,
            "series": series,
            "caveats": caveats,
            "history": history,
            "previous": previous,
            "newest_period": newest_period,
            "unassigned": unassigned,
            "next_return": next_return,
            "no_next_return_reason": no_next_return_reason,
        }

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
