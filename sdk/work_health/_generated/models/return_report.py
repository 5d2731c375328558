from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.submission_outcome import SubmissionOutcome
from ..models.timeliness import Timeliness

if TYPE_CHECKING:
    from ..models.cell_counts import CellCounts
    from ..models.completeness import Completeness
    from ..models.period import Period


T = TypeVar("T", bound="ReturnReport")


@_attrs_define(repr=False)
class ReturnReport(ContractStruct):
    """The result for one return of a submission."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    series: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: Period
    """ A span of whole days with its code. """
    outcome: SubmissionOutcome
    """ `unchanged`: the content is the same as the current revision, so no new revision was made. """
    revision: int
    """ The number of the current revision. """
    counts: CellCounts
    """ Counts of cells. `received` is always `added` + `changed` + `unchanged`. """
    timeliness: None | Timeliness
    """ Null for a published series, which has no due date. """
    completeness: Completeness
    """ How many of the required cells a return has.

        A duty requires the total of each area, and every category of each scheme. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        series = self.series

        service = self.service

        period = self.period.to_dict()

        outcome = self.outcome.value

        revision = self.revision

        counts = self.counts.to_dict()

        timeliness: None | str
        if isinstance(self.timeliness, Timeliness):
            timeliness = self.timeliness.value
        else:
            timeliness = self.timeliness

        completeness = self.completeness.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "measure": measure,
                "series": series,
                "service": service,
                "period": period,
                "outcome": outcome,
                "revision": revision,
                "counts": counts,
                "timeliness": timeliness,
                "completeness": completeness,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_counts import CellCounts  # noqa: PLC0415
        from ..models.completeness import Completeness  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        series = d.pop("series")

        service = d.pop("service")

        period = Period.from_dict(d.pop("period"))

        outcome = SubmissionOutcome(d.pop("outcome"))

        revision = d.pop("revision")

        counts = CellCounts.from_dict(d.pop("counts"))

        def _parse_timeliness(data: object) -> None | Timeliness:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                timeliness_type_0 = Timeliness(data)

                return timeliness_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Timeliness, data)

        timeliness = _parse_timeliness(d.pop("timeliness"))

        completeness = Completeness.from_dict(d.pop("completeness"))

        return_report = cls(
            measure=measure,
            series=series,
            service=service,
            period=period,
            outcome=outcome,
            revision=revision,
            counts=counts,
            timeliness=timeliness,
            completeness=completeness,
        )

        return_report.additional_properties = d
        return return_report

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
