"""The tables of the database. `migrations/` creates them step by step.

The key of every table that grows begins with the programme, so that the schema can be sharded by programme.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Constraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
        "uq": "%(table_name)s_%(constraint_name)s_uq",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
    }
)


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's xid8: the id of the transaction that wrote a row. It never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


class Snapshot(UserDefinedType[str]):
    """PostgreSQL's pg_snapshot: which transactions were committed at a moment."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "pg_snapshot"


def timestamp_column(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


programme = Table(
    "programme",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("slug", Text, nullable=False),
    Column("sandbox", Boolean, nullable=False),
    timestamp_column("created_at"),
    UniqueConstraint("slug", name="slug"),
)

plan_version = Table(
    "plan_version",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("changes", JSONB, nullable=False),
    timestamp_column("loaded_at"),
    PrimaryKeyConstraint("programme", "number"),
    CheckConstraint("number >= 1", name="number_counts_from_one"),
    comment="Immutable: one loading of a programme's file that changed it.",
)


def code_table(name: str, *codes: str) -> Table:
    """Return a table that gives each code a small number. The number never changes, not even in later plan versions."""
    return Table(
        name,
        metadata,
        Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
        Column("id", Integer, Identity(), nullable=False),
        *(Column(code, Text, nullable=False) for code in codes),
        PrimaryKeyConstraint("programme", "id"),
        UniqueConstraint("programme", *codes, name="code"),
    )


organisation = code_table("organisation", "slug")
series = code_table("series", "measure", "slug")
area = code_table("area", "code")
breakdown = code_table("breakdown", "key")

client = Table(
    "client",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("person", Text, nullable=False, comment="Whom its keys were issued to."),
    timestamp_column("created_at"),
    comment="A program or person that calls. It acts for one organisation in each programme.",
)

client_grant = Table(
    "client_grant",
    metadata,
    Column("client", Uuid, ForeignKey("client.id"), nullable=False),
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("client", "programme"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    CheckConstraint("scopes <@ array['submit', 'read', 'review', 'publish', 'admin']::text[]", name="scopes_are_known"),
)

client_key = Table(
    "client_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client", Uuid, ForeignKey("client.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    timestamp_column("created_at"),
    timestamp_column("expires_at"),
    timestamp_column("revoked_at", nullable=True),
    timestamp_column("last_used_at", nullable=True),
    UniqueConstraint("digest", name="digest"),
    comment="A key is shown once and kept as its SHA-256: with 256 random bits there is nothing to guess.",
)

submission = Table(
    "submission",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("client", Uuid, ForeignKey("client.id"), nullable=False),
    Column("request_id", Text, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("note", Text),
    Column("report", JSONB, nullable=False),
    timestamp_column("received_at"),
    PrimaryKeyConstraint("programme", "id"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    ForeignKeyConstraint(["programme", "plan_version"], ["plan_version.programme", "plan_version.number"]),
)

return_table = Table(
    "return",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("series", Integer, nullable=False),
    Column("service", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    PrimaryKeyConstraint("programme", "id"),
    UniqueConstraint("programme", "organisation", "series", "service", "period", name="once"),
    UniqueConstraint("programme", "organisation", "id", name="of_organisation"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    ForeignKeyConstraint(["programme", "series"], ["series.programme", "series.id"]),
    Index(None, "programme", "series", "period_start"),
    comment="Row-level security by organisation.",
)

PACKED_FIELDS = ("area", "breakdown", "value", "numerator", "denominator", "lower", "upper", "status")
"""The fields of cells. api/submissions/packed_cells.py has the format of their columns."""


def check_length(name: str) -> CheckConstraint:
    """Return the check that a packed column has a number for each cell."""
    column = f"cell_{name}"
    return CheckConstraint(
        f"{column} is null or octet_length({column}) in (cells, 2 * cells, 4 * cells, 8 * cells)",
        name=f"each_cell_has_its_{name}",
    )


revision = Table(
    "revision",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("return", BigInteger, nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("submission", Uuid, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("cells", Integer, nullable=False),
    Column("totals", Integer, nullable=False, server_default=text("0"), comment="How many cells are totals of areas."),
    *(Column(f"cell_{name}", LargeBinary) for name in PACKED_FIELDS),
    Column("cell_notes", JSONB, comment="The notes of cells, by the position of the cell."),
    Column("content", JSONB, comment="The items of a milestone return, the entries of an evidence return."),
    Column("justifications", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("note", Text),
    timestamp_column("recorded_at"),
    Column("transaction", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("rounded_to", Integer, comment="The base of rounding, if it is declared."),
    PrimaryKeyConstraint("programme", "id"),
    UniqueConstraint("programme", "return", "number", name="number"),
    ForeignKeyConstraint(
        ["programme", "organisation", "return"], ["return.programme", "return.organisation", "return.id"]
    ),
    ForeignKeyConstraint(["programme", "submission"], ["submission.programme", "submission.id"]),
    ForeignKeyConstraint(["programme", "plan_version"], ["plan_version.programme", "plan_version.number"]),
    CheckConstraint("kind in ('data', 'nil', 'withdrawn')", name="kind_is_known"),
    CheckConstraint("kind = 'data' or cells = 0", name="nil_has_no_cells"),
    CheckConstraint("totals between 0 and cells", name="totals_are_cells"),
    *map(check_length, PACKED_FIELDS),
    CheckConstraint("(cell_area is null) = (cell_breakdown is null)", name="each_cell_has_both_codes"),
    CheckConstraint(
        f"cell_area is not null or coalesce({', '.join(f'cell_{name}' for name in PACKED_FIELDS[2:])}) is null",
        name="numbers_belong_to_cells",
    ),
    comment="Never changed but by redact(). Row-level security by organisation.",
)

return_event = Table(
    "return_event",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("position", BigInteger, Identity(), nullable=False),
    Column("return", BigInteger, nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("state", Text, comment="The revision's state from here on; null where the event does not move it."),
    Column("text", Text),
    Column("entries", ARRAY(Integer), comment="Of `cleared`: the items or entries, counted from 1."),
    Column("client", Uuid, ForeignKey("client.id"), nullable=False),
    Column("by_organisation", Integer, nullable=False),
    timestamp_column("at"),
    Column("transaction", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    PrimaryKeyConstraint("programme", "id"),
    ForeignKeyConstraint(
        ["programme", "organisation", "return"], ["return.programme", "return.organisation", "return.id"]
    ),
    ForeignKeyConstraint(
        ["programme", "return", "number"], ["revision.programme", "revision.return", "revision.number"]
    ),
    CheckConstraint(
        "event in ('recorded', 'superseded', 'approved', 'queried', 'reopened', 'commented', 'cleared', "
        "'redaction-proposed', 'redacted')",
        name="event_is_known",
    ),
    CheckConstraint(
        "state in ('pending', 'queried', 'approved', 'superseded', 'redacted')",
        name="state_is_known",
    ),
    CheckConstraint("event <> 'queried' or text is not null", name="a_query_has_a_reason"),
    Index(None, "programme", "return", "position"),
    Index(None, "programme", "transaction", "position"),
    comment="Everything that happened to returns, in order. Appended to alone. Row-level security by organisation.",
)

past_snapshot = Table(
    "past_snapshot",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    timestamp_column("at"),
    Column("snapshot", Snapshot, nullable=False),
    Column(
        "is_needed",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="Whether it excludes a revision that states an earlier time, and so is never deleted.",
    ),
    PrimaryKeyConstraint("programme", "at"),
    comment="What was committed when an instant was first read while somebody wrote. It holds for earlier ones too.",
)

rate_count = Table(
    "rate_count",
    metadata,
    Column("bucket", LargeBinary, nullable=False, comment="A hash of a key or an address."),
    Column("window", Integer, nullable=False, comment="The minute, counted from 1970."),
    Column("used", Integer, nullable=False),
    PrimaryKeyConstraint("bucket", "window"),
    comment="Requests of the current minute. A crash of the database empties it.",
    prefixes=["UNLOGGED"],
)

worker = Table(
    "worker",
    metadata,
    Column("id", Uuid, primary_key=True),
    timestamp_column("started_at"),
    timestamp_column("beat_at"),
    comment="The worker processes, each with its last heartbeat.",
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("client", Uuid, ForeignKey("client.id"), nullable=False),
    Column("operation", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("submission", Uuid),
    Column("answer", LargeBinary, comment="Null once its content is redacted."),
    timestamp_column("created_at"),
    PrimaryKeyConstraint("programme", "client", "operation", "key"),
    Index(None, "created_at"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    comment="Answers kept for 30 days, to be given again. Row-level security by organisation.",
)

obligation = Table(
    "obligation",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("holder", Text, nullable=False),
    Column("series", Integer, nullable=False),
    Column("service", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("organisation", Integer, comment="Null while the holder is a role without an organisation."),
    Column("period_start", Date, nullable=False),
    Column("period_end", Date, nullable=False),
    timestamp_column("due"),
    timestamp_column("timely_until"),
    timestamp_column("closes_at", nullable=True),
    PrimaryKeyConstraint("programme", "holder", "series", "service", "period"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    ForeignKeyConstraint(["programme", "series"], ["series.programme", "series.id"]),
    Index(None, "programme", "organisation", "due"),
    comment="The returns that the newest plan version expects: duties times calendar. Made anew with each version.",
)


def decision_table(name: str, *columns: Column[Any], comment: str) -> Table:
    """Return a table of decisions that reviewers make about an expected return."""
    return Table(
        name,
        metadata,
        Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
        Column("id", Uuid, nullable=False),
        Column("organisation", Integer, nullable=False),
        Column("series", Integer, nullable=False),
        Column("service", Text, nullable=False),
        Column("period", Text, nullable=False),
        *columns,
        Column("reason", Text, nullable=False),
        Column("client", Uuid, ForeignKey("client.id"), nullable=False),
        timestamp_column("at"),
        Column("position", BigInteger, Identity(), nullable=False),
        PrimaryKeyConstraint("programme", "id"),
        ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
        ForeignKeyConstraint(["programme", "series"], ["series.programme", "series.id"]),
        Index(None, "programme", "organisation", "series", "service", "period"),
        comment=comment,
    )


extension = decision_table(
    "extension",
    timestamp_column("until"),
    comment="More time for a return. Appended to alone. Row-level security by organisation.",
)
exemption = decision_table(
    "exemption",
    Column("exempt", Boolean, nullable=False),
    comment="Whether a return is expected; the newest counts. Appended to alone. Row-level security by organisation.",
)

redaction = Table(
    "redaction",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("return", BigInteger, nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", Uuid, ForeignKey("client.id"), nullable=False),
    Column("proposed_person", Text, nullable=False),
    timestamp_column("proposed_at"),
    Column("confirmed_by", Uuid, ForeignKey("client.id")),
    Column("confirmed_person", Text),
    timestamp_column("confirmed_at", nullable=True),
    Column("content_sha256", LargeBinary, comment="Of what was removed."),
    PrimaryKeyConstraint("programme", "id"),
    UniqueConstraint("programme", "return", "number", name="once"),
    ForeignKeyConstraint(
        ["programme", "return", "number"], ["revision.programme", "revision.return", "revision.number"]
    ),
    CheckConstraint("proposed_by <> confirmed_by", name="two_people"),
    CheckConstraint("lower(proposed_person) <> lower(confirmed_person)", name="two_persons"),
    CheckConstraint("(confirmed_by is null) = (confirmed_person is null)", name="confirmed_by_a_person"),
    comment="Two people agree that content goes. Row-level security by organisation.",
)

audit = Table(
    "audit",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", BigInteger, Identity(), nullable=False),
    timestamp_column("at"),
    Column("action", Text, nullable=False),
    Column("client", Uuid, ForeignKey("client.id"), comment="Null for the operator."),
    Column("key", Text),
    Column("organisation", Integer),
    Column("request_id", Text, nullable=False),
    Column("client_request_id", Text, comment="The caller's own id of the request."),
    Column("subject", JSONB, nullable=False),
    PrimaryKeyConstraint("programme", "id"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    comment="Who did what, when. Appended to alone; read by those with the scope admin.",
)

boundary = Table(
    "boundary",
    metadata,
    Column("area", Text, primary_key=True),
    Column("geometry", JSONB, nullable=False),
    Column("source", Text, nullable=False),
    timestamp_column("loaded_at"),
    comment="Published boundaries by GSS code. A code means the same place in every programme.",
)

publication_job = Table(
    "publication",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("client", Uuid, ForeignKey("client.id"), nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("request", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    timestamp_column("requested_at"),
    timestamp_column("frozen_at", nullable=True),
    Column("plan_version", Integer),
    timestamp_column("finished_at", nullable=True),
    Column("contributions", Integer),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("release", Integer),
    Column("failures", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("failure_reason", Text),
    Column("rehearsal", JSONB),
    PrimaryKeyConstraint("programme", "id"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    CheckConstraint(
        "state in ('queued', 'running', 'published', 'rehearsed', 'refused', 'failed', 'cancelled')",
        name="state_is_known",
    ),
    Index(
        "publication_one_at_a_time_ix",
        "programme",
        unique=True,
        postgresql_where=text("state in ('queued', 'running')"),
    ),
    comment="The making of a release, or its rehearsal.",
)

release = Table(
    "release",
    metadata,
    Column("programme", Integer, ForeignKey("programme.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("publication", Uuid, nullable=False),
    Column("plan_version", Integer, nullable=False),
    timestamp_column("published_at"),
    timestamp_column("frozen_at"),
    Column("notes", Text),
    Column("policy", JSONB, nullable=False),
    Column("explanations", JSONB, nullable=False),
    Column("report", JSONB, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    timestamp_column("withdrawn_at", nullable=True),
    Column("withdrawal_reason", Text),
    PrimaryKeyConstraint("programme", "number"),
    CheckConstraint("number >= 1", name="number_counts_from_one"),
    CheckConstraint("(withdrawn_at is null) = (withdrawal_reason is null)", name="withdrawn_with_a_reason"),
    schema="release",
    comment="Immutable, but for being withdrawn as a whole.",
)


def release_table(name: str, *rest: Column[Any] | Constraint | Index, schema: str, comment: str) -> Table:
    """Return a table whose rows belong to a release."""
    return Table(
        name,
        metadata,
        Column("programme", Integer, nullable=False),
        Column("release", Integer, nullable=False),
        *rest,
        schema=schema,
        comment=comment,
    )


def release_foreign_key() -> ForeignKeyConstraint:
    """Return a foreign key that PostgreSQL checks at commit, because the release is written last.

    Tables with many rows have a trigger instead. It checks once for each statement that the release is not written yet.
    """
    return ForeignKeyConstraint(
        ["programme", "release"], ["release.release.programme", "release.release.number"], deferrable=True
    )


released_period = release_table(
    "period",
    Column("series", Integer, nullable=False),
    Column("period", Text, nullable=False),
    Column("period_end", Date, nullable=False),
    Column("received", Boolean, nullable=False),
    PrimaryKeyConstraint("programme", "release", "series", "period"),
    release_foreign_key(),
    schema="release",
    comment="The periods that a release covers of each series, and whether anything was returned for them.",
)

figure_block = release_table(
    "figure_block",
    Column("series", Integer, nullable=False),
    Column("period", Text, nullable=False),
    Column("first_position", Integer, nullable=False),
    Column("figure_count", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("programme", "release", "series", "period"),
    Index("figure_block_in_order_ix", "programme", "release", "first_position", unique=True),
    CheckConstraint("first_position >= 0 and figure_count >= 1", name="figures_are_counted"),
    schema="release",
    comment="The figures of a series in a period of a release, as columns. Positions are in the order of the plan.",
)

change_block = release_table(
    "change_block",
    Column("first_position", Integer, nullable=False),
    Column("change_count", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("programme", "release", "first_position"),
    CheckConstraint("first_position >= 0 and change_count >= 1", name="changes_are_counted"),
    schema="release",
    comment="What differs from the release before, as columns: positions of figures in that release and in this one.",
)

released_entry = release_table(
    "entry",
    Column("position", Integer, nullable=False),
    Column("series", Integer, nullable=False),
    Column("period", Text, nullable=False),
    Column("revision", BigInteger, nullable=False, comment="What it was returned in; readers cannot see it."),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("programme", "release", "position"),
    release_foreign_key(),
    Index("entry_of_series_ix", "programme", "release", "series", "period", "position"),
    Index("entry_of_revision_ix", "programme", "revision"),
    schema="release",
    comment="Cleared items and entries, as they are answered. Redacting their revision removes them.",
)

publication_inputs = Table(
    "inputs",
    metadata,
    Column("programme", Integer, nullable=False),
    Column("publication", Uuid, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("programme", "publication"),
    ForeignKeyConstraint(["programme", "publication"], ["publication.programme", "publication.id"]),
    schema="protection",
    comment="The revisions that a publication uses, however often it starts again. Deleted when it ends.",
)

contribution = Table(
    "contribution",
    metadata,
    Column("programme", Integer, nullable=False),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("scope", Text, nullable=False, comment="Measure, series and period, or the periods between two resets."),
    Column("position", Integer, nullable=False, comment="How many released contributions come before it."),
    Column("inputs", LargeBinary, nullable=False, comment="A hash of the returns, the cells and the rule."),
    Column("revisions", ARRAY(BigInteger), nullable=False),
    Column("release", Integer, comment="The first release that displays it; null if none does yet."),
    Column("content", LargeBinary, nullable=False, comment="Displayed counts, draws and masks, as packed columns."),
    Column("counts", LargeBinary, comment="True counts, as a packed column. A redaction deletes them."),
    Column("left_out", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    PrimaryKeyConstraint("programme", "id"),
    UniqueConstraint("programme", "organisation", "scope", "position", "inputs", name="continues_once"),
    ForeignKeyConstraint(["programme", "organisation"], ["organisation.programme", "organisation.id"]),
    schema="protection",
    comment="What organisations contribute to releases. Only the role that publishes reads it.",
)
