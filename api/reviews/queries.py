"""Reviews, obligations, redactions and the audit, in SQL.

Every statement names the organisation as well as the programme; row-level security does the same once more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.pagination import InstantCursor, ObligationCursor
from api.plan.breakdowns import TOTAL_KEY
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue
from api.returns.asked import ReturnFilter
from api.returns.queries import build_conditions
from api.reviews.acts import ObligationDetails, ReturnedTotal, ReviewableReturn, RevisionEvent, RevisionState
from api.reviews.concessions import Concessions, ObligationKey
from api.statistics import periods
from api.submissions.cell_columns import NUMBER_FIELDS
from api.submissions.queries_locks import acquire_shared_write_lock
from api.submissions.queries_revisions import approved_revision_expression, state_expression
from schema.partners import Author
from schema.returns import EventKind, ReturnEvent, ReturnRevision
from schema.reviews import AuditEntry, Exemption, Extension, Redaction, ReviewQuery
from schema.submissions import ReturnKind, ReviewState
from schema.tables import (
    audit,
    cell,
    client,
    exemption,
    extension,
    obligation,
    organisation,
    redaction,
    return_event,
    return_table,
    revision,
    series,
)


async def find_return(
    transaction: AsyncConnection, catalogue: Catalogue, return_filter: ReturnFilter
) -> tuple[int, str] | None:
    """The database's number of a return, and whose it is; None where the caller can see none."""
    query = _add_names(select(return_table.c.id, organisation.c.slug), return_table).where(
        *build_conditions(catalogue, return_filter)
    )
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else (row.id, row.slug)


def _add_names(query: Any, table: FromClause) -> Select[Any]:
    """With the names of the series and the organisation."""
    return (
        query.select_from(table)
        .join(series, and_(series.c.programme == table.c.programme, series.c.id == table.c.series))
        .join(
            organisation, and_(organisation.c.programme == table.c.programme, organisation.c.id == table.c.organisation)
        )
    )


async def lock_return(transaction: AsyncConnection, catalogue: Catalogue, return_id: int) -> None:
    """Until the transaction ends, nobody else submits to the return or decides on it. Then the clock may be read."""
    await acquire_shared_write_lock(transaction, catalogue)
    await transaction.execute(text("select pg_advisory_xact_lock(:number)"), {"number": return_id})


async def fetch_reviewable_return(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, owner: str
) -> ReviewableReturn:
    """A return with the states of its revisions."""
    rows = await transaction.execute(
        select(
            revision.c.number,
            revision.c.kind,
            state_expression(revision).label("state"),
            _count_entries(revision.c.content).label("entries"),
        )
        .where(revision.c.programme == catalogue.id, revision.c["return"] == return_id)
        .order_by(revision.c.number)
    )
    return ReviewableReturn(
        id=return_id,
        organisation=owner,
        revisions=[
            RevisionState(
                number=row.number, kind=ReturnKind(row.kind), state=ReviewState(row.state), entry_count=row.entries
            )
            for row in rows
        ],
    )


def _count_entries(content: ColumnElement[Any]) -> ColumnElement[int]:
    """How many items or entries; what has none is null in SQL or in JSON."""
    return case((func.jsonb_typeof(content) == "array", func.jsonb_array_length(content)), else_=0)


async def record_events(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    reviewed_return: ReviewableReturn,
    return_events: Sequence[RevisionEvent],
    *,
    author: Author,
    at: datetime,
    action_id: UUID,
) -> None:
    """Write down what happened, in order."""
    for event in return_events:
        await transaction.execute(
            insert(return_event)
            .inline()
            .values(
                {
                    "programme": catalogue.id,
                    "id": uuid5(action_id, f"{event.event} {event.number}"),
                    "return": reviewed_return.id,
                    "organisation": catalogue.ids.organisations[reviewed_return.organisation],
                    "number": event.number,
                    "event": event.event,
                    "state": event.state,
                    "text": event.text,
                    "entries": event.entries,
                    "client": author.client,
                    "by_organisation": catalogue.ids.organisations[author.organisation],
                    "at": at,
                }
            )
        )


