from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.compact_row import CompactRow
    from ..models.outcomes_labels import OutcomesLabels
    from ..models.published_figure import PublishedFigure
    from ..models.resolved_period import ResolvedPeriod


T = TypeVar("T", bound="Outcomes")


@_attrs_define(repr=False)
class Outcomes(ContractStruct):
    """Figures of one release."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    release: int
    plan_version: int
    policy_version: int
    protection: str
    """ How people are protected, in plain words. """
    items: list[PublishedFigure]
    resolved: list[ResolvedPeriod] | None = None
    """ The periods that `latest` and similar words resolved to. """
    labels: OutcomesLabels | None = None
    rows: list[CompactRow] | None = None
    """ With `columns=compact`, instead of `items`, or `with=comparators`: the figures as a table. """
    next_cursor: None | str = None
    """ Send it as `cursor` for the next page. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        release = self.release

        plan_version = self.plan_version

        policy_version = self.policy_version

        protection = self.protection

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
                "release": release,
                "plan_version": plan_version,
                "policy_version": policy_version,
                "protection": protection,
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
        from ..models.outcomes_labels import OutcomesLabels  # noqa: PLC0415
        from ..models.published_figure import PublishedFigure  # noqa: PLC0415
        from ..models.resolved_period import ResolvedPeriod  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        release = d.pop("release")

        plan_version = d.pop("plan_version")

        policy_version = d.pop("policy_version")

        protection = d.pop("protection")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = PublishedFigure.from_dict(items_item_data)

            items.append(items_item)

        _resolved = d.pop("resolved", None)
        resolved: list[ResolvedPeriod] | None = None
        if _resolved is not None:
            resolved = []
            for resolved_item_data in _resolved:
                resolved_item = ResolvedPeriod.from_dict(resolved_item_data)

                resolved.append(resolved_item)

        _labels = d.pop("labels", None)
        labels: OutcomesLabels | None
        if _labels is None:
            labels = None
        else:
            labels = OutcomesLabels.from_dict(_labels)

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

        outcomes = cls(
            programme=programme,
            release=release,
            plan_version=plan_version,
            policy_version=policy_version,
            protection=protection,
            items=items,
            resolved=resolved,
            labels=labels,
            rows=rows,
            next_cursor=next_cursor,
        )

        outcomes.additional_properties = d
        return outcomes

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
