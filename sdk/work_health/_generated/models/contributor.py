from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.review_state import ReviewState

T = TypeVar("T", bound="Contributor")


@_attrs_define(repr=False)
class Contributor(ContractStruct):
    """A return that contributes to the figure."""

    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    service: str
    """ A kebab-case code. It never changes once it is in use. """
    period: str
    """ A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`,
    `CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`. """
    revision: int
    state: ReviewState
    """ The review state of a revision.

        A newer revision supersedes one that is not approved. The approval of a newer revision supersedes an
    approved one. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        organisation = self.organisation

        service = self.service

        period = self.period

        revision = self.revision

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "organisation": organisation,
                "service": service,
                "period": period,
                "revision": revision,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        organisation = d.pop("organisation")

        service = d.pop("service")

        period = d.pop("period")

        revision = d.pop("revision")

        state = ReviewState(d.pop("state"))

        contributor = cls(
            organisation=organisation,
            service=service,
            period=period,
            revision=revision,
            state=state,
        )

        contributor.additional_properties = d
        return contributor

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
