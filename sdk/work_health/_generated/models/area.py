from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

T = TypeVar("T", bound="Area")


@_attrs_define(repr=False)
class Area(ContractStruct):
    """A place with a GSS code."""

    code: str
    """ A GSS code such as `E06000018`. With `-unknown` it means *somewhere in that area, the finer area not known*.
    """
    name: str
    level: str
    """ A kebab-case code. It never changes once it is in use. """
    families: list[str]
    other_names: list[str] | None = None
    """ Other spellings of the name, in files of publishers. """
    parent: None | str = None
    """ The area of the same family that contains it. """
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    successors: list[str] | None = None

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        name = self.name

        level = self.level

        families = self.families

        other_names: list[str] | None = None
        if self.other_names is not None:
            other_names = self.other_names

        parent: None | str
        if self.parent is None:
            parent = None
        else:
            parent = self.parent

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

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "name": name,
                "level": level,
                "families": families,
            }
        )
        if other_names is not None:
            field_dict["other_names"] = other_names
        field_dict["parent"] = parent
        field_dict["valid_from"] = valid_from
        field_dict["valid_to"] = valid_to
        if successors is not None:
            field_dict["successors"] = successors

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        name = d.pop("name")

        level = d.pop("level")

        families = cast(list[str], d.pop("families"))

        other_names = cast(list[str], d.pop("other_names", None))

        def _parse_parent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        parent = _parse_parent(d.pop("parent", None))

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

        area = cls(
            code=code,
            name=name,
            level=level,
            families=families,
            other_names=other_names,
            parent=parent,
            valid_from=valid_from,
            valid_to=valid_to,
            successors=successors,
        )

        return area
