"""Create reviews, obligations, stored responses and the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from schema.tables import TransactionId

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The caller reads and writes rows of its organisation and of those that it succeeds.
HERE = "programme = (select nullif(current_setting('work_health.programme', true), '')::int)"
OWN = "organisation = any (select unnest(string_to_array(current_setting('work_health.organisations', true), ',')::int[]))"
MINE = f"({HERE} and {OWN})"
REVIEWED = f"({HERE} and (select current_setting('work_health.review', true)) = 'on')"
ADMINISTERED = f"({HERE} and (select current_setting('work_health.admin', true)) = 'on')"

# As in the first migration.
ONE = f"""({HERE}
    and organisation = (select nullif(current_setting('work_health.organisation', true), '')::int))"""

WALL = """
    create or replace function observation_wall() returns trigger language plpgsql as $$
    begin
        if exists (
            select from (select distinct programme, revision from written) w
            left join revision r on r.programme = w.programme and r.id = w.revision
                and r.kind = 'data'
                and r.transaction = pg_current_xact_id()
                and {own}
            where r.id is null
        ) then
            raise insufficient_privilege using
                message = 'observations go only into a revision that the caller has made in this transaction';
        end if;
        if exists (
            select from (select distinct programme, area from written) w
            left join area a on a.programme = w.programme and a.id = w.area where a.id is null
        ) or exists (
            select from (select distinct programme, breakdown from written) w
            left join breakdown b on b.programme = w.programme and b.id = w.breakdown where b.id is null
        ) then
            raise foreign_key_violation using message = 'an observation names an area or breakdown unknown here';
        end if;
        return null;
    end $$
"""

# Runs as the owner of the tables after two people have agreed. Nothing else removes content.
REDACT = """
    create function redact(in_programme int, wanted uuid) returns bytea
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        agreed redaction;
        target revision;
        named record;
        gone bytea;
    begin
        select * into agreed from redaction
        where programme = in_programme and id = wanted and confirmed_by <> proposed_by and content_sha256 is null
        for update;
        if not found then
            raise insufficient_privilege using message = 'content goes only once two people have agreed, and goes once';
        end if;
        select * into strict target from revision
        where programme = in_programme and "return" = agreed."return" and number = agreed.number;
        select s.measure, s.slug, r.service, r.period into strict named
        from "return" r join series s on s.programme = r.programme and s.id = r.series
        where r.programme = in_programme and r.id = agreed."return";
        select sha256(convert_to(concat_ws(E'\\n', string_agg(o::text, E'\\n' order by o.area, o.breakdown),
                                           target.content::text, target.justifications::text, target.note), 'UTF8'))
        into gone from observation o where o.programme = in_programme and o.revision = target.id;

        delete from observation o where o.programme = in_programme and o.revision = target.id;
        update revision r set note = null, content = null, justifications = '[]'::jsonb
        where r.programme = in_programme and r.id = target.id;
        -- Reports contain what was sent and the values before it: those of this revision and all later ones.
        with told as (
            update submission s
            set note = null, report = s.report || '{"findings": [], "changes": [], "change_count": 0, "effects": []}'
            where s.programme = in_programme and s.organisation = agreed.organisation and exists (
                select from jsonb_array_elements(s.report -> 'returns') one
                where one ->> 'measure' = named.measure and one ->> 'series' = named.slug
                    and one ->> 'service' = named.service and one -> 'period' ->> 'code' = named.period
                    and (one ->> 'revision')::int >= agreed.number
            )
            returning s.id
        )
        update idempotency i set answer = null from told
        where i.programme = in_programme and i.submission = told.id;
        -- Findings against history quote values of other periods, and effects contain their sums.
        with told as (
            update submission s
            set report = s.report || jsonb_build_object('effects', '[]'::jsonb, 'findings', (
                select coalesce(jsonb_agg(f), '[]'::jsonb) from jsonb_array_elements(s.report -> 'findings') f
                where f ->> 'code' not in ('unlike-earlier', 'cumulative-fell')
                    or f -> 'cell' ->> 'measure' <> named.measure or f -> 'cell' ->> 'series' <> named.slug
                    or f -> 'cell' ->> 'service' <> named.service
            ))
            where s.programme = in_programme and s.organisation = agreed.organisation
                and s.received_at >= (
                    select first.received_at from submission first
                    where first.programme = in_programme and first.id = target.submission
                )
                and exists (
                    select from jsonb_array_elements(s.report -> 'returns') one
                    where one ->> 'measure' = named.measure and one ->> 'series' = named.slug
                        and one ->> 'service' = named.service
                )
            returning s.id
        )
        update idempotency i set answer = null from told
        where i.programme = in_programme and i.submission = told.id;
        update return_event e set text = null
        where e.programme = in_programme and e."return" = agreed."return" and e.number = agreed.number
            and e.event not in ('redaction-proposed', 'queried');
        update return_event e set text = '(redacted)'
        where e.programme = in_programme and e."return" = agreed."return" and e.number = agreed.number
            and e.event = 'queried';
        update redaction r set content_sha256 = gone where r.programme = in_programme and r.id = wanted;
        return gone;
    end $$
