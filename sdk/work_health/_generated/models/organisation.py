from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct
from ..models.basis import Basis

if TYPE_CHECKING:
    from ..models.identifier import Identifier


T = TypeVar("T", bound="Organisation")


@_attrs_define(repr=False)
class Organisation(ContractStruct):
    """An organisation with a part in the plan."""

    slug: str
    """ A kebab-case code. It never changes once it is in use. """
    name: str
    kind: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_name: None | str
    """ The plan's exact words for the organisation; null if the plan does not name it. """
    basis: Basis
    """ The origin of a statement: the plan's words, a reading of them, or a setting that the software needs. """
    identifiers: list[Identifier] | None = None
    open_set: bool | None = False
    """ True if the plan names a class of organisations without its members. """
    member_of: None | str = None
    """ A kebab-case code. It never changes once it is in use. """
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    """ Its last day in the programme. """
    successors: list[str] | None = None
    reads_after_leaving: bool | None = True
    """ False if it may not read its own returns after `valid_to`. It can write nothing. """
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        slug = self.slug

        name = self.name

        kind = self.kind

        plan_name: None | str
        plan_name = self.plan_name

        basis = self.basis.value

        identifiers: list[dict[str, Any]] | None = None
        if self.identifiers is not None:
            identifiers = []
            for identifiers_item_data in self.identifiers:
                identifiers_item = identifiers_item_data.to_dict()
                identifiers.append(identifiers_item)

        open_set = self.open_set

        member_of: None | str
        if self.member_of is None:
            member_of = None
        else:
            member_of = self.member_of

        valid_from: None | str
        if self.valid_from is None:
            valid_from = None
        elif isinstance(self.valid_from, datetime.date):
            valid_from = self.valid_from.isoformat()
        else:
            valid_from = self.valid_from

        valid_to: None | str
        if self.valid_to is None:
            valid_to = None
        elif isinstance(self.valid_to, datetime.date):
            valid_to = self.valid_to.isoformat()
        else:
            valid_to = self.valid_to

        successors: list[str] | None = None
        if self.successors is not None:
            successors = self.successors

        reads_after_leaving = self.reads_after_leaving

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "slug": slug,
                "name": name,
                "kind": kind,
                "plan_name": plan_name,
                "basis": basis,
            }
        )
        if identifiers is not None:
            field_dict["identifiers"] = identifiers
        if open_set is not None:
            field_dict["open_set"] = open_set
        field_dict["member_of"] = member_of
        field_dict["valid_from"] = valid_from
        field_dict["valid_to"] = valid_to
        if successors is not None:
            field_dict["successors"] = successors
        if reads_after_leaving is not None:
            field_dict["reads_after_leaving"] = reads_after_leaving
        field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.identifier import Identifier  # noqa: PLC0415

        d = dict(src_dict)
        slug = d.pop("slug")

        name = d.pop("name")

        kind = d.pop("kind")

        def _parse_plan_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        plan_name = _parse_plan_name(d.pop("plan_name"))

        basis = Basis(d.pop("basis"))

        _identifiers = d.pop("identifiers", None)
        identifiers: list[Identifier] | None = None
        if _identifiers is not None:
            identifiers = []
            for identifiers_item_data in _identifiers:
                identifiers_item = Identifier.from_dict(identifiers_item_data)

                identifiers.append(identifiers_item)

        open_set = d.pop("open_set", False)

        def _parse_member_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        member_of = _parse_member_of(d.pop("member_of", None))

        def _parse_valid_from(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                valid_from_type_0 = datetime.date.fromisoformat(data)

                return valid_from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        valid_from = _parse_valid_from(d.pop("valid_from", None))

        def _parse_valid_to(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                valid_to_type_0 = datetime.date.fromisoformat(data)

                return valid_to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        valid_to = _parse_valid_to(d.pop("valid_to", None))

        successors = cast(list[str], d.pop("successors", None))

        reads_after_leaving = d.pop("reads_after_leaving", True)

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        organisation = cls(
            slug=slug,
            name=name,
            kind=kind,
            plan_name=plan_name,
            basis=basis,
            identifiers=identifiers,
            open_set=open_set,
            member_of=member_of,
            valid_from=valid_from,
            valid_to=valid_to,
            successors=successors,
            reads_after_leaving=reads_after_leaving,
            note=note,
        )

        return organisation
