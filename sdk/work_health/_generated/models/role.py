from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.binding import Binding


T = TypeVar("T", bound="Role")


@_attrs_define(repr=False)
class Role(ContractStruct):
    """A role for which the plan names no organisation."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    title: str
    bound_to: None | str = None
    """ The organisation that plays the role for the whole programme; null if there is none. """
    bindings: list[Binding] | None = None
    """ The organisations that play the role one after another, as `bind-role` records them. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        title = self.title

        bound_to: None | str
        if self.bound_to is None:
            bound_to = None
        else:
            bound_to = self.bound_to

        bindings: list[dict[str, Any]] | None = None
        if self.bindings is not None:
            bindings = []
            for bindings_item_data in self.bindings:
                bindings_item = bindings_item_data.to_dict()
                bindings.append(bindings_item)

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "title": title,
            }
        )
        field_dict["bound_to"] = bound_to
        if bindings is not None:
            field_dict["bindings"] = bindings
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.binding import Binding  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        title = d.pop("title")

        def _parse_bound_to(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bound_to = _parse_bound_to(d.pop("bound_to", None))

        _bindings = d.pop("bindings", None)
        bindings: list[Binding] | None = None
        if _bindings is not None:
            bindings = []
            for bindings_item_data in _bindings:
                bindings_item = Binding.from_dict(bindings_item_data)

                bindings.append(bindings_item)

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        role = cls(
            slug=slug,
            title=title,
            bound_to=bound_to,
            bindings=bindings,
            note=note,
        )

        return role
