from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..._structs import ContractStruct
from ..models.publication_job_state import PublicationJobState

if TYPE_CHECKING:
    from ..models.failed_scope import FailedScope
    from ..models.rehearsal import Rehearsal
    from ..models.release_audit import ReleaseAudit


T = TypeVar("T", bound="PublicationJob")


@_attrs_define(repr=False)
class PublicationJob(ContractStruct):
    """The job that makes a release. It takes minutes: poll until `state` is neither `queued` nor `running`."""

    id: UUID
    state: PublicationJobState
    """ The state of a publication job. """
    dry_run: bool
    requested_at: datetime.datetime
    """ RFC 3339 with an offset. """
    frozen_at: datetime.datetime | None
    """ The release excludes returns approved after this. """
    finished_at: datetime.datetime | None
    """ RFC 3339 with an offset. """
    contribution_count: int | None
    """ How many returns of organisations were not protected when the job began. """
    contributions_protected: int
    """ How many of them are protected so far. """
    release: int | None
    """ The number of the release, once it is published. """
    failures: list[FailedScope]
    """ Why the job was refused. The previous release stays current. """
    failure_reason: None | str
    """ The kind of error that ended the job (`failed`). The operator's log has all of it. """
    rehearsal: None | Rehearsal
    """ The result of a dry run, once it has ended. """
    audit: None | ReleaseAudit
    """ The audit report, once the release is published. It is not public. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.rehearsal import Rehearsal  # noqa: PLC0415
        from ..models.release_audit import ReleaseAudit  # noqa: PLC0415

        id = str(self.id)

        state = self.state.value

        dry_run = self.dry_run

        requested_at = self.requested_at.isoformat()

        frozen_at: None | str
        if isinstance(self.frozen_at, datetime.datetime):
            frozen_at = self.frozen_at.isoformat()
        else:
            frozen_at = self.frozen_at

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        contribution_count: int | None
        contribution_count = self.contribution_count

        contributions_protected = self.contributions_protected

        release: int | None
        release = self.release

        failures = []
        for failures_item_data in self.failures:
            failures_item = failures_item_data.to_dict()
            failures.append(failures_item)

        failure_reason: None | str
        failure_reason = self.failure_reason

        rehearsal: dict[str, Any] | None
        if isinstance(self.rehearsal, Rehearsal):
            rehearsal = self.rehearsal.to_dict()
        else:
            rehearsal = self.rehearsal

        audit: dict[str, Any] | None
        if isinstance(self.audit, ReleaseAudit):
            audit = self.audit.to_dict()
        else:
            audit = self.audit

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "state": state,
                "dry_run": dry_run,
                "requested_at": requested_at,
                "frozen_at": frozen_at,
                "finished_at": finished_at,
                "contribution_count": contribution_count,
                "contributions_protected": contributions_protected,
                "release": release,
                "failures": failures,
                "failure_reason": failure_reason,
                "rehearsal": rehearsal,
                "audit": audit,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.failed_scope import FailedScope  # noqa: PLC0415
        from ..models.rehearsal import Rehearsal  # noqa: PLC0415
        from ..models.release_audit import ReleaseAudit  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        state = PublicationJobState(d.pop("state"))

        dry_run = d.pop("dry_run")

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))

        def _parse_frozen_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                frozen_at_type_0 = datetime.datetime.fromisoformat(data)

                return frozen_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        frozen_at = _parse_frozen_at(d.pop("frozen_at"))

        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))

        def _parse_contribution_count(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        contribution_count = _parse_contribution_count(d.pop("contribution_count"))

        contributions_protected = d.pop("contributions_protected")

        def _parse_release(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        release = _parse_release(d.pop("release"))

        failures = []
        _failures = d.pop("failures")
        for failures_item_data in _failures:
            failures_item = FailedScope.from_dict(failures_item_data)

            failures.append(failures_item)

        def _parse_failure_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        failure_reason = _parse_failure_reason(d.pop("failure_reason"))

        def _parse_rehearsal(data: object) -> None | Rehearsal:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                rehearsal_type_0 = Rehearsal.from_dict(data)

                return rehearsal_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Rehearsal, data)

        rehearsal = _parse_rehearsal(d.pop("rehearsal"))

        def _parse_audit(data: object) -> None | ReleaseAudit:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audit_type_0 = ReleaseAudit.from_dict(data)

                return audit_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReleaseAudit, data)

        audit = _parse_audit(d.pop("audit"))

        publication_job = cls(
            id=id,
            state=state,
            dry_run=dry_run,
            requested_at=requested_at,
            frozen_at=frozen_at,
            finished_at=finished_at,
            contribution_count=contribution_count,
            contributions_protected=contributions_protected,
            release=release,
            failures=failures,
            failure_reason=failure_reason,
            rehearsal=rehearsal,
            audit=audit,
        )

        publication_job.additional_properties = d
        return publication_job

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
