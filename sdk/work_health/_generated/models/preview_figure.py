from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from attrs import define as _attrs_define

from ..models.figure_fields import FigureFields

if TYPE_CHECKING:
    from ..models.contributor import Contributor
    from ..models.movement_sources import MovementSources
    from ..models.period import Period


@_attrs_define(repr=False, kw_only=True)
class PreviewFigure(FigureFields):
    """A live figure without disclosure control, for reviewers only.

    If only bounds are known, `value` is null and `lower_bound` and `upper_bound` are set.

    """

    as_of: None | Period
    """ For stocks and cumulative counts: the period of the latest return used. """
    cells_without_value: int
    """ Cells that have a status instead of a number. The value does not include them. """
    contributors: list[Contributor]
    """ The returns that contribute to the figure, at most 100 of them. """
    mixed_as_of: bool | None = None
    """ True if the latest return of some source is of an earlier period than `as_of`. """
    movement_sources: MovementSources | None = None
    """ With a movement that is `not_comparable`: the sources that differ. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.movement_sources import MovementSources  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        as_of: dict[str, Any] | None
        if isinstance(self.as_of, Period):
            as_of = self.as_of.to_dict()
        else:
            as_of = self.as_of

        cells_without_value = self.cells_without_value

        contributors = []
        for contributors_item_data in self.contributors:
            contributors_item = contributors_item_data.to_dict()
            contributors.append(contributors_item)

        mixed_as_of: bool | None
        if self.mixed_as_of is None:
            mixed_as_of = None
        else:
            mixed_as_of = self.mixed_as_of

        movement_sources: dict[str, Any] | None
        if self.movement_sources is None:
            movement_sources = None
        elif isinstance(self.movement_sources, MovementSources):
            movement_sources = self.movement_sources.to_dict()
        else:
            movement_sources = self.movement_sources

        field_dict = super().to_dict()

        field_dict.update(
            {
                "as_of": as_of,
                "cells_without_value": cells_without_value,
                "contributors": contributors,
            }
        )
        field_dict["mixed_as_of"] = mixed_as_of
        field_dict["movement_sources"] = movement_sources

        return field_dict

    @classmethod
    def _parse_fields(cls, d: dict[str, Any]) -> dict[str, Any]:
        from ..models.contributor import Contributor  # noqa: PLC0415
        from ..models.movement_sources import MovementSources  # noqa: PLC0415
        from ..models.period import Period  # noqa: PLC0415

        fields = super()._parse_fields(d)

        def _parse_as_of(data: object) -> None | Period:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                as_of_type_0 = Period.from_dict(data)

                return as_of_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Period, data)

        as_of = _parse_as_of(d.pop("as_of"))

        cells_without_value = d.pop("cells_without_value")

        contributors = []
        _contributors = d.pop("contributors")
        for contributors_item_data in _contributors:
            contributors_item = Contributor.from_dict(contributors_item_data)

            contributors.append(contributors_item)

        def _parse_mixed_as_of(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        mixed_as_of = _parse_mixed_as_of(d.pop("mixed_as_of", None))

        def _parse_movement_sources(data: object) -> MovementSources | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                movement_sources_type_0 = MovementSources.from_dict(data)

                return movement_sources_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MovementSources | None, data)

        movement_sources = _parse_movement_sources(d.pop("movement_sources", None))

        return {
            **fields,
            "as_of": as_of,
            "cells_without_value": cells_without_value,
            "contributors": contributors,
            "mixed_as_of": mixed_as_of,
            "movement_sources": movement_sources,
        }
