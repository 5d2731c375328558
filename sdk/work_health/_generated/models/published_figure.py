from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from attrs import define as _attrs_define

from ..models.figure_fields import FigureFields

if TYPE_CHECKING:
    pass


@_attrs_define(repr=False, kw_only=True)
class PublishedFigure(FigureFields):
    """One published cell of a release.

    For counts of people, small and missing counts both show `c`, so that nobody can distinguish them.

    """

    numerator_lower_bound: float | None
    """ The true numerator is at least this. """
    numerator_upper_bound: float | None
    denominator_lower_bound: float | None
    denominator_upper_bound: float | None
    release: int
    """ The number of the release. """
    policy_version: int
    """ The version of the disclosure policy. """
    error_95: float | None = None
    """ In 95 % of roundings, the true value is not farther from `value` than this. """
    counts_error_95: float | None = None
    """ The same for the numerator and the denominator of a percentage. """

    def to_dict(self) -> dict[str, Any]:
        numerator_lower_bound: float | None
        numerator_lower_bound = self.numerator_lower_bound

        numerator_upper_bound: float | None
        numerator_upper_bound = self.numerator_upper_bound

        denominator_lower_bound: float | None
        denominator_lower_bound = self.denominator_lower_bound

        denominator_upper_bound: float | None
        denominator_upper_bound = self.denominator_upper_bound

        release = self.release

        policy_version = self.policy_version

        error_95: float | None
        if self.error_95 is None:
            error_95 = None
        else:
            error_95 = self.error_95

        counts_error_95: float | None
        if self.counts_error_95 is None:
            counts_error_95 = None
        else:
            counts_error_95 = self.counts_error_95

        field_dict = super().to_dict()

        field_dict.update(
            {
                "numerator_lower_bound": numerator_lower_bound,
                "numerator_upper_bound": numerator_upper_bound,
                "denominator_lower_bound": denominator_lower_bound,
                "denominator_upper_bound": denominator_upper_bound,
                "release": release,
                "policy_version": policy_version,
            }
        )
        field_dict["error_95"] = error_95
        field_dict["counts_error_95"] = counts_error_95

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        fields = super()._parse_fields(d)

        def _parse_numerator_lower_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        numerator_lower_bound = _parse_numerator_lower_bound(d.pop("numerator_lower_bound"))

        def _parse_numerator_upper_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        numerator_upper_bound = _parse_numerator_upper_bound(d.pop("numerator_upper_bound"))

        def _parse_denominator_lower_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        denominator_lower_bound = _parse_denominator_lower_bound(d.pop("denominator_lower_bound"))

        def _parse_denominator_upper_bound(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        denominator_upper_bound = _parse_denominator_upper_bound(d.pop("denominator_upper_bound"))

        release = d.pop("release")

        policy_version = d.pop("policy_version")

        def _parse_error_95(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        error_95 = _parse_error_95(d.pop("error_95", None))

        def _parse_counts_error_95(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        counts_error_95 = _parse_counts_error_95(d.pop("counts_error_95", None))

        return {
            **fields,
            "numerator_lower_bound": numerator_lower_bound,
            "numerator_upper_bound": numerator_upper_bound,
            "denominator_lower_bound": denominator_lower_bound,
            "denominator_upper_bound": denominator_upper_bound,
            "release": release,
            "policy_version": policy_version,
            "error_95": error_95,
            "counts_error_95": counts_error_95,
        }
