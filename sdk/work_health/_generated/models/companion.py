from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis
from ..models.measure_kind import MeasureKind

if TYPE_CHECKING:
    from ..models.cadence import Cadence


T = TypeVar("T", bound="Companion")


@_attrs_define(repr=False)
class Companion(ContractStruct):
    """The form of a published series that is read with the measure, but does not measure the same.

    Such a series has a kind, a unit and a cadence of its own. It has no direction, baseline or target, so that its
    verdicts are neutral: `higher` and `lower`.

    """

    kind: MeasureKind
    """ How the figures of a measure combine over time, organisations and categories. """
    unit: str
    """ A kebab-case code. It never changes once it is in use. """
    cadence: Cadence
    """ The periods for which a measure is returned. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    area: None | str = None
    """ The area to read it for; null for the area of the programme. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        unit = self.unit

        cadence = self.cadence.to_dict()

        basis = self.basis.value

        area: None | str
        if self.area is None:
            area = None
        else:
            area = self.area

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "unit": unit,
                "cadence": cadence,
                "basis": basis,
            }
        )
        field_dict["area"] = area
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cadence import Cadence  # noqa: PLC0415

        d = dict(src_dict)
        kind = MeasureKind(d.pop("kind"))

        unit = d.pop("unit")

        cadence = Cadence.from_dict(d.pop("cadence"))

        basis = Basis(d.pop("basis"))

        def _parse_area(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        area = _parse_area(d.pop("area", None))

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        companion = cls(
            kind=kind,
            unit=unit,
            cadence=cadence,
            basis=basis,
            area=area,
            note=note,
        )

        return companion
