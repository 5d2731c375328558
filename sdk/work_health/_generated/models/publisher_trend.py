from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.tendency import Tendency
from ..models.trend_verdict import TrendVerdict

T = TypeVar("T", bound="PublisherTrend")


@_attrs_define(repr=False)
class PublisherTrend(ContractStruct):
    """The recent trend as the publisher states it, by its own method and on its own data."""

    tendency: Tendency
    """ The direction of the last five years. """
    verdict: None | TrendVerdict = None
    """ Null if the publisher does not judge the direction. """

    def to_dict(self) -> dict[str, Any]:
        tendency = self.tendency.value

        verdict: None | str
        if self.verdict is None:
            verdict = None
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
        field_dict["verdict"] = verdict

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        tendency = Tendency(d.pop("tendency"))

        def _parse_verdict(data: object) -> None | TrendVerdict:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verdict_type_0 = TrendVerdict(data)

                return verdict_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TrendVerdict, data)

        verdict = _parse_verdict(d.pop("verdict", None))

        publisher_trend = cls(
            tendency=tendency,
            verdict=verdict,
        )

        return publisher_trend
