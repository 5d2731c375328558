from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.tendency import Tendency
from ..models.trend_verdict import TrendVerdict
from ..types import UNSET, Unset

T = TypeVar("T", bound="PublisherTrend")


@_attrs_define
class PublisherTrend:
    """The recent trend as the publisher states it, by its own method and on its own data."""

    tendency: Tendency
    """ The direction of the last five years. """
    verdict: None | TrendVerdict | Unset = UNSET
    """ Null if the publisher does not judge the direction. """

    def to_dict(self) -> dict[str, Any]:
        tendency = self.tendency.value

        verdict: None | str | Unset
        if isinstance(self.verdict, Unset):
            verdict = UNSET
        elif isinstance(self.verdict, TrendVerdict):
            verdict = self.verdict.value
        else:
            verdict = self.verdict

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tendency": tendency,
            }
        )
        if verdict is not UNSET:
            field_dict["verdict"] = verdict

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tendency = Tendency(d.pop("tendency"))

        def _parse_verdict(data: object) -> None | TrendVerdict | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_0 = TrendVerdict(data)

                return verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrendVerdict | Unset, data)

        verdict = _parse_verdict(d.pop("verdict", UNSET))

        publisher_trend = cls(
            tendency=tendency,
            verdict=verdict,
        )

        return publisher_trend
