"""Open a submission in one round trip: check the access, take the locks, and read what it is compared with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.idempotency import IdempotentRequest
from api.access.permissions import IdempotencyInProgress
from api.access.programme_access import ProgrammeAccess
from api.access.queries_idempotency import RESPONSE_RETENTION, calculate_lock
from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.cell_columns import Cells
from api.submissions.compared_totals import ComparedReturn, list_series_and_areas
from api.submissions.packed_cells import EMPTY_VALUES, PackedCells, unpack_cells
from api.submissions.queries_locks import WRITE_LOCK
from api.submissions.queries_revisions import parse_content
from api.submissions.revisions import CurrentRevision, IdentifiedReturn, ReturnKey
from schema.partners import Scope, StoredResponse
from schema.submissions import Justification, ReturnKind, ReviewState


class OpenedSubmission(Struct, frozen=True, kw_only=True, eq=False):
    """The database's state of the returns of a submission, under locks that last until the transaction ends."""

    is_access_changed: bool
    """Key, grant or plan have changed since the request began. Then the rest is empty."""
    stored: StoredResponse | None
    """The response to an earlier request with the same Idempotency-Key. Then the rest is empty."""
    locked_at: datetime
    """The time of the database after it took the locks: a transaction that gets them later has a later one."""
    return_ids: Mapping[ReturnKey, int]
    extensions: Mapping[ReturnKey, datetime]
    revisions: Mapping[ReturnKey, CurrentRevision]
    current_cells: Cells
    """The cells of the current revisions. Their `item` is the index of the return in the submission."""
    compared: Sequence[ComparedReturn]
    """The newest revisions of all returns of the same series, in order of time."""
    compared_cells: Cells
    """Their totals of areas. The `item` of a cell is an index of `compared`."""


async def open_submission(
    transaction: AsyncConnection,
    access: ProgrammeAccess,
    request: IdempotentRequest,
    owner: str,
    returns: Sequence[IdentifiedReturn],
    *,
    now: datetime,
) -> OpenedSubmission:
    """Create the missing returns, lock all of them until the transaction ends, and read their current state.

    A reviewer's submission is compared with every organisation's returns. Raises IdempotencyInProgress.
    """
    catalogue, grant, caller = access.catalogue, access.grant, access.caller
    organisations = catalogue.ids.organisations
    represented = catalogue.list_represented_organisations(grant.organisation)
    compared_series = {catalogue.ids.series[measure, series] for measure, series, _ in list_series_and_areas(returns)}
    key = request.key
    rows = await fetch_in_transaction(
        transaction,
        _OPEN_SUBMISSION,
        *(caller.key, catalogue.id, list(grant.scopes), grant.organisation, catalogue.version, now),
        ",".join(str(organisations[slug]) for slug in represented),
        *("on" if scope in grant.scopes else "off" for scope in (Scope.REVIEW, Scope.ADMIN)),
        *(caller.client, request.operation, key),
        None if key is None else calculate_lock(caller.client, request.operation, key),
        now - RESPONSE_RETENTION,
        organisations[owner],
        *_return_columns(returns, catalogue),
        *(WRITE_LOCK, sorted(compared_series), None if access.is_reviewer else organisations[owner]),
    )
    parts: dict[str, list[Any]] = {}
    for row in rows:
        parts.setdefault(row["part"], []).append(row)
    if "in-progress" in parts:
        raise IdempotencyInProgress("Another request with this key is still running.")
    # A submission that is rejected has no returns, so it may have no row; it writes nothing.
    return _to_opened_submission(parts, returns, catalogue, rows[0]["locked_at"] if rows else now)


# PostgreSQL reads the clock after the function has returned its last row.
_OPEN_SUBMISSION = f"""
    select clock_timestamp() as locked_at, opened.*
    from open_submission({", ".join(f"${number}" for number in range(1, 24))}) opened
"""  # noqa: S608  the arguments are numbers


def _return_columns(returns: Sequence[IdentifiedReturn], catalogue: Catalogue) -> list[list[object]]:
    """Return series, services, periods and their first and last days."""
    return [
        [catalogue.ids.series[identified.measure.slug, identified.series.slug] for identified in returns],
        [identified.duty.service for identified in returns],
        [identified.period.code for identified in returns],
        [identified.period.start for identified in returns],
        [identified.period.end for identified in returns],
    ]


def _to_opened_submission(
    parts: Mapping[str, Sequence[Any]], returns: Sequence[IdentifiedReturn], catalogue: Catalogue, locked_at: datetime
) -> OpenedSubmission:
    current = {_return_key(row, catalogue): row for row in parts.get("current", ())}
    items = {identified.key: item for item, identified in enumerate(returns)}
    with_cells = {items[key]: _packed_cells(row) for key, row in current.items() if row["cell_area"]}
    compared = [
        ComparedReturn(
            revision_id=row["revision_id"],
            organisation=catalogue.organisation_slugs[row["organisation"]],
            key=_return_key(row, catalogue),
            period=periods.parse(row["period"]),
            kind=ReturnKind(row["kind"]),
        )
        for row in parts.get("compared", ())
    ]
    totals = {item: _packed_cells(row) for item, row in enumerate(parts.get("compared", ())) if row["cell_area"]}
    return OpenedSubmission(
        is_access_changed="access-changed" in parts,
        stored=next(
            (
                StoredResponse(content_sha256=row["answer_sha256"], answer=row["answer"])
                for row in parts.get("answered", ())
            ),
            None,
        ),
        locked_at=locked_at,
        return_ids={key: row["return_id"] for key, row in current.items()},
        extensions={key: row["extended_until"] for key, row in current.items() if row["extended_until"] is not None},
        revisions={
            key: _to_current_revision(row, catalogue, key)
            for key, row in current.items()
            if row["revision_id"] is not None
        },
        current_cells=unpack_cells(with_cells, list(with_cells.values())),
        compared=compared,
        compared_cells=unpack_cells(totals, list(totals.values())),
    )


def _return_key(row: Any, catalogue: Catalogue) -> ReturnKey:
    return (*catalogue.series_slugs[row["series"]], row["service"], row["period"])


def _packed_cells(row: Any) -> PackedCells:
    columns = tuple(row[f"cell_{name}"] for name in EMPTY_VALUES)
    return PackedCells(count=row["cells"], columns=columns, notes=row["cell_notes"])


def _to_current_revision(row: Any, catalogue: Catalogue, key: ReturnKey) -> CurrentRevision:
    return CurrentRevision(
        number=row["number"],
        kind=ReturnKind(row["kind"]),
        state=ReviewState(row["state"]),
        first_received_at=row["first_received_at"],
        content=parse_content(row["content"], catalogue.measures[key[0]].kind),
        justifications=msgspec.convert(row["justifications"], list[Justification]),
        note=row["note"],
    )