async def fetch_events(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, summary: ReturnRevision
) -> tuple[list[ReturnEvent], list[int]]:
    """Everything that happened to a return, oldest first, and which entries of the revision `one` are cleared."""
    rows = (
        await transaction.execute(
            select(
                *(return_event.c[name] for name in ("id", "event", "at", "number", "state", "text", "entries")),
                organisation.c.slug.label("by"),
                revision.c.kind,
            )
            .select_from(return_event)
            .join(
                organisation,
                and_(
                    organisation.c.programme == return_event.c.programme,
                    organisation.c.id == return_event.c.by_organisation,
                ),
            )
            .join(revision, _is_same_revision(revision, return_event))
            .where(return_event.c.programme == catalogue.id, return_event.c["return"] == return_id)
            .order_by(return_event.c.position)
        )
    ).all()
    changes = [
        ReturnEvent(
            id=row.id,
            event=EventKind(row.event),
            at=row.at,
            organisation=summary.organisation,
            measure=summary.measure,
            series=summary.series,
            service=summary.service,
            period=summary.period,
            revision=row.number,
            kind=ReturnKind(row.kind),
            state=None if row.state is None else ReviewState(row.state),
            by=row.by,
            text=row.text,
        )
        for row in rows
    ]
    cleared = {entry for row in rows if row.number == summary.revision for entry in row.entries or ()}
    return changes, sorted(cleared)


async def fetch_cleared_entries(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[int]]:
    """Which entries of each of these revisions are cleared, counted from 1."""
    rows = await transaction.execute(
        select(revision.c.id, return_event.c.entries)
        .join(return_event, _is_same_revision(revision, return_event))
        .where(
            revision.c.programme == catalogue.id,
            revision.c.id == func.any(list(revisions)),
            return_event.c.event == EventKind.CLEARED,
        )
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row.id, set()).update(row.entries or ())
    return {number: sorted(entries) for number, entries in found.items()}


