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

        List your organisation's expected returns by due date, with missing cells, open queries and possible actions.

        Reviewers list everybody's, and those of roles that have no organisation yet.
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

        Get a revision with its findings and their justifications, the return's events, and your possible actions.

        Reviewers also get a warning if several organisations may have counted the same people.
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

        Approve a revision: it counts from now on, instead of the revision approved before.

        A later correction is pending until it is approved too. Needs the scope `review`, and a key of another
        organisation than the return's.
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

        Send a revision back with a reason, which the organisation reads: it corrects the return or comments.

        A revision approved before still counts.
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

        Add a comment, which only the organisation and reviewers read. It changes no state. Do not identify anybody.

        Needs the scope `submit` or `review`.
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

        Take back an approval. The revision becomes pending again, or superseded if a newer one exists.
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

        Mark items of a milestone return, or entries of an evidence return, as free of personal data.

        A release contains only texts that are marked.
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

    def list_extensions(
        self,
        programme: str,
    ) -> ExtensionPage:
        """List deadline extensions.

        List the extensions for your organisation. Reviewers list everybody's.
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

        Move all deadlines of an expected return that lie before the end of the extension to its end.

        If there are several extensions, the longest one counts.
        """
        from . import grant_extension as _grant_extension

        return self._send(
            _grant_extension.call(
                programme,
                extension=extension,
                idempotency_key=idempotency_key,
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

        Exempt a return: it no longer counts as expected, unless it comes anyway. The newest decision counts.
        """
        from . import decide_exemption as _decide_exemption

        return self._send(
            _decide_exemption.call(
                programme,
                exemption=exemption,
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

        Propose to remove content that should never have been sent, such as a person's name.

        Nothing is removed until another person confirms it. Needs the scope `review`, and a key of another
        organisation
        than the return's, unless the plan allows self-review.
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

    def list_redactions(
        self,
        programme: str,
    ) -> RedactionPage:
        """List redactions.

        List the redactions of your organisation's returns. Reviewers list everybody's.
        """
        from . import list_redactions as _list_redactions

        return self._send(
            _list_redactions.call(
                programme,
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

        Confirm a redaction that another person proposed. The content is removed everywhere and cannot be restored.

        Persons count, not keys: the person that your key was issued to must not have proposed it. The hash of the
        content,
        and the record of who removed it, remain.
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

        List the entries, the newest first. An entry never changes and is never deleted. Needs the scope `admin`.

        A key of the programme's owner lists all entries, any other key what its organisation did. Reading is recorded
        too.
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


class AsyncReviews(AsyncSender):
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

        List your organisation's expected returns by due date, with missing cells, open queries and possible actions.

        Reviewers list everybody's, and those of roles that have no organisation yet.
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

        Get a revision with its findings and their justifications, the return's events, and your possible actions.

        Reviewers also get a warning if several organisations may have counted the same people.
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

        Approve a revision: it counts from now on, instead of the revision approved before.

        A later correction is pending until it is approved too. Needs the scope `review`, and a key of another
        organisation than the return's.
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

        Send a revision back with a reason, which the organisation reads: it corrects the return or comments.

        A revision approved before still counts.
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

        Add a comment, which only the organisation and reviewers read. It changes no state. Do not identify anybody.

        Needs the scope `submit` or `review`.
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

        Take back an approval. The revision becomes pending again, or superseded if a newer one exists.
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

        Mark items of a milestone return, or entries of an evidence return, as free of personal data.

        A release contains only texts that are marked.
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

    async def list_extensions(
        self,
        programme: str,
    ) -> ExtensionPage:
        """List deadline extensions.

        List the extensions for your organisation. Reviewers list everybody's.
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

        Move all deadlines of an expected return that lie before the end of the extension to its end.

        If there are several extensions, the longest one counts.
        """
        from . import grant_extension as _grant_extension

        return await self._send(
            _grant_extension.call(
                programme,
                extension=extension,
                idempotency_key=idempotency_key,
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

        Exempt a return: it no longer counts as expected, unless it comes anyway. The newest decision counts.
        """
        from . import decide_exemption as _decide_exemption

        return await self._send(
            _decide_exemption.call(
                programme,
                exemption=exemption,
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

        Propose to remove content that should never have been sent, such as a person's name.

        Nothing is removed until another person confirms it. Needs the scope `review`, and a key of another
        organisation
        than the return's, unless the plan allows self-review.
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

    async def list_redactions(
        self,
        programme: str,
    ) -> RedactionPage:
        """List redactions.

        List the redactions of your organisation's returns. Reviewers list everybody's.
        """
        from . import list_redactions as _list_redactions

        return await self._send(
            _list_redactions.call(
                programme,
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

        Confirm a redaction that another person proposed. The content is removed everywhere and cannot be restored.

        Persons count, not keys: the person that your key was issued to must not have proposed it. The hash of the
        content,
        and the record of who removed it, remain.
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

        List the entries, the newest first. An entry never changes and is never deleted. Needs the scope `admin`.

        A key of the programme's owner lists all entries, any other key what its organisation did. Reading is recorded
        too.
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
