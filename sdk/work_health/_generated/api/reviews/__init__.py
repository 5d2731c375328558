from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    import datetime

    from ...._calls import Content
    from ...models.audit_page import AuditPage
    from ...models.clearance import Clearance
    from ...models.decision import Decision
    from ...models.exemption import Exemption
    from ...models.extension import Extension
    from ...models.extension_page import ExtensionPage
    from ...models.new_comment import NewComment
    from ...models.new_exemption import NewExemption
    from ...models.new_extension import NewExtension
    from ...models.obligation_page import ObligationPage
    from ...models.obligation_state import ObligationState
    from ...models.reason import Reason
    from ...models.redaction import Redaction
    from ...models.redaction_page import RedactionPage
    from ...models.review import Review
    from ...models.review_result import ReviewResult


class Reviews(Sender):
    def list_audit_entries(
        self,
        programme: str,
        *,
        action: str | None = None,
        organisation: str | None = None,
        from_: datetime.datetime | None = None,
        to: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AuditPage:
        """List audit entries.

        The newest first. Nothing of it is ever changed or deleted. Needs the scope `admin`.
        """
        from . import list_audit_entries as _list_audit_entries

        return self._send(
            _list_audit_entries.call(
                programme,
                action=action,
                organisation=organisation,
                from_=from_,
                to=to,
                cursor=cursor,
                limit=limit,
            )
        )

    def decide_exemption(
        self,
        programme: str,
        exemption: NewExemption,
        *,
        idempotency_key: str | None = None,
    ) -> Exemption:
        """Exempt a return or revoke its exemption.

        An exempt return is not counted among those expected, unless it comes all the same. The newest decision
        counts.
        """
        from . import decide_exemption as _decide_exemption

        return self._send(
            _decide_exemption.call(
                programme,
                exemption=exemption,
                idempotency_key=idempotency_key,
            )
        )

    def list_extensions(
        self,
        programme: str,
    ) -> ExtensionPage:
        """List deadline extensions.

        To your organisation; with the scope `review`, to everybody.
        """
        from . import list_extensions as _list_extensions

        return self._send(
            _list_extensions.call(
                programme,
            )
        )

    def grant_extension(
        self,
        programme: str,
        extension: NewExtension,
        *,
        idempotency_key: str | None = None,
    ) -> Extension:
        """Grant a deadline extension.

        It moves all three instants that lie before its end, and ends by itself. The longest one counts.
        """
        from . import grant_extension as _grant_extension

        return self._send(
            _grant_extension.call(
                programme,
                extension=extension,
                idempotency_key=idempotency_key,
            )
        )

    def list_obligations(
        self,
        programme: str,
        *,
        organisation: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        state: ObligationState | str | None = None,
        due_before: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ObligationPage:
        """List obligations.

        Your organisation's expected returns, by due date; with the scope `review` everybody's, and those of roles
        that
        nobody holds yet. Each says what is missing, what was queried and why, and what you may do.
        """
        from . import list_obligations as _list_obligations

        return self._send(
            _list_obligations.call(
                programme,
                organisation=organisation,
                measure=measure,
                period=period,
                state=state,
                due_before=due_before,
                cursor=cursor,
                limit=limit,
            )
        )

    def list_redactions(
        self,
        programme: str,
    ) -> RedactionPage:
        """List redactions.

        Of your organisation's returns; with the scope `review`, of everybody's.
        """
        from . import list_redactions as _list_redactions

        return self._send(
            _list_redactions.call(
                programme,
            )
        )

    def approve_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        decision: Decision,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Approve a return.

        From now on it counts, in the place of the one that was approved before. A correction that comes later is
        pending beside it. Needs the scope `review`, and another organisation than the return's own.
        """
        from . import approve_return as _approve_return

        return self._send(
            _approve_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                decision=decision,
                idempotency_key=idempotency_key,
            )
        )

    def clear_entries_for_release(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        clearance: Clearance,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Clear entries for release.

        Items of a milestone return, entries of an evidence return. Only texts that are marked can be released.
        """
        from . import clear_entries_for_release as _clear_entries_for_release

        return self._send(
            _clear_entries_for_release.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                clearance=clearance,
                idempotency_key=idempotency_key,
            )
        )

    def comment_on_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        comment: NewComment,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Comment on a return.

        Seen by the organisation and reviewers alone. It moves nothing. Nobody may be identified in it.
        """
        from . import comment_on_return as _comment_on_return

        return self._send(
            _comment_on_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                comment=comment,
                idempotency_key=idempotency_key,
            )
        )

    def raise_query(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        reason: Reason,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Raise a query about a return.

        The organisation sees the reason, and corrects the return or comments. What was approved before still counts.
        """
        from . import raise_query as _raise_query

        return self._send(
            _raise_query.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                reason=reason,
                idempotency_key=idempotency_key,
            )
        )

    def propose_redaction(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        reason: Reason,
        idempotency_key: str | None = None,
    ) -> Redaction:
        """Propose a redaction.

        For what should never have been sent, such as somebody's name. Nothing goes until another person confirms it.
        """
        from . import propose_redaction as _propose_redaction

        return self._send(
            _propose_redaction.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                reason=reason,
                idempotency_key=idempotency_key,
            )
        )

    def confirm_redaction(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        decision: Decision,
        idempotency_key: str | None = None,
    ) -> Redaction:
        """Confirm a redaction.

        By another person than who proposed it. The content goes everywhere that it is kept, and cannot be brought
        back; its hash and the record of who removed it stay.
        """
        from . import confirm_redaction as _confirm_redaction

        return self._send(
            _confirm_redaction.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                decision=decision,
                idempotency_key=idempotency_key,
            )
        )

    def reopen_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        reason: Reason,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Reopen an approved return.

        The revision no longer counts as approved. It is pending again; where a newer one stands, it is superseded.
        """
        from . import reopen_return as _reopen_return

        return self._send(
            _reopen_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                reason=reason,
                idempotency_key=idempotency_key,
            )
        )

    def get_review(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        revision: int | None = None,
    ) -> Review:
        """Get the review of a revision.

        What it says, what was found in it and how that was justified, what happened to the return, and what you may
        do.

        To reviewers it also tells whether other organisations may have counted the same people.
        """
        from . import get_review as _get_review

        return self._send(
            _get_review.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                revision=revision,
            )
        )


class AsyncReviews(AsyncSender):
    async def list_audit_entries(
        self,
        programme: str,
        *,
        action: str | None = None,
        organisation: str | None = None,
        from_: datetime.datetime | None = None,
        to: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AuditPage:
        """List audit entries.

        The newest first. Nothing of it is ever changed or deleted. Needs the scope `admin`.
        """
        from . import list_audit_entries as _list_audit_entries

        return await self._send(
            _list_audit_entries.call(
                programme,
                action=action,
                organisation=organisation,
                from_=from_,
                to=to,
                cursor=cursor,
                limit=limit,
            )
        )

    async def decide_exemption(
        self,
        programme: str,
        exemption: NewExemption,
        *,
        idempotency_key: str | None = None,
    ) -> Exemption:
        """Exempt a return or revoke its exemption.

        An exempt return is not counted among those expected, unless it comes all the same. The newest decision
        counts.
        """
        from . import decide_exemption as _decide_exemption

        return await self._send(
            _decide_exemption.call(
                programme,
                exemption=exemption,
                idempotency_key=idempotency_key,
            )
        )

    async def list_extensions(
        self,
        programme: str,
    ) -> ExtensionPage:
        """List deadline extensions.

        To your organisation; with the scope `review`, to everybody.
        """
        from . import list_extensions as _list_extensions

        return await self._send(
            _list_extensions.call(
                programme,
            )
        )

    async def grant_extension(
        self,
        programme: str,
        extension: NewExtension,
        *,
        idempotency_key: str | None = None,
    ) -> Extension:
        """Grant a deadline extension.

        It moves all three instants that lie before its end, and ends by itself. The longest one counts.
        """
        from . import grant_extension as _grant_extension

        return await self._send(
            _grant_extension.call(
                programme,
                extension=extension,
                idempotency_key=idempotency_key,
            )
        )

    async def list_obligations(
        self,
        programme: str,
        *,
        organisation: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        state: ObligationState | str | None = None,
        due_before: datetime.datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ObligationPage:
        """List obligations.

        Your organisation's expected returns, by due date; with the scope `review` everybody's, and those of roles
        that
        nobody holds yet. Each says what is missing, what was queried and why, and what you may do.
        """
        from . import list_obligations as _list_obligations

        return await self._send(
            _list_obligations.call(
                programme,
                organisation=organisation,
                measure=measure,
                period=period,
                state=state,
                due_before=due_before,
                cursor=cursor,
                limit=limit,
            )
        )

    async def list_redactions(
        self,
        programme: str,
    ) -> RedactionPage:
        """List redactions.

        Of your organisation's returns; with the scope `review`, of everybody's.
        """
        from . import list_redactions as _list_redactions

        return await self._send(
            _list_redactions.call(
                programme,
            )
        )

    async def approve_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        decision: Decision,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Approve a return.

        From now on it counts, in the place of the one that was approved before. A correction that comes later is
        pending beside it. Needs the scope `review`, and another organisation than the return's own.
        """
        from . import approve_return as _approve_return

        return await self._send(
            _approve_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                decision=decision,
                idempotency_key=idempotency_key,
            )
        )

    async def clear_entries_for_release(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        clearance: Clearance,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Clear entries for release.

        Items of a milestone return, entries of an evidence return. Only texts that are marked can be released.
        """
        from . import clear_entries_for_release as _clear_entries_for_release

        return await self._send(
            _clear_entries_for_release.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                clearance=clearance,
                idempotency_key=idempotency_key,
            )
        )

    async def comment_on_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        comment: NewComment,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Comment on a return.

        Seen by the organisation and reviewers alone. It moves nothing. Nobody may be identified in it.
        """
        from . import comment_on_return as _comment_on_return

        return await self._send(
            _comment_on_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                comment=comment,
                idempotency_key=idempotency_key,
            )
        )

    async def raise_query(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        reason: Reason,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Raise a query about a return.

        The organisation sees the reason, and corrects the return or comments. What was approved before still counts.
        """
        from . import raise_query as _raise_query

        return await self._send(
            _raise_query.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                reason=reason,
                idempotency_key=idempotency_key,
            )
        )

    async def propose_redaction(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        reason: Reason,
        idempotency_key: str | None = None,
    ) -> Redaction:
        """Propose a redaction.

        For what should never have been sent, such as somebody's name. Nothing goes until another person confirms it.
        """
        from . import propose_redaction as _propose_redaction

        return await self._send(
            _propose_redaction.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                reason=reason,
                idempotency_key=idempotency_key,
            )
        )

    async def confirm_redaction(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        decision: Decision,
        idempotency_key: str | None = None,
    ) -> Redaction:
        """Confirm a redaction.

        By another person than who proposed it. The content goes everywhere that it is kept, and cannot be brought
        back; its hash and the record of who removed it stay.
        """
        from . import confirm_redaction as _confirm_redaction

        return await self._send(
            _confirm_redaction.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                decision=decision,
                idempotency_key=idempotency_key,
            )
        )

    async def reopen_return(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        reason: Reason,
        idempotency_key: str | None = None,
    ) -> ReviewResult:
        """Reopen an approved return.

        The revision no longer counts as approved. It is pending again; where a newer one stands, it is superseded.
        """
        from . import reopen_return as _reopen_return

        return await self._send(
            _reopen_return.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                reason=reason,
                idempotency_key=idempotency_key,
            )
        )

    async def get_review(
        self,
        programme: str,
        *,
        organisation: str,
        measure: str,
        series: str,
        service: str,
        period: str,
        revision: int | None = None,
    ) -> Review:
        """Get the review of a revision.

        What it says, what was found in it and how that was justified, what happened to the return, and what you may
        do.

        To reviewers it also tells whether other organisations may have counted the same people.
        """
        from . import get_review as _get_review

        return await self._send(
            _get_review.call(
                programme,
                organisation=organisation,
                measure=measure,
                series=series,
                service=service,
                period=period,
                revision=revision,
            )
        )
