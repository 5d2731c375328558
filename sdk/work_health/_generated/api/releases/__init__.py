from __future__ import annotations

from typing import TYPE_CHECKING

from ...._async.sender import AsyncSender
from ...._sync.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from ...._calls import Content
    from ...models.new_release import NewRelease
    from ...models.publication_job import PublicationJob
    from ...models.publication_job_list import PublicationJobList
    from ...models.release import Release
    from ...models.release_change_list import ReleaseChangeList
    from ...models.release_list import ReleaseList
    from ...models.release_withdrawal import ReleaseWithdrawal
    from ...models.released_entry_list import ReleasedEntryList


class Releases(Sender):
    def list_releases(
        self,
        programme: str,
    ) -> ReleaseList:
        """List releases.

        List releases, newest first. A release under embargo is not listed until its embargo ends.
        """
        from . import list_releases as _list_releases

        return self._send(
            _list_releases.call(
                programme,
            )
        )

    def create_release(
        self,
        programme: str,
        release: NewRelease,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> PublicationJob:
        """Publish approved returns as a release.

        Start a publication job and return it. The job takes minutes: `GET …/publications/{id}` returns its state.

        The job protects everything that is approved when it starts. It audits the result against the public, each
        provider
        and all earlier releases. If every audit passes, it publishes the release; otherwise `failures` lists the
        measures
        that failed. A dry run does the same but publishes nothing: it returns what would be shown, hidden and
        changed.
        """
        from . import create_release as _create_release

        return self._send(
            _create_release.call(
                programme,
                release=release,
                dry_run=dry_run,
                idempotency_key=idempotency_key,
            )
        )

    def get_release(
        self,
        programme: str,
        number: int,
    ) -> Release:
        """Get a release.

        Return when the release was made, from which inputs, how it protects people, and its audit report.
        """
        from . import get_release as _get_release

        return self._send(
            _get_release.call(
                programme,
                number=number,
            )
        )

    def list_release_changes(
        self,
        programme: str,
        number: int,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReleaseChangeList:
        """List changes of a release.

        List every figure that differs from the previous release, with the reason. Load these to update a copy.

        For the first release, this lists every figure. While the previous release is withdrawn or under embargo,
        `previous_release` and each `before` are null, and removed figures are not listed: load the whole release
        instead.
        """
        from . import list_release_changes as _list_release_changes

        return self._send(
            _list_release_changes.call(
                programme,
                number=number,
                cursor=cursor,
                limit=limit,
            )
        )

    def list_release_entries(
        self,
        programme: str,
        release: str,
        *,
        measure: Iterable[str] | None = None,
        period: Iterable[str] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReleasedEntryList:
        """List milestones and evidence of a release.

        No key needed. Lists milestone items and evidence entries whose text a reviewer found free of personal data.

        They come from the approved returns of the release, as they were cleared when it was made. Entries that are
        not
        cleared are neither listed nor counted. The organisation and the number of participants are not published. By
        default, entries of all measures and periods are listed.
        """
        from . import list_release_entries as _list_release_entries

        return self._send(
            _list_release_entries.call(
                programme,
                release=release,
                measure=measure,
                period=period,
                cursor=cursor,
                limit=limit,
            )
        )

    def list_publications(
        self,
        programme: str,
        *,
        limit: int | None = None,
    ) -> PublicationJobList:
        """List publication jobs.

        List running and ended publication jobs with their results, newest first.
        """
        from . import list_publications as _list_publications

        return self._send(
            _list_publications.call(
                programme,
                limit=limit,
            )
        )

    def get_publication(
        self,
        programme: str,
        publication: UUID,
    ) -> PublicationJob:
        """Get a publication job.

        Poll every few seconds until `state` is neither `queued` nor `running`.
        """
        from . import get_publication as _get_publication

        return self._send(
            _get_publication.call(
                programme,
                publication=publication,
            )
        )

    def cancel_publication(
        self,
        programme: str,
        publication: UUID,
    ) -> PublicationJob:
        """Cancel a publication job.

        End a queued or running job. It publishes nothing. What it has protected stays protected.
        """
        from . import cancel_publication as _cancel_publication

        return self._send(
            _cancel_publication.call(
                programme,
                publication=publication,
            )
        )

    def repeat_publication(
        self,
        programme: str,
        publication: UUID,
        *,
        idempotency_key: str | None = None,
    ) -> PublicationJob:
        """Repeat a publication job.

        Start a new job with the request of one that has ended, for example because it failed.

        The new job publishes what is approved when it starts.
        """
        from . import repeat_publication as _repeat_publication

        return self._send(
            _repeat_publication.call(
                programme,
                publication=publication,
                idempotency_key=idempotency_key,
            )
        )

    def withdraw_release(
        self,
        programme: str,
        number: int,
        release_withdrawal: ReleaseWithdrawal,
    ) -> Release:
        """Withdraw a release.

        Withdraw a whole release, with a public reason. No server process returns its content after this response.

        To make sure of that, the response is sent 1.1 s after the withdrawal is stored. Readers may have copies, so
        later
        releases are audited as if it were still published. A release under embargo can be withdrawn before it is
        published;
        from the end of its embargo, readers see only that it was withdrawn, and why.
        """
        from . import withdraw_release as _withdraw_release

        return self._send(
            _withdraw_release.call(
                programme,
                number=number,
                release_withdrawal=release_withdrawal,
            )
        )


class AsyncReleases(AsyncSender):
    async def list_releases(
        self,
        programme: str,
    ) -> ReleaseList:
        """List releases.

        List releases, newest first. A release under embargo is not listed until its embargo ends.
        """
        from . import list_releases as _list_releases

        return await self._send(
            _list_releases.call(
                programme,
            )
        )

    async def create_release(
        self,
        programme: str,
        release: NewRelease,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> PublicationJob:
        """Publish approved returns as a release.

        Start a publication job and return it. The job takes minutes: `GET …/publications/{id}` returns its state.

        The job protects everything that is approved when it starts. It audits the result against the public, each
        provider
        and all earlier releases. If every audit passes, it publishes the release; otherwise `failures` lists the
        measures
        that failed. A dry run does the same but publishes nothing: it returns what would be shown, hidden and
        changed.
        """
        from . import create_release as _create_release

        return await self._send(
            _create_release.call(
                programme,
                release=release,
                dry_run=dry_run,
                idempotency_key=idempotency_key,
            )
        )

    async def get_release(
        self,
        programme: str,
        number: int,
    ) -> Release:
        """Get a release.

        Return when the release was made, from which inputs, how it protects people, and its audit report.
        """
        from . import get_release as _get_release

        return await self._send(
            _get_release.call(
                programme,
                number=number,
            )
        )

    async def list_release_changes(
        self,
        programme: str,
        number: int,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReleaseChangeList:
        """List changes of a release.

        List every figure that differs from the previous release, with the reason. Load these to update a copy.

        For the first release, this lists every figure. While the previous release is withdrawn or under embargo,
        `previous_release` and each `before` are null, and removed figures are not listed: load the whole release
        instead.
        """
        from . import list_release_changes as _list_release_changes

        return await self._send(
            _list_release_changes.call(
                programme,
                number=number,
                cursor=cursor,
                limit=limit,
            )
        )

    async def list_release_entries(
        self,
        programme: str,
        release: str,
        *,
        measure: Iterable[str] | None = None,
        period: Iterable[str] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ReleasedEntryList:
        """List milestones and evidence of a release.

        No key needed. Lists milestone items and evidence entries whose text a reviewer found free of personal data.

        They come from the approved returns of the release, as they were cleared when it was made. Entries that are
        not
        cleared are neither listed nor counted. The organisation and the number of participants are not published. By
        default, entries of all measures and periods are listed.
        """
        from . import list_release_entries as _list_release_entries

        return await self._send(
            _list_release_entries.call(
                programme,
                release=release,
                measure=measure,
                period=period,
                cursor=cursor,
                limit=limit,
            )
        )

    async def list_publications(
        self,
        programme: str,
        *,
        limit: int | None = None,
    ) -> PublicationJobList:
        """List publication jobs.

        List running and ended publication jobs with their results, newest first.
        """
        from . import list_publications as _list_publications

        return await self._send(
            _list_publications.call(
                programme,
                limit=limit,
            )
        )

    async def get_publication(
        self,
        programme: str,
        publication: UUID,
    ) -> PublicationJob:
        """Get a publication job.

        Poll every few seconds until `state` is neither `queued` nor `running`.
        """
        from . import get_publication as _get_publication

        return await self._send(
            _get_publication.call(
                programme,
                publication=publication,
            )
        )

    async def cancel_publication(
        self,
        programme: str,
        publication: UUID,
    ) -> PublicationJob:
        """Cancel a publication job.

        End a queued or running job. It publishes nothing. What it has protected stays protected.
        """
        from . import cancel_publication as _cancel_publication

        return await self._send(
            _cancel_publication.call(
                programme,
                publication=publication,
            )
        )

    async def repeat_publication(
        self,
        programme: str,
        publication: UUID,
        *,
        idempotency_key: str | None = None,
    ) -> PublicationJob:
        """Repeat a publication job.

        Start a new job with the request of one that has ended, for example because it failed.

        The new job publishes what is approved when it starts.
        """
        from . import repeat_publication as _repeat_publication

        return await self._send(
            _repeat_publication.call(
                programme,
                publication=publication,
                idempotency_key=idempotency_key,
            )
        )

    async def withdraw_release(
        self,
        programme: str,
        number: int,
        release_withdrawal: ReleaseWithdrawal,
    ) -> Release:
        """Withdraw a release.

        Withdraw a whole release, with a public reason. No server process returns its content after this response.

        To make sure of that, the response is sent 1.1 s after the withdrawal is stored. Readers may have copies, so
        later
        releases are audited as if it were still published. A release under embargo can be withdrawn before it is
        published;
        from the end of its embargo, readers see only that it was withdrawn, and why.
        """
        from . import withdraw_release as _withdraw_release

        return await self._send(
            _withdraw_release.call(
                programme,
                number=number,
                release_withdrawal=release_withdrawal,
            )
        )
