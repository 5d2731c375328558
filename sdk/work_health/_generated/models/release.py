from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct

if TYPE_CHECKING:
    from ..models.release_explanations import ReleaseExplanations
    from ..models.release_policy import ReleasePolicy
    from ..models.release_report import ReleaseReport


T = TypeVar("T", bound="Release")


@_attrs_define(repr=False)
class Release(ContractStruct):
    """An immutable snapshot of the programme's outcomes. Cite it by its number."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    number: int
    published_at: datetime.datetime
    """ RFC 3339 with an offset. """
    frozen_at: datetime.datetime
    """ The release excludes returns approved after this. """
    plan_version: int
    notes: None | str
    policy: ReleasePolicy
    """ The disclosure policy when the release was made. """
    explanations: ReleaseExplanations
    """ How people are protected, by disclosure class. """
    report: ReleaseReport
    """ The numbers of displayed and hidden figures of a release, by scope. """
    sha256: str
    """ SHA-256 of the figures as they are stored, in hexadecimal. """
    citation: str
    withdrawn_at: datetime.datetime | None
    """ RFC 3339 with an offset. """
    withdrawal_reason: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        number = self.number

        published_at = self.published_at.isoformat()

        frozen_at = self.frozen_at.isoformat()

        plan_version = self.plan_version

        notes: None | str
        notes = self.notes

        policy = self.policy.to_dict()

        explanations = self.explanations.to_dict()

        report = self.report.to_dict()

        sha256 = self.sha256

        citation = self.citation

        withdrawn_at: None | str
        if isinstance(self.withdrawn_at, datetime.datetime):
            withdrawn_at = self.withdrawn_at.isoformat()
        else:
            withdrawn_at = self.withdrawn_at

        withdrawal_reason: None | str
        withdrawal_reason = self.withdrawal_reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "number": number,
                "published_at": published_at,
                "frozen_at": frozen_at,
                "plan_version": plan_version,
                "notes": notes,
                "policy": policy,
                "explanations": explanations,
                "report": report,
                "sha256": sha256,
                "citation": citation,
                "withdrawn_at": withdrawn_at,
                "withdrawal_reason": withdrawal_reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.release_explanations import ReleaseExplanations  # noqa: PLC0415
        from ..models.release_policy import ReleasePolicy  # noqa: PLC0415
        from ..models.release_report import ReleaseReport  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        number = d.pop("number")

        published_at = datetime.datetime.fromisoformat(d.pop("published_at"))

        frozen_at = datetime.datetime.fromisoformat(d.pop("frozen_at"))

        plan_version = d.pop("plan_version")

        def _parse_notes(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        notes = _parse_notes(d.pop("notes"))

        policy = ReleasePolicy.from_dict(d.pop("policy"))

        explanations = ReleaseExplanations.from_dict(d.pop("explanations"))

        report = ReleaseReport.from_dict(d.pop("report"))

        sha256 = d.pop("sha256")

        citation = d.pop("citation")

        def _parse_withdrawn_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                withdrawn_at_type_0 = datetime.datetime.fromisoformat(data)

                return withdrawn_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        withdrawn_at = _parse_withdrawn_at(d.pop("withdrawn_at"))

        def _parse_withdrawal_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        withdrawal_reason = _parse_withdrawal_reason(d.pop("withdrawal_reason"))

        release = cls(
            programme=programme,
            number=number,
            published_at=published_at,
            frozen_at=frozen_at,
            plan_version=plan_version,
            notes=notes,
            policy=policy,
            explanations=explanations,
            report=report,
            sha256=sha256,
            citation=citation,
            withdrawn_at=withdrawn_at,
            withdrawal_reason=withdrawal_reason,
        )

        release.additional_properties = d
        return release

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
