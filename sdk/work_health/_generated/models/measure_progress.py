from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define as _attrs_define

from ..models.measure_fields import MeasureFields

if TYPE_CHECKING:
    from ..models.missing_return import MissingReturn
    from ..models.preview_figure import PreviewFigure


@_attrs_define(repr=False, kw_only=True)
class MeasureProgress(MeasureFields):
    """The progress of one measure. `latest` has movement, verdict, coverage and the target of its period."""

    latest: PreviewFigure
    """ A live figure without disclosure control, for reviewers only.

        If only bounds are known, `value` is null and `lower_bound` and `upper_bound` are set. """
    missing: list[MissingReturn]
    """ Expected returns that are missing from the latest figure, or since. """
    companions: list[PreviewFigure]
    """ The latest figure of each series to read with the headline series. """

    def to_dict(self) -> dict[str, Any]:
        latest = self.latest.to_dict()

        missing = []
        for missing_item_data in self.missing:
            missing_item = missing_item_data.to_dict()
            missing.append(missing_item)

        companions = []
        for companions_item_data in self.companions:
            companions_item = companions_item_data.to_dict()
            companions.append(companions_item)

        field_dict = super().to_dict()

        field_dict.update(
            {
                "latest": latest,
                "missing": missing,
                "companions": companions,
            }
        )

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.missing_return import MissingReturn  # noqa: PLC0415
        from ..models.preview_figure import PreviewFigure  # noqa: PLC0415

        fields = super()._parse_fields(d)
        latest = PreviewFigure.from_dict(d.pop("latest"))

        missing = []
        _missing = d.pop("missing")
        for missing_item_data in _missing:
            missing_item = MissingReturn.from_dict(missing_item_data)

            missing.append(missing_item)

        companions = []
        _companions = d.pop("companions")
        for companions_item_data in _companions:
            companions_item = PreviewFigure.from_dict(companions_item_data)

            companions.append(companions_item)

        return {
            **fields,
            "latest": latest,
            "missing": missing,
            "companions": companions,
        }
