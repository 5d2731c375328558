from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.justification import Justification
    from ..models.new_return import NewReturn


T = TypeVar("T", bound="NewSubmission")


@_attrs_define(repr=False)
class NewSubmission(ContractStruct):
    """One request with one or more returns. All of them are accepted, or none."""

    returns: list[NewReturn]
    organisation: None | str = None
    """ The organisation that submits. Optional: a key belongs to one organisation. """
    confirm_withdrawals: bool | None = None
    """ Current cells that the new return does not contain are withdrawn. Set this to true to withdraw more than a
    tenth of a return's cells. Default: `false`. """
    justifications: list[Justification] | None = None
    note: None | str = None

    def to_dict(self) -> dict[str, Any]:
        returns = []
        for returns_item_data in self.returns:
            returns_item = returns_item_data.to_dict()
            returns.append(returns_item)

        organisation: None | str
        if self.organisation is None:
            organisation = None
        else:
            organisation = self.organisation

        confirm_withdrawals = self.confirm_withdrawals

        justifications: list[dict[str, Any]] | None = None
        if self.justifications is not None:
            justifications = []
            for justifications_item_data in self.justifications:
                justifications_item = justifications_item_data.to_dict()
                justifications.append(justifications_item)

        note: None | str
        if self.note is None:
            note = None
        else:
            note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "returns": returns,
            }
        )
        field_dict["organisation"] = organisation
        if confirm_withdrawals is not None:
            field_dict["confirm_withdrawals"] = confirm_withdrawals
        if justifications is not None:
            field_dict["justifications"] = justifications
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

        def _parse_organisation(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        organisation = _parse_organisation(d.pop("organisation", None))

        confirm_withdrawals = d.pop("confirm_withdrawals", None)

        _justifications = d.pop("justifications", None)
        justifications: list[Justification] | None = None
        if _justifications is not None:
            justifications = []
            for justifications_item_data in _justifications:
                justifications_item = Justification.from_dict(justifications_item_data)

                justifications.append(justifications_item)

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note", None))

        new_submission = cls(
            returns=returns,
            organisation=organisation,
            confirm_withdrawals=confirm_withdrawals,
            justifications=justifications,
            note=note,
        )

        return new_submission
