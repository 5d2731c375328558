from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from attrs import define as _attrs_define

from ..models.measure_fields import MeasureFields
from ..models.no_figure_reason import NoFigureReason

if TYPE_CHECKING:
    from ..models.published_figure import PublishedFigure


@_attrs_define(repr=False, kw_only=True)
class ReleasedMeasure(MeasureFields):
    """The progress of one measure. Its figure has the movement, the verdict, the coverage and the target."""

    latest: None | PublishedFigure
    """ Null if the release has no figure of the measure. """
    reason: NoFigureReason | None
    """ Why there is no figure. """
    companions: list[PublishedFigure]
    """ The latest figure of each series to read with the headline series. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415

        latest: dict[str, Any] | None
        if isinstance(self.latest, PublishedFigure):
            latest = self.latest.to_dict()
        else:
            latest = self.latest

        reason: None | str
        if isinstance(self.reason, NoFigureReason):
            reason = self.reason.value
        else:
            reason = self.reason

        companions = []
        for companions_item_data in self.companions:
            companions_item = companions_item_data.to_dict()
            companions.append(companions_item)

        field_dict = super().to_dict()

        field_dict.update(
            {
                "latest": latest,
                "reason": reason,
                "companions": companions,
            }
        )

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415

        fields = super()._parse_fields(d)

        def _parse_latest(data: object) -> None | PublishedFigure:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                latest_type_0 = PublishedFigure.from_dict(data)

                return latest_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PublishedFigure, data)

        latest = _parse_latest(d.pop("latest"))

        def _parse_reason(data: object) -> NoFigureReason | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reason_type_0 = NoFigureReason(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NoFigureReason | None, data)

        reason = _parse_reason(d.pop("reason"))

        companions = []
        _companions = d.pop("companions")
        for companions_item_data in _companions:
            companions_item = PublishedFigure.from_dict(companions_item_data)

            companions.append(companions_item)

        return {
            **fields,
            "latest": latest,
            "reason": reason,
            "companions": companions,
        }
