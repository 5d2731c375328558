from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.submission_outcome import SubmissionOutcome

if TYPE_CHECKING:
    from ..models.counts import Counts
    from ..models.finding import Finding
    from ..models.receipt import Receipt
    from ..models.return_report import ReturnReport


T = TypeVar("T", bound="Report")


@_attrs_define
class Report:
    """What became of a submission."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    outcome: SubmissionOutcome
    """ `unchanged`: all of it stood already, and no revision was made. """
    receipt: Receipt
    """ Proof of what was received and when. """
    counts: Counts
    """ Cells. `received` is always `added` + `changed` + `unchanged`. """
    returns: list[ReturnReport]
    findings: list[Finding]
    """ Warnings; a submission with errors is not taken. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        programme = self.programme

        organisation = self.organisation

        plan_version = self.plan_version

        outcome = self.outcome.value

        receipt = self.receipt.to_dict()

        counts = self.counts.to_dict()

        returns = []
        for returns_item_data in self.returns:
            returns_item = returns_item_data.to_dict()
            returns.append(returns_item)

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "organisation": organisation,
                "plan_version": plan_version,
                "outcome": outcome,
                "receipt": receipt,
                "counts": counts,
                "returns": returns,
                "findings": findings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.counts import Counts  # noqa: PLC0415
        from ..models.finding import Finding  # noqa: PLC0415
        from ..models.receipt import Receipt  # noqa: PLC0415
        from ..models.return_report import ReturnReport  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        organisation = d.pop("organisation")

        plan_version = d.pop("plan_version")

        outcome = SubmissionOutcome(d.pop("outcome"))

        receipt = Receipt.from_dict(d.pop("receipt"))

        counts = Counts.from_dict(d.pop("counts"))

        returns = []
        _returns = d.pop("returns")
        for returns_item_data in _returns:
            returns_item = ReturnReport.from_dict(returns_item_data)

            returns.append(returns_item)

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = Finding.from_dict(findings_item_data)

            findings.append(findings_item)

        report = cls(
            programme=programme,
            organisation=organisation,
            plan_version=plan_version,
            outcome=outcome,
            receipt=receipt,
            counts=counts,
            returns=returns,
            findings=findings,
        )

        report.additional_properties = d
        return report

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
