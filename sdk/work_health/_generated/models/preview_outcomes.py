from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.preview_outcomes_protection import PreviewOutcomesProtection
from ..models.revision_basis import RevisionBasis

if TYPE_CHECKING:
    from ..models.compact_row import CompactRow
    from ..models.preview_figure import PreviewFigure
    from ..models.preview_outcomes_labels import PreviewOutcomesLabels
    from ..models.resolved_period import ResolvedPeriod


T = TypeVar("T", bound="PreviewOutcomes")


@_attrs_define(repr=False)
class PreviewOutcomes(ContractStruct):
    """Live figures. They are not for publication: small counts in them can identify people."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    protection: PreviewOutcomesProtection
    """ No disclosure control has been applied. """
    revision_basis: RevisionBasis
    """ Which revision of each return counts. """
    items: list[PreviewFigure]
    resolved: list[ResolvedPeriod] | None = None
    """ The period that each relative token such as `latest` resolved to, by series. """
    labels: PreviewOutcomesLabels | None = None
    """ With `labels=true`: the labels of measures, series, areas, dimensions and categories. """
    rows: list[CompactRow] | None = None
    """ With `columns=compact`, instead of `items`, or `with=comparators`: the figures as a table. """
    next_cursor: None | str = None
    """ Send it as `cursor` for the next page. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        plan_version = self.plan_version

        protection = self.protection.value

        revision_basis = self.revision_basis.value

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        resolved: list[dict[str, Any]] | None = None
        if self.resolved is not None:
            resolved = []
            for resolved_item_data in self.resolved:
                resolved_item = resolved_item_data.to_dict()
                resolved.append(resolved_item)

        labels: dict[str, Any] | None = None
        if self.labels is not None:
            labels = self.labels.to_dict()

        rows: list[dict[str, Any]] | None = None
        if self.rows is not None:
            rows = []
            for rows_item_data in self.rows:
                rows_item = rows_item_data.to_dict()
                rows.append(rows_item)

        next_cursor: None | str
        if self.next_cursor is None:
            next_cursor = None
        else:
            next_cursor = self.next_cursor

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "plan_version": plan_version,
                "protection": protection,
                "revision_basis": revision_basis,
                "items": items,
            }
        )
        if resolved is not None:
            field_dict["resolved"] = resolved
        if labels is not None:
            field_dict["labels"] = labels
        if rows is not None:
            field_dict["rows"] = rows
        field_dict["next_cursor"] = next_cursor

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.compact_row import CompactRow  # noqa: PLC0415
        from ..models.preview_figure import PreviewFigure  # noqa: PLC0415
        from ..models.preview_outcomes_labels import PreviewOutcomesLabels  # noqa: PLC0415
        from ..models.resolved_period import ResolvedPeriod  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        plan_version = d.pop("plan_version")

        protection = PreviewOutcomesProtection(d.pop("protection"))

        revision_basis = RevisionBasis(d.pop("revision_basis"))

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = PreviewFigure.from_dict(items_item_data)

            items.append(items_item)

        _resolved = d.pop("resolved", None)
        resolved: list[ResolvedPeriod] | None = None
        if _resolved is not None:
            resolved = []
            for resolved_item_data in _resolved:
                resolved_item = ResolvedPeriod.from_dict(resolved_item_data)

                resolved.append(resolved_item)

        _labels = d.pop("labels", None)
        labels: PreviewOutcomesLabels | None
        if _labels is None:
            labels = None
        else:
            labels = PreviewOutcomesLabels.from_dict(_labels)

        _rows = d.pop("rows", None)
        rows: list[CompactRow] | None = None
        if _rows is not None:
            rows = []
            for rows_item_data in _rows:
                rows_item = CompactRow.from_dict(rows_item_data)

                rows.append(rows_item)

        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor", None))

        preview_outcomes = cls(
            programme=programme,
            plan_version=plan_version,
            protection=protection,
            revision_basis=revision_basis,
            items=items,
            resolved=resolved,
            labels=labels,
            rows=rows,
            next_cursor=next_cursor,
        )

        preview_outcomes.additional_properties = d
        return preview_outcomes

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
