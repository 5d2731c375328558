from __future__ import annotations

from typing import TYPE_CHECKING

from ...._core import AsyncSender, SyncSender

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from ...._core import Content
    from ...models.new_release import NewRelease
    from ...models.publication_job import PublicationJob
    from ...models.publication_job_list import PublicationJobList
    from ...models.release import Release
    from ...models.release_change_list import ReleaseChangeList
    from ...models.release_list import ReleaseList
    from ...models.release_withdrawal import ReleaseWithdrawal
    from ...models.released_entry_list import ReleasedEntryList


class Releases(SyncSender):
    def list_publications(
        self,
        programme: str,
        *,
        limit: int | None = None,
    ) -> PublicationJobList:
        """List publication jobs.

        Those that run, and those that have ended, with what came of them; the newest first.
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

        Ask again every few seconds until `state` is neither `queued` nor `running`.
        """
        from . import get_publication as _get_publication

        return self._send(
            _get_publication.call(
                programme,
                publication=publication,
            )
        )

    def list_releases(
        self,
        programme: str,
    ) -> ReleaseList:
        """List releases.

        The newest first. One under embargo is not there until its time.
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

        Takes minutes: the answer is a publication, whose address tells how far it is.

        Everything that is approved when the work begins is protected as a whole, audited against the public, against
        each provider and against all earlier releases, and published; or nothing is, and `failures` says which
        measures
        failed. A dry run does the same and publishes nothing: it tells what would be shown, hidden and changed.
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

        When and from what it was made, how people in it are protected, and what its audit found.
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

        Every figure that is not as in the release before, with why: what an integrator loads after the first time.

        Of the first release, every figure.
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

    def withdraw_release(
        self,
        programme: str,
        number: int,
        release_withdrawal: ReleaseWithdrawal,
    ) -> Release:
        """Withdraw a release.

        As a whole, with a reason that everybody can read. Nothing of it is answered any more.

        What was published may be remembered: later releases are audited as if it were still there.
        """
        from . import withdraw_release as _withdraw_release

        return self._send(
            _withdraw_release.call(
                programme,
                number=number,
                release_withdrawal=release_withdrawal,
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

        Needs no key. Items of milestones and entries of evidence whose text a reviewer found free of personal data.

        They are of the approved returns that the release was made of, as they were cleared when it was made. What is
        not
        cleared is not there and not counted; who returned it and how many people took part is not told. All measures
        and
        periods where none is named.
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


class AsyncReleases(AsyncSender):
    async def list_publications(
        self,
        programme: str,
        *,
        limit: int | None = None,
    ) -> PublicationJobList:
        """List publication jobs.

        Those that run, and those that have ended, with what came of them; the newest first.
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

        Ask again every few seconds until `state` is neither `queued` nor `running`.
        """
        from . import get_publication as _get_publication

        return await self._send(
            _get_publication.call(
                programme,
                publication=publication,
            )
        )

    async def list_releases(
        self,
        programme: str,
    ) -> ReleaseList:
        """List releases.

        The newest first. One under embargo is not there until its time.
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

        Takes minutes: the answer is a publication, whose address tells how far it is.

        Everything that is approved when the work begins is protected as a whole, audited against the public, against
        each provider and against all earlier releases, and published; or nothing is, and `failures` says which
        measures
        failed. A dry run does the same and publishes nothing: it tells what would be shown, hidden and changed.
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

        When and from what it was made, how people in it are protected, and what its audit found.
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

        Every figure that is not as in the release before, with why: what an integrator loads after the first time.

        Of the first release, every figure.
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

    async def withdraw_release(
        self,
        programme: str,
        number: int,
        release_withdrawal: ReleaseWithdrawal,
    ) -> Release:
        """Withdraw a release.

        As a whole, with a reason that everybody can read. Nothing of it is answered any more.

        What was published may be remembered: later releases are audited as if it were still there.
        """
        from . import withdraw_release as _withdraw_release

        return await self._send(
            _withdraw_release.call(
                programme,
                number=number,
                release_withdrawal=release_withdrawal,
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

        Needs no key. Items of milestones and entries of evidence whose text a reviewer found free of personal data.

        They are of the approved returns that the release was made of, as they were cleared when it was made. What is
        not
        cleared is not there and not counted; who returned it and how many people took part is not told. All measures
        and
        periods where none is named.
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
