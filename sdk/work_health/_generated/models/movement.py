from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.change_method import ChangeMethod
from ..models.movement_direction import MovementDirection
from ..models.movement_start import MovementStart
from ..models.no_movement_reason import NoMovementReason
from ..models.verdict import Verdict
from ..types import UNSET, Unset

T = TypeVar("T", bound="Movement")


@_attrs_define
class Movement:
    """The change of a figure since its start, in neutral words, and a verdict where it is significant.

        Like is compared with like: the same sources, equal spans, and periods that do not overlap. A target is not
    tested.

    """

    verdict: None | Unset | Verdict = UNSET
    """ `within_uncertainty` if `lower` and `upper` include 0, so that it may be none. """
    since: MovementStart | None | Unset = UNSET
    start_period: None | str | Unset = UNSET
    """ The period of the start. """
    start: float | None | Unset = UNSET
    """ Null if only bounds of the start are known. """
    change: float | None | Unset = UNSET
    """ The figure minus the start, with the digits of the two; null if either has no value. """
    reason: NoMovementReason | None | Unset = UNSET
    direction: MovementDirection | None | Unset = UNSET
    """ Null if only bounds are known, on both sides of 0. """
    lower: float | None | Unset = UNSET
    """ The lower limit of the change, by `method`. """
    upper: float | None | Unset = UNSET
    """ The upper limit; null if there is none. """
    method: ChangeMethod | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        verdict: None | str | Unset
        if isinstance(self.verdict, Unset):
            verdict = UNSET
        elif isinstance(self.verdict, Verdict):
            verdict = self.verdict.value
        else:
            verdict = self.verdict

        since: None | str | Unset
        if isinstance(self.since, Unset):
            since = UNSET
        elif isinstance(self.since, MovementStart):
            since = self.since.value
        else:
            since = self.since

        start_period: None | str | Unset
        if isinstance(self.start_period, Unset):
            start_period = UNSET
        else:
            start_period = self.start_period

        start: float | None | Unset
        if isinstance(self.start, Unset):
            start = UNSET
        else:
            start = self.start

        change: float | None | Unset
        if isinstance(self.change, Unset):
            change = UNSET
        else:
            change = self.change

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        elif isinstance(self.reason, NoMovementReason):
            reason = self.reason.value
        else:
            reason = self.reason

        direction: None | str | Unset
        if isinstance(self.direction, Unset):
            direction = UNSET
        elif isinstance(self.direction, MovementDirection):
            direction = self.direction.value
        else:
            direction = self.direction

        lower: float | None | Unset
        if isinstance(self.lower, Unset):
            lower = UNSET
        else:
            lower = self.lower

        upper: float | None | Unset
        if isinstance(self.upper, Unset):
            upper = UNSET
        else:
            upper = self.upper

        method: None | str | Unset
        if isinstance(self.method, Unset):
            method = UNSET
        elif isinstance(self.method, ChangeMethod):
            method = self.method.value
        else:
            method = self.method

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if verdict is not UNSET:
            field_dict["verdict"] = verdict
        if since is not UNSET:
            field_dict["since"] = since
        if start_period is not UNSET:
            field_dict["start_period"] = start_period
        if start is not UNSET:
            field_dict["start"] = start
        if change is not UNSET:
            field_dict["change"] = change
        if reason is not UNSET:
            field_dict["reason"] = reason
        if direction is not UNSET:
            field_dict["direction"] = direction
        if lower is not UNSET:
            field_dict["lower"] = lower
        if upper is not UNSET:
            field_dict["upper"] = upper
        if method is not UNSET:
            field_dict["method"] = method

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_verdict(data: object) -> None | Unset | Verdict:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_0 = Verdict(data)

                return verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | Verdict, data)

        verdict = _parse_verdict(d.pop("verdict", UNSET))

        def _parse_since(data: object) -> MovementStart | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = MovementStart(data)

                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MovementStart | None | Unset, data)

        since = _parse_since(d.pop("since", UNSET))

        def _parse_start_period(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        start_period = _parse_start_period(d.pop("start_period", UNSET))

        def _parse_start(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        start = _parse_start(d.pop("start", UNSET))

        def _parse_change(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        change = _parse_change(d.pop("change", UNSET))

        def _parse_reason(data: object) -> NoMovementReason | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reason_type_0 = NoMovementReason(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NoMovementReason | None | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_direction(data: object) -> MovementDirection | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                direction_type_0 = MovementDirection(data)

                return direction_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MovementDirection | None | Unset, data)

        direction = _parse_direction(d.pop("direction", UNSET))

        def _parse_lower(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        lower = _parse_lower(d.pop("lower", UNSET))

        def _parse_upper(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        upper = _parse_upper(d.pop("upper", UNSET))

        def _parse_method(data: object) -> ChangeMethod | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                method_type_0 = ChangeMethod(data)

                return method_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ChangeMethod | None | Unset, data)

        method = _parse_method(d.pop("method", UNSET))

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