"""

GUARDED = ("return_event", "idempotency", "extension", "exemption", "redaction", "audit")
WALLS = [
    *(
        f'alter policy own on "{table}" using ({MINE} or {REVIEWED}) with check ({MINE})'
        for table in ("submission", "return", "revision")
    ),
    WALL.format(
        own="r.organisation = any (string_to_array(current_setting('work_health.organisations', true), ',')::int[])"
    ),
    *(f"alter table {table} enable row level security" for table in GUARDED),
    "grant select, insert on return_event, extension, exemption, redaction, audit to work_health_app",
    "grant update (confirmed_by, confirmed_at) on redaction to work_health_app",
    "grant select, insert, delete on idempotency to work_health_app",
    "grant select on obligation to work_health_app",
    f"create policy seen on return_event for select to work_health_app using ({MINE} or {REVIEWED})",
    f"""
    create policy told on return_event for insert to work_health_app with check (
        ({MINE} and event in ('recorded', 'superseded', 'commented')) or {REVIEWED}
    )
    """,
    f"create policy own on idempotency to work_health_app using ({MINE}) with check ({MINE})",
    *(
        statement
        for table in ("extension", "exemption", "redaction")
        for statement in (
            f"create policy seen on {table} for select to work_health_app using ({MINE} or {REVIEWED})",
            f"create policy decided on {table} for insert to work_health_app with check ({REVIEWED})",
        )
    ),
    f"""
    create policy confirmed on redaction for update to work_health_app
        using ({REVIEWED} and confirmed_by is null) with check ({REVIEWED})
    """,
    f"create policy told on audit for insert to work_health_app with check ({HERE})",
    f"create policy seen on audit for select to work_health_app using ({ADMINISTERED})",
    REDACT,
    "revoke all on function redact from public",
    "grant execute on function redact to work_health_app",
    # Revisions from before there were events get one event each, as if they were recorded now.
    """
    insert into return_event (programme, id, "return", organisation, number, event, state, client, by_organisation, at,
                              transaction)
    select r.programme, gen_random_uuid(), r."return", r.organisation, r.number, 'recorded',
        case when r.number = max(r.number) over (partition by r.programme, r."return") then 'pending'
             else 'superseded' end,
        s.client, r.organisation, r.recorded_at, r.transaction
    from revision r join submission s on s.programme = r.programme and s.id = r.submission
    order by r.recorded_at, r.id
    """,
]


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=True, comment="Null for the operator."),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("organisation", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("subject", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("audit_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("audit_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("audit_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("audit_pk")),
        comment="Who did what, when. Appended to alone; read by those with the scope admin.",
    )
    op.create_table(
        "exemption",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("exemption_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("exemption_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "series"], ["series.programme", "series.id"], name=op.f("exemption_programme_series_fk")
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("exemption_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("exemption_pk")),
        comment="Whether a return is expected; the newest counts. Appended to alone. Row-level security by organisation.",
    )
    op.create_index(
        op.f("exemption_programme_organisation_series_service_period_ix"),
        "exemption",
        ["programme", "organisation", "series", "service", "period"],
        unique=False,
    )
    op.create_table(
        "extension",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("extension_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("extension_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "series"], ["series.programme", "series.id"], name=op.f("extension_programme_series_fk")
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("extension_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("extension_pk")),
        comment="More time for a return. Appended to alone. Row-level security by organisation.",
    )
    op.create_index(
        op.f("extension_programme_organisation_series_service_period_ix"),
        "extension",
        ["programme", "organisation", "series", "service", "period"],
        unique=False,
    )
    op.create_table(
        "idempotency",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("submission", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True, comment="Null once its content is redacted."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("idempotency_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("idempotency_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("idempotency_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "client", "operation", "key", name=op.f("idempotency_pk")),
        comment="Answers kept for 30 days, to be given again. Row-level security by organisation.",
    )
    op.create_table(
        "obligation",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "organisation",
            sa.Integer(),
            nullable=True,
            comment="Null while the holder is a role without an organisation.",
        ),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timely_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("obligation_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "series"], ["series.programme", "series.id"], name=op.f("obligation_programme_series_fk")
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("obligation_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "holder", "series", "service", "period", name=op.f("obligation_pk")),
        comment="The returns that the newest plan version expects: duties times calendar. Made anew with each version.",
    )
    op.create_index(
        op.f("obligation_programme_organisation_due_ix"),
        "obligation",
        ["programme", "organisation", "due"],
        unique=False,
    )
    op.create_table(
        "redaction",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=True, comment="Of what was removed."),
        sa.CheckConstraint("proposed_by <> confirmed_by", name=op.f("redaction_two_people_ck")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["client.id"], name=op.f("redaction_confirmed_by_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "return", "number"],
            ["revision.programme", "revision.return", "revision.number"],
            name=op.f("redaction_programme_return_number_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("redaction_programme_fk")),
        sa.ForeignKeyConstraint(["proposed_by"], ["client.id"], name=op.f("redaction_proposed_by_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("redaction_pk")),
        sa.UniqueConstraint("programme", "return", "number", name=op.f("redaction_once_uq")),
        comment="Two people agree that content goes. Row-level security by organisation.",
    )
    op.create_table(
        "return_event",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("return", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=True,
            comment="The revision's state from here on; null where the event does not move it.",
        ),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "entries",
            sa.ARRAY(sa.Integer()),
            nullable=True,
            comment="Of `cleared`: the items or entries, counted from 1.",
        ),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("by_organisation", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint("event <> 'queried' or text is not null", name=op.f("return_event_a_query_has_a_reason_ck")),
        sa.CheckConstraint(
            "event in ('recorded', 'superseded', 'approved', 'queried', 'reopened', 'commented', 'cleared', 'redaction-proposed', 'redacted')",
            name=op.f("return_event_event_is_known_ck"),
        ),
        sa.CheckConstraint(
            "state in ('pending', 'queried', 'approved', 'superseded', 'redacted')",
            name=op.f("return_event_state_is_known_ck"),
        ),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("return_event_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation", "return"],
            ["return.programme", "return.organisation", "return.id"],
            name=op.f("return_event_programme_organisation_return_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "return", "number"],
            ["revision.programme", "revision.return", "revision.number"],
            name=op.f("return_event_programme_return_number_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("return_event_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("return_event_pk")),
        comment="Everything that happened to returns, in order. Appended to alone. Row-level security by organisation.",
    )
    op.create_index(
        op.f("return_event_programme_return_position_ix"),
        "return_event",
        ["programme", "return", "position"],
        unique=False,
    )
    op.create_index(
        op.f("return_event_programme_transaction_position_ix"),
        "return_event",
        ["programme", "transaction", "position"],
        unique=False,
    )
    op.add_column(
        "revision",
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="The items of a milestone return, the entries of an evidence return.",
        ),
    )
    op.add_column(
        "revision",
        sa.Column(
            "justifications",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.create_table_comment(
        "revision",
        "Never changed but by redact(). Row-level security by organisation.",
        existing_comment="Never changed. Row-level security by organisation.",
        schema=None,
    )
    op.drop_constraint(op.f("revision_kind_is_known_ck"), "revision")
    op.create_check_constraint(op.f("revision_kind_is_known_ck"), "revision", "kind in ('data', 'nil', 'withdrawn')")
    for statement in WALLS:
        op.execute(statement)


def downgrade() -> None:
    """Fail and change nothing if a return was withdrawn, because the earlier schema cannot express that."""
    op.drop_constraint(op.f("revision_kind_is_known_ck"), "revision")
    op.create_check_constraint(op.f("revision_kind_is_known_ck"), "revision", "kind in ('data', 'nil')")
    op.execute("drop function redact")
    op.execute(WALL.format(own="r.organisation = nullif(current_setting('work_health.organisation', true), '')::int"))
    for table in ("submission", "return", "revision"):
        op.execute(f'alter policy own on "{table}" using ({ONE} or {REVIEWED}) with check ({ONE})')
    op.create_table_comment(
        "revision",
        "Never changed. Row-level security by organisation.",
        existing_comment="Never changed but by redact(). Row-level security by organisation.",
        schema=None,
    )
    op.drop_column("revision", "justifications")
    op.drop_column("revision", "content")
    op.drop_index(op.f("return_event_programme_transaction_position_ix"), table_name="return_event")
    op.drop_index(op.f("return_event_programme_return_position_ix"), table_name="return_event")
    op.drop_table("return_event")
    op.drop_table("redaction")
    op.drop_index(op.f("obligation_programme_organisation_due_ix"), table_name="obligation")
    op.drop_table("obligation")
    op.drop_table("idempotency")
    op.drop_index(op.f("extension_programme_organisation_series_service_period_ix"), table_name="extension")
    op.drop_table("extension")
    op.drop_index(op.f("exemption_programme_organisation_series_service_period_ix"), table_name="exemption")
    op.drop_table("exemption")
    op.drop_table("audit")