def _is_same_revision(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    return and_(
        left.c.programme == right.c.programme,
        left.c["return"] == right.c["return"],
        left.c.number == right.c.number,
    )


def _select_newest(catalogue: Catalogue) -> Any:
    return (
        select(revision.c["return"], func.max(revision.c.number).label("number"))
        .where(revision.c.programme == catalogue.id)
        .group_by(revision.c["return"])
        .subquery("newest")
    )


async def fetch_returned_totals(
    transaction: AsyncConnection, catalogue: Catalogue, summary: ReturnRevision
) -> list[ReturnedTotal]:
    """What every organisation's standing return of this series and period says of whole areas. For reviewers."""
    newest = _select_newest(catalogue)
    rows = await transaction.execute(
        _add_names(select(organisation.c.slug, return_table.c.service, revision.c.id, revision.c.kind), return_table)
        .join(newest, newest.c["return"] == return_table.c.id)
        .join(
            revision,
            and_(
                revision.c.programme == return_table.c.programme,
                revision.c["return"] == return_table.c.id,
                revision.c.number == newest.c.number,
            ),
        )
        .where(
            return_table.c.programme == catalogue.id,
            series.c.measure == summary.measure,
            series.c.slug == summary.series,
            return_table.c.period == summary.period.code,
            revision.c.kind != ReturnKind.WITHDRAWN,
            state_expression(revision) != ReviewState.REDACTED,
        )
    )
    of = {row.id: row for row in rows}
    # Asked apart: the view keeps a join's condition to itself, and reads the whole programme for it.
    cells = await transaction.execute(
        select(*(cell.c[name] for name in ("revision", "area", *NUMBER_FIELDS, "status"))).where(
            cell.c.programme == catalogue.id,
            cell.c.revision == func.any(list(of)),
            cell.c.breakdown == catalogue.ids.breakdowns[TOTAL_KEY],
        )
    )
    nothing: dict[str, int | None] = dict.fromkeys(NUMBER_FIELDS)
    return [
        ReturnedTotal(
            organisation=of[row.revision].slug,
            service=of[row.revision].service,
            kind=ReturnKind(of[row.revision].kind),
            area=catalogue.area_codes[row.area],
            status=row.status,
            **{name: getattr(row, name) for name in NUMBER_FIELDS},
        )
        for row in cells
    ] + [
        ReturnedTotal(
            organisation=row.slug, service=row.service, kind=ReturnKind.NIL, area=None, status=None, **nothing
        )
        for row in of.values()
        if row.kind == ReturnKind.NIL
    ]


class ObligationFilter(Struct, frozen=True, kw_only=True):
    """Which expected returns; a field that is None chooses all."""

    organisation: str | None = None
    measure: str | None = None
    period: str | None = None
    due_before: datetime | None = None


OBLIGATION_KEY_COLUMNS = ("organisation", "series", "service", "period")


def _is_of_obligation(table: FromClause) -> ColumnElement[bool]:
    return and_(
        table.c.programme == obligation.c.programme,
        *(table.c[name] == obligation.c[name] for name in OBLIGATION_KEY_COLUMNS),
    )


def _select_first_decision(table: FromClause, order: ColumnElement[Any], name: str) -> Any:
    """The first decision of a kind about each obligation."""
    return (
        select(table)
        .where(_is_of_obligation(table))
        .order_by(order, table.c.position.desc())
        .limit(1)
        .correlate(obligation)
        .lateral(name)
    )


async def fetch_obligation_details(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    obligation_filter: ObligationFilter,
    *,
    readable_organisations: Sequence[str] | None,
    after: ObligationCursor | None,
    limit: int,
) -> list[ObligationDetails]:
    """Expected returns by due date, extensions included, with all that is known of each."""
    longest = _select_first_decision(extension, extension.c.until.desc(), "longest")
    decided = _select_first_decision(exemption, exemption.c.at.desc(), "decided")
    last = (
        select(revision)
        .where(revision.c.programme == return_table.c.programme, revision.c["return"] == return_table.c.id)
        .order_by(revision.c.number.desc())
        .limit(1)
        .correlate(return_table)
        .lateral("last")
    )
    asked = (
        select(return_event.c.at, return_event.c.text)
        .where(_is_same_revision(return_event, last), return_event.c.event == EventKind.QUERIED)
        .order_by(return_event.c.position.desc())
        .limit(1)
        .correlate(last)
        .lateral("asked")
    )
    due = func.greatest(obligation.c.due, longest.c.until)
    order = (due, obligation.c.holder, series.c.measure, series.c.slug, obligation.c.service, obligation.c.period)
    query = (
        select(
            *(obligation.c[name] for name in ("holder", "service", "period", "due", "timely_until", "closes_at")),
            series.c.measure,
            series.c.slug.label("series"),
            organisation.c.slug.label("organisation"),
            due.label("extended_due"),
            *(longest.c[name].label(f"extension_{name}") for name in ("id", "until", "reason", "at")),
            decided.c.exempt,
            decided.c.reason.label("exempt_reason"),
            last.c.id.label("revision_id"),
            last.c.number,
            last.c.kind,
            _count_entries(last.c.content).label("entries"),
            state_expression(last).label("state"),
            approved_revision_expression(return_table).label("approved"),
            asked.c.at.label("queried_at"),
            asked.c.text.label("query"),
            redaction.c.proposed_by,
        )
        .select_from(obligation)
        .join(series, and_(series.c.programme == obligation.c.programme, series.c.id == obligation.c.series))
        .outerjoin(
            organisation,
            and_(organisation.c.programme == obligation.c.programme, organisation.c.id == obligation.c.organisation),
        )
        .outerjoin(return_table, _is_of_obligation(return_table))
        .outerjoin(last, literal(True))
        .outerjoin(asked, literal(True))
        .outerjoin(longest, literal(True))
        .outerjoin(decided, literal(True))
        .outerjoin(redaction, _is_same_revision(redaction, last))
        .where(obligation.c.programme == catalogue.id, obligation.c.series.in_(catalogue.series_slugs))
        .order_by(*order)
        .limit(limit)
    )
    chosen = {organisation.c.slug: obligation_filter.organisation, series.c.measure: obligation_filter.measure}
    chosen[obligation.c.period] = obligation_filter.period
    query = query.where(*(column == value for column, value in chosen.items() if value is not None))
    if obligation_filter.due_before is not None:
        query = query.where(due < obligation_filter.due_before)
    if readable_organisations is not None:
        query = query.where(organisation.c.slug.in_(readable_organisations))
    if after is not None:
        place = (after.due, after.holder, after.measure, after.series, after.service, after.period)
        query = query.where(tuple_(*order) > tuple_(*(literal(value) for value in place)))
    return [_to_details(row) for row in await transaction.execute(query)]


def _to_details(row: Any) -> ObligationDetails:
    newest = granted = None
    if row.number is not None:
        newest = RevisionState(
            number=row.number, kind=ReturnKind(row.kind), state=ReviewState(row.state), entry_count=row.entries
        )
    if row.extension_id is not None:
        granted = Extension(
            id=row.extension_id,
            organisation=row.organisation,
            measure=row.measure,
            series=row.series,
            service=row.service,
            period=row.period,
            until=row.extension_until,
            reason=row.extension_reason,
            granted_at=row.extension_at,
        )
    query = None
    if newest is not None and newest.state is ReviewState.QUERIED:
        query = ReviewQuery(revision=newest.number, at=row.queried_at, reason=row.query)
    return ObligationDetails(
        holder=row.holder,
        organisation=row.organisation,
        measure=row.measure,
        series=row.series,
        service=row.service,
        period=periods.parse(row.period),
        deadlines=Deadlines(due=row.due, timely_until=row.timely_until, closes_at=row.closes_at),
        extended_due=row.extended_due,
        extension=granted,
        exemption_reason=row.exempt_reason if row.exempt else None,
        newest_revision=newest,
        revision_id=row.revision_id,
        approved_number=row.approved,
        query=query,
        proposed_by=row.proposed_by,
    )


def make_deadline_cursor(details: ObligationDetails) -> ObligationCursor:
    """What expected returns are ordered by: names, so that it tells nothing of anyone else."""
    return ObligationCursor(
        details.extended_due, details.holder, details.measure, details.series, details.service, details.period.code
    )


async def count_present_cells(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    revisions: Mapping[int, tuple[str, str]],
    owed: Mapping[tuple[str, str], Sequence[tuple[str, str]]],
) -> dict[int, int]:
    """How many of the cells that are owed each revision has. `owed`: area and breakdown, by measure and duty's area."""
    groups = {group: number for number, group in enumerate(owed)}
    cells = [
        (groups[group], catalogue.ids.areas[area], catalogue.ids.breakdowns[key])
        for group, places in owed.items()
        for area, key in places
    ]
    if not revisions or not cells:
        return {}
    rows = await transaction.execute(
        text(
            """
            select v.revision, count(*)
            from unnest(cast(:revisions as bigint[]), cast(:groups as int[])) as v (revision, duty)
            join cell c on c.programme = :programme and c.revision = v.revision
                and c.revision = any(cast(:revisions as bigint[]))
            join unnest(cast(:duties as int[]), cast(:areas as int[]), cast(:breakdowns as int[]))
                as w (duty, area, breakdown)
                on w.duty = v.duty and w.area = c.area and w.breakdown = c.breakdown
            group by v.revision
            """
        ),
        {
            "programme": catalogue.id,
            "revisions": list(revisions),
            "groups": [groups[group] for group in revisions.values()],
            "duties": [duty for duty, _, _ in cells],
            "areas": [area for _, area, _ in cells],
            "breakdowns": [breakdown for _, _, breakdown in cells],
        },
    )
    return {row[0]: row[1] for row in rows}


async def insert_extension(
    transaction: AsyncConnection, catalogue: Catalogue, key: ObligationKey, new_extension: Extension, *, author: Author
) -> None:
    await transaction.execute(
        insert(extension)
        .inline()
        .values(
            {
                **_build_decision_row(
                    catalogue, key, new_extension.id, new_extension.reason, author, new_extension.granted_at
                ),
                "until": new_extension.until,
            }
        )
    )


async def insert_exemption(
    transaction: AsyncConnection, catalogue: Catalogue, key: ObligationKey, new_exemption: Exemption, *, author: Author
) -> None:
    await transaction.execute(
        insert(exemption)
        .inline()
        .values(
            {
                **_build_decision_row(
                    catalogue, key, new_exemption.id, new_exemption.reason, author, new_exemption.decided_at
                ),
                "exempt": new_exemption.exempt,
            }
        )
    )


def _build_decision_row(
    catalogue: Catalogue, key: ObligationKey, decision_id: UUID, reason: str, author: Author, at: datetime
) -> dict[str, object]:
    owner, measure, slug, service, period = key
    return {
        "programme": catalogue.id,
        "id": decision_id,
        "organisation": catalogue.ids.organisations[owner],
        "series": catalogue.ids.series[measure, slug],
        "service": service,
        "period": period,
        "reason": reason,
        "client": author.client,
        "at": at,
    }


async def fetch_extensions(
    transaction: AsyncConnection, catalogue: Catalogue, *, readable_organisations: Sequence[str] | None
) -> list[Extension]:
    """The newest first."""
    query = _add_names(
        select(
            *(extension.c[name] for name in ("id", "service", "period", "until", "reason", "at")),
            series.c.measure,
            series.c.slug.label("series"),
            organisation.c.slug.label("organisation"),
        ),
        extension,
    ).where(extension.c.programme == catalogue.id)
    if readable_organisations is not None:
        query = query.where(organisation.c.slug.in_(readable_organisations))
    return [
        Extension(
            id=row.id,
            organisation=row.organisation,
            measure=row.measure,
            series=row.series,
            service=row.service,
            period=row.period,
            until=row.until,
            reason=row.reason,
            granted_at=row.at,
        )
        for row in await transaction.execute(query.order_by(extension.c.position.desc()))
    ]


async def fetch_concessions(transaction: AsyncConnection, catalogue: Catalogue) -> Concessions:
    """What was granted, to everybody: it needs the scope `review`."""

    def key(row: Any) -> ObligationKey:
        measure, slug = catalogue.series_slugs[row.series]
        return (catalogue.organisation_slugs[row.organisation], measure, slug, row.service, row.period)

    columns = [extension.c[name] for name in OBLIGATION_KEY_COLUMNS]
    longer = await transaction.execute(
        select(*columns, func.max(extension.c.until).label("until"))
        .where(extension.c.programme == catalogue.id, extension.c.series.in_(catalogue.series_slugs))
        .group_by(*columns)
    )
    decided = await transaction.execute(
        select(*(exemption.c[name] for name in OBLIGATION_KEY_COLUMNS), exemption.c.exempt)
        .where(exemption.c.programme == catalogue.id, exemption.c.series.in_(catalogue.series_slugs))
        .order_by(exemption.c.at, exemption.c.position)
    )
    newest = {key(row): row.exempt for row in decided}  # the last of each return stays
    return Concessions(
        exempt=frozenset(owed for owed, exempt in newest.items() if exempt),
        extended_until={key(row): row.until for row in longer},
    )


async def insert_redaction(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    reviewed_return: ReviewableReturn,
    number: int,
    reason: str,
    *,
    author: Author,
    at: datetime,
    action_id: UUID,
) -> bool:
    """False where it is proposed already."""
    done = await transaction.execute(
        upsert(redaction)
        .values(
            {
                "programme": catalogue.id,
                "id": action_id,
                "return": reviewed_return.id,
                "organisation": catalogue.ids.organisations[reviewed_return.organisation],
                "number": number,
                "reason": reason,
                "proposed_by": author.client,
                "proposed_at": at,
            }
        )
        .on_conflict_do_nothing()
        .returning(redaction.c.id)
    )
    return done.one_or_none() is not None


async def fetch_proposer(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, number: int
) -> UUID | None:
    """Which client has proposed to redact the revision."""
    found = await transaction.execute(
        select(redaction.c.proposed_by).where(
            redaction.c.programme == catalogue.id, redaction.c["return"] == return_id, redaction.c.number == number
        )
    )
    return found.scalar_one_or_none()


async def confirm_redaction(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, number: int, *, author: Author, at: datetime
) -> None:
    """Another one agrees, and the content goes."""
    agreed = await transaction.execute(
        update(redaction)
        .where(
            redaction.c.programme == catalogue.id,
            redaction.c["return"] == return_id,
            redaction.c.number == number,
            redaction.c.confirmed_by.is_(None),
        )
        .values(confirmed_by=author.client, confirmed_at=at)
        .returning(redaction.c.id)
    )
    await transaction.execute(
        text("select redact(:programme, :wanted)"), {"programme": catalogue.id, "wanted": agreed.scalar_one()}
    )


async def fetch_redactions(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    readable_organisations: Sequence[str] | None,
    return_id: int | None = None,
    number: int | None = None,
) -> list[Redaction]:
    """Proposed and confirmed, the newest first; those of one return's revision, where it is given."""
    proposer, confirmer = client.alias(), client.alias()
    query = (
        _add_names(
            select(
                redaction,
                return_table.c.service,
                return_table.c.period,
                series.c.measure,
                series.c.slug.label("series"),
                organisation.c.slug.label("owner"),
                proposer.c.name.label("proposer"),
                confirmer.c.name.label("confirmer"),
            ),
            return_table,
        )
        .join(
            redaction,
            and_(redaction.c.programme == return_table.c.programme, redaction.c["return"] == return_table.c.id),
        )
        .join(proposer, proposer.c.id == redaction.c.proposed_by)
        .outerjoin(confirmer, confirmer.c.id == redaction.c.confirmed_by)
        .where(redaction.c.programme == catalogue.id)
        .order_by(redaction.c.proposed_at.desc(), redaction.c.id)
    )
    if readable_organisations is not None:
        query = query.where(organisation.c.slug.in_(readable_organisations))
    if return_id is not None:
        query = query.where(redaction.c["return"] == return_id, redaction.c.number == number)
    return [
        Redaction(
            id=row.id,
            organisation=row.owner,
            measure=row.measure,
            series=row.series,
            service=row.service,
            period=row.period,
            revision=row.number,
            reason=row.reason,
            proposed_by=row.proposer,
            proposed_at=row.proposed_at,
            confirmed_by=row.confirmer,
            confirmed_at=row.confirmed_at,
            content_sha256=None if row.content_sha256 is None else row.content_sha256.hex(),
        )
        for row in await transaction.execute(query)
    ]


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which entries of the audit; a field that is None chooses all. `start` is included, `end` is not."""

    action: str | None = None
    organisation: str | None = None
    start: datetime | None = None
    end: datetime | None = None


async def fetch_audit_entries(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    audit_filter: AuditFilter,
    *,
    after: InstantCursor | None,
    limit: int,
) -> list[AuditEntry]:
    """The newest first. `organisation`: who did it, or whom it was done to."""
    query = (
        select(audit, client.c.name, organisation.c.slug)
        .select_from(audit)
        .outerjoin(client, client.c.id == audit.c.client)
        .outerjoin(
            organisation,
            and_(organisation.c.programme == audit.c.programme, organisation.c.id == audit.c.organisation),
        )
        .where(audit.c.programme == catalogue.id)
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
    )
    if audit_filter.action is not None:
        query = query.where(audit.c.action == audit_filter.action)
    if audit_filter.organisation is not None:
        subject = audit.c.subject["organisation"].astext
        query = query.where(or_(organisation.c.slug == audit_filter.organisation, subject == audit_filter.organisation))
    if audit_filter.start is not None:
        query = query.where(audit.c.at >= audit_filter.start)
    if audit_filter.end is not None:
        query = query.where(audit.c.at < audit_filter.end)
    if after is not None:
        query = query.where(audit.c.at <= after.at).offset(after.seen)
    return [
        AuditEntry(
            at=row.at,
            action=row.action,
            client=row.name,
            key=row.key,
            organisation=row.slug,
            request_id=row.request_id,
            subject=row.subject,
        )
        for row in await transaction.execute(query)
    ]
