from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.binding import Binding


T = TypeVar("T", bound="Role")


@_attrs_define
class Role:
    """A role for which the plan names no organisation."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    bound_to: None | str | Unset = UNSET
    """ The organisation that plays the role for the whole programme; null if there is none. """
    bindings: list[Binding] | Unset = UNSET
    """ The organisations that play the role one after another, as `bind-role` records them. """
    note: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        title = self.title

        bound_to: None | str | Unset
        if isinstance(self.bound_to, Unset):
            bound_to = UNSET
        else:
            bound_to = self.bound_to

        bindings: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.bindings, Unset):
            bindings = []
            for bindings_item_data in self.bindings:
                bindings_item = bindings_item_data.to_dict()
                bindings.append(bindings_item)

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
        if bindings is not UNSET:
            field_dict["bindings"] = bindings
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.binding import Binding  # noqa: PLC0415

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

        _bindings = d.pop("bindings", UNSET)
        bindings: list[Binding] | Unset = UNSET
        if _bindings is not UNSET:
            bindings = []
            for bindings_item_data in _bindings:
                bindings_item = Binding.from_dict(bindings_item_data)

                bindings.append(bindings_item)

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
            bindings=bindings,
            note=note,
        )

        return role
