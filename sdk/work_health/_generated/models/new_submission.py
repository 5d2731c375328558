from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.new_return import NewReturn


T = TypeVar("T", bound="NewSubmission")


@_attrs_define
class NewSubmission:
    """One push of one or more returns: all of them are taken, or none."""

    returns: list[NewReturn]
    organisation: None | str | Unset = UNSET
    """ For whom; may be left out, as a key belongs to one organisation. """
    confirm_withdrawals: bool | Unset = False
    """ Cells that stand and are not sent again are withdrawn. More than a tenth of a return's cells are withdrawn
    only if this is true. """
    note: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        returns = []
        for returns_item_data in self.returns:
            returns_item = returns_item_data.to_dict()
            returns.append(returns_item)

        organisation: None | str | Unset
        if isinstance(self.organisation, Unset):
            organisation = UNSET
        else:
            organisation = self.organisation

        confirm_withdrawals = self.confirm_withdrawals

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "returns": returns,
            }
        )
        if organisation is not UNSET:
            field_dict["organisation"] = organisation
        if confirm_withdrawals is not UNSET:
            field_dict["confirm_withdrawals"] = confirm_withdrawals
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.new_return import NewReturn  # noqa: PLC0415

        d = dict(src_dict)
        returns = []
        _returns = d.pop("returns")
        for returns_item_data in _returns:
            returns_item = NewReturn.from_dict(returns_item_data)

            returns.append(returns_item)

        def _parse_organisation(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        organisation = _parse_organisation(d.pop("organisation", UNSET))

        confirm_withdrawals = d.pop("confirm_withdrawals", UNSET)

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        new_submission = cls(
            returns=returns,
            organisation=organisation,
            confirm_withdrawals=confirm_withdrawals,
            note=note,
        )

        return new_submission
