from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.submission_outcome import SubmissionOutcome

if TYPE_CHECKING:
    from ..models.cell_counts import CellCounts
    from ..models.changed_cell import ChangedCell
    from ..models.effect import Effect
    from ..models.finding import Finding
    from ..models.receipt import Receipt
    from ..models.return_report import ReturnReport
    from ..models.row_counts import RowCounts


T = TypeVar("T", bound="SubmissionReport")


@_attrs_define(repr=False)
class SubmissionReport(ContractStruct):
    """The result of a submission. A dry run returns the same report."""

    programme: str
    """ A kebab-case code. It never changes once it is in use. """
    organisation: str
    """ A kebab-case code. It never changes once it is in use. """
    plan_version: int
    outcome: SubmissionOutcome
    """ `unchanged`: the content is the same as the current revision, so no new revision was made. """
    dry_run: bool
    """ True: nothing was written. """
    receipt: None | Receipt
    """ Null for a dry run. """
    dry_run_token: None | str
    """ Set for a dry run. Send it with the same content: the submission is then rejected if your own current
    returns have changed since the dry run. """
    counts: CellCounts
    """ Counts of cells. `received` is always `added` + `changed` + `unchanged`. """
    returns: list[ReturnReport]
    findings: list[Finding]
    """ Warnings. A submission with errors is rejected. """
    changes: list[ChangedCell]
    """ At most 1,000 changes to earlier revisions. """
    change_count: int
    effects: list[Effect]
    """ The totals that the submission changes. """
    rows: None | RowCounts = None
    """ Null in reports from before rows were counted. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.receipt import Receipt  # noqa: PLC0415
        from ..models.row_counts import RowCounts  # noqa: PLC0415

        programme = self.programme

        organisation = self.organisation

        plan_version = self.plan_version

        outcome = self.outcome.value

        dry_run = self.dry_run

        receipt: dict[str, Any] | None
        if isinstance(self.receipt, Receipt):
            receipt = self.receipt.to_dict()
        else:
            receipt = self.receipt

        dry_run_token: None | str
        dry_run_token = self.dry_run_token

        counts = self.counts.to_dict()

        returns = []
        for returns_item_data in self.returns:
            returns_item = returns_item_data.to_dict()
            returns.append(returns_item)

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        change_count = self.change_count

        effects = []
        for effects_item_data in self.effects:
            effects_item = effects_item_data.to_dict()
            effects.append(effects_item)

        rows: dict[str, Any] | None
        if self.rows is None:
            rows = None
        elif isinstance(self.rows, RowCounts):
            rows = self.rows.to_dict()
        else:
            rows = self.rows

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "programme": programme,
                "organisation": organisation,
                "plan_version": plan_version,
                "outcome": outcome,
                "dry_run": dry_run,
                "receipt": receipt,
                "dry_run_token": dry_run_token,
                "counts": counts,
                "returns": returns,
                "findings": findings,
                "changes": changes,
                "change_count": change_count,
                "effects": effects,
            }
        )
        field_dict["rows"] = rows

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cell_counts import CellCounts  # noqa: PLC0415
        from ..models.changed_cell import ChangedCell  # noqa: PLC0415
        from ..models.effect import Effect  # noqa: PLC0415
        from ..models.finding import Finding  # noqa: PLC0415
        from ..models.receipt import Receipt  # noqa: PLC0415
        from ..models.return_report import ReturnReport  # noqa: PLC0415
        from ..models.row_counts import RowCounts  # noqa: PLC0415

        d = dict(src_dict)
        programme = d.pop("programme")

        organisation = d.pop("organisation")

        plan_version = d.pop("plan_version")

        outcome = SubmissionOutcome(d.pop("outcome"))

        dry_run = d.pop("dry_run")

        def _parse_receipt(data: object) -> None | Receipt:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                receipt_type_0 = Receipt.from_dict(data)

                return receipt_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Receipt, data)

        receipt = _parse_receipt(d.pop("receipt"))

        def _parse_dry_run_token(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        dry_run_token = _parse_dry_run_token(d.pop("dry_run_token"))

        counts = CellCounts.from_dict(d.pop("counts"))

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

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ChangedCell.from_dict(changes_item_data)

            changes.append(changes_item)

        change_count = d.pop("change_count")

        effects = []
        _effects = d.pop("effects")
        for effects_item_data in _effects:
            effects_item = Effect.from_dict(effects_item_data)

            effects.append(effects_item)

        def _parse_rows(data: object) -> None | RowCounts:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rows_type_0 = RowCounts.from_dict(data)

                return rows_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RowCounts, data)

        rows = _parse_rows(d.pop("rows", None))

        submission_report = cls(
            programme=programme,
            organisation=organisation,
            plan_version=plan_version,
            outcome=outcome,
            dry_run=dry_run,
            receipt=receipt,
            dry_run_token=dry_run_token,
            counts=counts,
            returns=returns,
            findings=findings,
            changes=changes,
            change_count=change_count,
            effects=effects,
            rows=rows,
        )

        submission_report.additional_properties = d
        return submission_report

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
