from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.return_kind import ReturnKind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.observation import Observation


T = TypeVar("T", bound="NewReturn")


@_attrs_define
class NewReturn:
    """What one organisation says of one measure in one period. It replaces what stood, whole."""

    measure: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code that says its own type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`, `CY2025-Q3`,
    `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    series: None | str | Unset = UNSET
    """ Which definition; may be left out where partners return only one. """
    service: str | Unset = "main"
    """ A kebab-case code. It never changes once it is in use. """
    kind: ReturnKind | Unset = UNSET
    """ `data` has figures; `nil` says that there was nothing to count. """
    observations: list[Observation] | Unset = UNSET
    note: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        measure = self.measure

        period = self.period

        series: None | str | Unset
        if isinstance(self.series, Unset):
            series = UNSET
        else:
            series = self.series

        service = self.service

        kind: str | Unset = UNSET
        if not isinstance(self.kind, Unset):
            kind = self.kind.value

        observations: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.observations, Unset):
            observations = []
            for observations_item_data in self.observations:
                observations_item = observations_item_data.to_dict()
                observations.append(observations_item)

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "measure": measure,
                "period": period,
            }
        )
        if series is not UNSET:
            field_dict["series"] = series
        if service is not UNSET:
            field_dict["service"] = service
        if kind is not UNSET:
            field_dict["kind"] = kind
        if observations is not UNSET:
            field_dict["observations"] = observations
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.observation import Observation  # noqa: PLC0415

        d = dict(src_dict)
        measure = d.pop("measure")

        period = d.pop("period")

        def _parse_series(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        series = _parse_series(d.pop("series", UNSET))

        service = d.pop("service", UNSET)

        _kind = d.pop("kind", UNSET)
        kind: ReturnKind | Unset
        if isinstance(_kind, Unset):
            kind = UNSET
        else:
            kind = ReturnKind(_kind)

        _observations = d.pop("observations", UNSET)
        observations: list[Observation] | Unset = UNSET
        if _observations is not UNSET:
            observations = []
            for observations_item_data in _observations:
                observations_item = Observation.from_dict(observations_item_data)

                observations.append(observations_item)

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        new_return = cls(
            measure=measure,
            period=period,
            series=series,
            service=service,
            kind=kind,
            observations=observations,
            note=note,
        )

        return new_return
