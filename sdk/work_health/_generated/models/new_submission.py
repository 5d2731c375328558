from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.justification import Justification
    from ..models.new_return import NewReturn


T = TypeVar("T", bound="NewSubmission")


@_attrs_define
class NewSubmission:
    """One request with one or more returns. All of them are accepted, or none."""

    returns: list[NewReturn]
    organisation: None | str | Unset = UNSET
    """ The organisation that submits. Optional: a key belongs to one organisation. """
    confirm_withdrawals: bool | Unset = UNSET
    """ Current cells that the new return does not contain are withdrawn. Set this to true to withdraw more than a
    tenth of a return's cells. Default: `false`. """
    justifications: list[Justification] | Unset = UNSET
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

        justifications: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.justifications, Unset):
            justifications = []
            for justifications_item_data in self.justifications:
                justifications_item = justifications_item_data.to_dict()
                justifications.append(justifications_item)

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
        if justifications is not UNSET:
            field_dict["justifications"] = justifications
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.justification import Justification  # noqa: PLC0415
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

        _justifications = d.pop("justifications", UNSET)
        justifications: list[Justification] | Unset = UNSET
        if _justifications is not UNSET:
            justifications = []
            for justifications_item_data in _justifications:
                justifications_item = Justification.from_dict(justifications_item_data)

                justifications.append(justifications_item)

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
            justifications=justifications,
            note=note,
        )

        return new_submission
