from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Role")


@_attrs_define
class Role:
    """A role for which the plan names no organisation."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    bound_to: None | str | Unset = UNSET
    """ The organisation that the programme's owner has assigned; null if the role is unassigned. """
    note: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        title = self.title

        bound_to: None | str | Unset
        if isinstance(self.bound_to, Unset):
            bound_to = UNSET
        else:
            bound_to = self.bound_to

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "title": title,
            }
        )
        if bound_to is not UNSET:
            field_dict["bound_to"] = bound_to
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        slug = d.pop("slug")

        title = d.pop("title")

        def _parse_bound_to(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bound_to = _parse_bound_to(d.pop("bound_to", UNSET))

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        role = cls(
            slug=slug,
            title=title,
            bound_to=bound_to,
            note=note,
        )

        return role
