from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.change_method import ChangeMethod
from ..models.movement_direction import MovementDirection
from ..models.movement_start import MovementStart
from ..models.no_movement_reason import NoMovementReason
from ..models.verdict import Verdict

T = TypeVar("T", bound="Movement")


@_attrs_define(repr=False)
class Movement(ContractStruct):
    """The change of a figure since its start, in neutral words, and a verdict where it is significant.

        Like is compared with like: the same sources, equal spans, and periods that do not overlap. A target is not
    tested.

    """

    verdict: None | Verdict = None
    """ `within_uncertainty` if `lower` and `upper` include 0, so that it may be none. """
    since: MovementStart | None = None
    start_period: None | str = None
    """ The period of the start. """
    start: float | None = None
    """ Null if only bounds of the start are known. """
    change: float | None = None
    """ The figure minus the start, with the digits of the two; null if either has no value. """
    reason: NoMovementReason | None = None
    direction: MovementDirection | None = None
    """ Null if only bounds are known, on both sides of 0. """
    lower: float | None = None
    """ The lower limit of the change, by `method`. """
    upper: float | None = None
    """ The upper limit; null if there is none. """
    method: ChangeMethod | None = None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        verdict: None | str
        if self.verdict is None:
            verdict = None
        elif isinstance(self.verdict, Verdict):
            verdict = self.verdict.value
        else:
            verdict = self.verdict

        since: None | str
        if self.since is None:
            since = None
        elif isinstance(self.since, MovementStart):
            since = self.since.value
        else:
            since = self.since

        start_period: None | str
        if self.start_period is None:
            start_period = None
        else:
            start_period = self.start_period

        start: float | None
        if self.start is None:
            start = None
        else:
            start = self.start

        change: float | None
        if self.change is None:
            change = None
        else:
            change = self.change

        reason: None | str
        if self.reason is None:
            reason = None
        elif isinstance(self.reason, NoMovementReason):
            reason = self.reason.value
        else:
            reason = self.reason

        direction: None | str
        if self.direction is None:
            direction = None
        elif isinstance(self.direction, MovementDirection):
            direction = self.direction.value
        else:
            direction = self.direction

        lower: float | None
        if self.lower is None:
            lower = None
        else:
            lower = self.lower

        upper: float | None
        if self.upper is None:
            upper = None
        else:
            upper = self.upper

        method: None | str
        if self.method is None:
            method = None
        elif isinstance(self.method, ChangeMethod):
            method = self.method.value
        else:
            method = self.method

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        field_dict["verdict"] = verdict
        field_dict["since"] = since
        field_dict["start_period"] = start_period
        field_dict["start"] = start
        field_dict["change"] = change
        field_dict["reason"] = reason
        field_dict["direction"] = direction
        field_dict["lower"] = lower
        field_dict["upper"] = upper
        field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_verdict(data: object) -> None | Verdict:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_0 = Verdict(data)

                return verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Verdict, data)

        verdict = _parse_verdict(d.pop("verdict", None))

        def _parse_since(data: object) -> MovementStart | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = MovementStart(data)

                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MovementStart | None, data)

        since = _parse_since(d.pop("since", None))

        def _parse_start_period(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        start_period = _parse_start_period(d.pop("start_period", None))

        def _parse_start(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        start = _parse_start(d.pop("start", None))

        def _parse_change(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        change = _parse_change(d.pop("change", None))

        def _parse_reason(data: object) -> NoMovementReason | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reason_type_0 = NoMovementReason(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NoMovementReason | None, data)

        reason = _parse_reason(d.pop("reason", None))

        def _parse_direction(data: object) -> MovementDirection | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                direction_type_0 = MovementDirection(data)

                return direction_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MovementDirection | None, data)

        direction = _parse_direction(d.pop("direction", None))

        def _parse_lower(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        lower = _parse_lower(d.pop("lower", None))

        def _parse_upper(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        upper = _parse_upper(d.pop("upper", None))

        def _parse_method(data: object) -> ChangeMethod | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                method_type_0 = ChangeMethod(data)

                return method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ChangeMethod | None, data)

        method = _parse_method(d.pop("method", None))

        movement = cls(
            verdict=verdict,
            since=since,
            start_period=start_period,
            start=start,
            change=change,
            reason=reason,
            direction=direction,
            lower=lower,
            upper=upper,
            method=method,
        )

        movement.additional_properties = d
        return movement

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
