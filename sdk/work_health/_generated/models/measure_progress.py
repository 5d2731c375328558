from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define

from ..models.measure_fields import MeasureFields

if TYPE_CHECKING:
    from ..models.preview_figure import PreviewFigure


@_attrs_define(kw_only=True)
class MeasureProgress(MeasureFields):
    """The progress of one measure. `latest` has movement, verdict, coverage and the target of its period."""

    latest: PreviewFigure
    """ A live figure without disclosure control, for reviewers only.

        If only bounds are known, `value` is null and `lower_bound` and `upper_bound` are set. """

    def to_dict(self) -> dict[str, Any]:
        latest = self.latest.to_dict()

        field_dict = super().to_dict()

        field_dict.update(
            {
                "latest": latest,
            }
        )

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.preview_figure import PreviewFigure  # noqa: PLC0415

        fields = super()._parse_fields(d)
        latest = PreviewFigure.from_dict(d.pop("latest"))

        return {
            **fields,
            "latest": latest,
        }
