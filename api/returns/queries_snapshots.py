"""Choose the snapshots in which the past is read, and record what reviewers read."""

from msgspec.structs import replace

from api.access.programme_access import ProgrammeAccess
from api.database.connections import fetch_any
from api.returns.query import HistoryRange, ReturnFilter
from api.submissions.queries_locks import WRITE_LOCK

# Those who choose a snapshot hold this lock for a millisecond. Writers never do.
SNAPSHOT_LOCK = 0x736E6170
_CHOOSE_SQL = "select choose_snapshot($1, $2, $3, $4)::text"


async def choose_snapshots(access: ProgrammeAccess, history_range: HistoryRange) -> HistoryRange:
    """Return the range with the snapshots of its instants, and begin another transaction for the reads.

    A revision states when it was written, and it may be committed long after that. So an instant alone does not say
    what was visible then: a reader before the commit lacks a revision that a reader after it has. While somebody
    writes, the first reader of an instant therefore fixes what was committed, for that instant and all earlier ones.
    Nobody waits for a writer: a revision that is committed later belongs to later instants. The choice is committed
    before it is used, so that every other reader knows it.
    """
    instants = {"as_of": history_range.as_of, "updated_after": history_range.updated_after}
    snapshots: dict[str, str | None] = {}
    for name, at in instants.items():
        if at is not None:
            if not snapshots:
                await access.transaction.commit()
            values = (access.catalogue.id, at, SNAPSHOT_LOCK, WRITE_LOCK)
            [row] = await fetch_any(access.transaction, _CHOOSE_SQL, *values)
            snapshots[f"{name}_snapshot"] = row[0]
    if not snapshots:
        return history_range
    await access.set_row_level_security()
    return replace(history_range, **snapshots)


async def record_read(access: ProgrammeAccess, return_filter: ReturnFilter, history_range: HistoryRange) -> None:
    """Record in the audit which returns a reviewer has read, and as of when."""
    names = ("organisation", "measure", "series", "service", "period", "kind", "state")
    read = {name: str(value) for name in names if (value := getattr(return_filter, name)) is not None}
    instants = {"as_of": history_range.as_of, "updated_after": history_range.updated_after}
    await access.record_read(read | {name: at.isoformat() for name, at in instants.items() if at is not None})
