"""Create the first tables, with row-level security and a trigger that protect what partners send."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from schema.tables import TransactionId

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLES = ("work_health_app", "work_health_view")

# The application sets a programme and an organisation at the start of each transaction.
MINE = """
    programme = (select nullif(current_setting('work_health.programme', true), '')::int)
    and organisation = (select nullif(current_setting('work_health.organisation', true), '')::int)
"""
REVIEWED = """
    programme = (select nullif(current_setting('work_health.programme', true), '')::int)
    and (select current_setting('work_health.review', true)) = 'on'
"""

WALLS = [
    *(
        f"""
        do $$ begin
            create role {role} nologin;
        exception when duplicate_object then null;
        end $$
        """
        for role in ROLES
    ),
    *(f"grant {role} to current_user" for role in ROLES),
    *(f"grant usage on schema public to {role}" for role in ROLES),
    """
    grant select on programme, plan_version, organisation, series, area, breakdown,
        client, client_grant, client_key to work_health_app
    """,
    "grant update (last_used_at) on client_key to work_health_app",
    'grant select, insert on submission, "return", revision to work_health_app',
    "grant insert on observation to work_health_app",
    "grant select on revision, observation to work_health_view",
    *(
        statement
        for table in ("submission", "return", "revision")
        for statement in (
            f'alter table "{table}" enable row level security',
            f"""
            create policy own on "{table}" to work_health_app, work_health_view
                using (({MINE}) or ({REVIEWED})) with check ({MINE})
            """,
        )
    ),
    # COPY cannot write into a table with row-level security, so a trigger protects observation. It runs as
    # the caller, who cannot read revisions of another organisation.
    """
    create function observation_wall() returns trigger language plpgsql as $$
    begin
        if exists (
            select from (select distinct programme, revision from written) w
            left join revision r on r.programme = w.programme and r.id = w.revision
                and r.kind = 'data'
                and r.transaction = pg_current_xact_id()
                and r.organisation = nullif(current_setting('work_health.organisation', true), '')::int
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
    """,
    """
    create trigger observation_wall after insert on observation
        referencing new table as written for each statement execute function observation_wall()
    """,
    # Its owner is a role to which the policies apply, so that each caller reads only its own rows.
    """
    create view cell with (security_barrier) as
        select r."return", r.organisation, r.number, o.*
        from observation o join revision r on r.programme = o.programme and r.id = o.revision
    """,
    "alter view cell owner to work_health_view",
    "grant select on cell to work_health_app",
]


def upgrade() -> None:
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("client_pk")),
        comment="A program or person that calls. It acts for one organisation in each programme.",
    )
    op.create_table(
        "observation",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("breakdown", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("lower", sa.BigInteger(), nullable=True),
        sa.Column("upper", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status = 'c' or (lower is null and upper is null)",
            name=op.f("observation_bounds_belong_to_what_is_hidden_ck"),
        ),
        sa.CheckConstraint("status in ('c', 'x', 'z', 'w')", name=op.f("observation_status_is_known_ck")),
        sa.CheckConstraint(
            "(numerator is null) = (denominator is null) and (numerator is null or value is null)",
            name=op.f("observation_one_form_of_number_ck"),
        ),
        sa.CheckConstraint(
            "(status is not null) = (value is null and numerator is null and denominator is null)",
            name=op.f("observation_a_number_or_a_reason_ck"),
        ),
        sa.CheckConstraint(
            "lower >= 0 and upper >= 0 and lower <= upper", name=op.f("observation_bounds_are_ordered_ck")
        ),
        sa.CheckConstraint("numerator >= 0 and denominator >= 0", name=op.f("observation_ratio_is_of_counts_ck")),
        sa.CheckConstraint("value >= 0", name=op.f("observation_value_is_a_count_ck")),
        sa.PrimaryKeyConstraint("programme", "revision", "area", "breakdown", name=op.f("observation_pk")),
        comment="Written by COPY, which row-level security would forbid, and never changed. A trigger checks each statement's revisions, areas and breakdowns at once instead of a foreign key row by row. Read through the view cell.",
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("programme_pk")),
        sa.UniqueConstraint("slug", name=op.f("programme_slug_uq")),
    )
    op.create_table(
        "area",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("area_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("area_pk")),
        sa.UniqueConstraint("programme", "code", name=op.f("area_code_uq")),
    )
    op.create_table(
        "breakdown",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("breakdown_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("breakdown_pk")),
        sa.UniqueConstraint("programme", "key", name=op.f("breakdown_code_uq")),
    )
    op.create_table(
        "client_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("client_key_client_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("client_key_pk")),
        sa.UniqueConstraint("digest", name=op.f("client_key_digest_uq")),
        comment="A key is shown once and kept as its SHA-256: with 256 random bits there is nothing to guess.",
    )
    op.create_table(
        "organisation",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("organisation_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("organisation_pk")),
        sa.UniqueConstraint("programme", "slug", name=op.f("organisation_code_uq")),
    )
    op.create_table(
        "plan_version",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("plan_version_number_counts_from_one_ck")),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("plan_version_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "number", name=op.f("plan_version_pk")),
        comment="Immutable: one loading of a programme's file that changed it.",
    )
    op.create_table(
        "series",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("series_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("series_pk")),
        sa.UniqueConstraint("programme", "measure", "slug", name=op.f("series_code_uq")),
    )
    op.create_table(
        "client_grant",
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "scopes <@ array['submit', 'read', 'review', 'publish', 'admin']::text[]",
            name=op.f("client_grant_scopes_are_known_ck"),
        ),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("client_grant_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("client_grant_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("client_grant_programme_fk")),
        sa.PrimaryKeyConstraint("client", "programme", name=op.f("client_grant_pk")),
    )
    op.create_table(
        "return",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("return_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "series"],
            ["series.programme", "series.id"],
            name=op.f("return_programme_series_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("return_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("return_pk")),
        sa.UniqueConstraint("programme", "organisation", "id", name=op.f("return_of_organisation_uq")),
        sa.UniqueConstraint("programme", "organisation", "series", "service", "period", name=op.f("return_once_uq")),
        comment="Row-level security by organisation.",
    )
    op.create_index(
        op.f("return_programme_series_period_start_ix"),
        "return",
        ["programme", "series", "period_start"],
        unique=False,
    )
    op.create_table(
        "submission",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("submission_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("submission_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "plan_version"],
            ["plan_version.programme", "plan_version.number"],
            name=op.f("submission_programme_plan_version_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("submission_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("submission_pk")),
    )
    op.create_table(
        "revision",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("return", sa.BigInteger(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("submission", sa.Uuid(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint("kind = 'data' or cells = 0", name=op.f("revision_nil_has_no_cells_ck")),
        sa.CheckConstraint("kind in ('data', 'nil')", name=op.f("revision_kind_is_known_ck")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation", "return"],
            ["return.programme", "return.organisation", "return.id"],
            name=op.f("revision_programme_organisation_return_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "plan_version"],
            ["plan_version.programme", "plan_version.number"],
            name=op.f("revision_programme_plan_version_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["programme", "submission"],
            ["submission.programme", "submission.id"],
            name=op.f("revision_programme_submission_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("revision_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("revision_pk")),
        sa.UniqueConstraint("programme", "return", "number", name=op.f("revision_number_uq")),
        comment="Never changed. Row-level security by organisation.",
    )

    for statement in WALLS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop view cell")
    op.execute("drop trigger observation_wall on observation")
    op.execute("drop function observation_wall")
    # Do not drop the roles: they belong to the whole server and another database may use them.
    for role in ROLES:
        op.execute(f"revoke all on all tables in schema public from {role}")
        op.execute(f"revoke all on schema public from {role}")
    op.drop_table("revision")
    op.drop_table("submission")
    op.drop_index(op.f("return_programme_series_period_start_ix"), table_name="return")
    op.drop_table("return")
    op.drop_table("client_grant")
    op.drop_table("series")
    op.drop_table("plan_version")
    op.drop_table("organisation")
    op.drop_table("client_key")
    op.drop_table("breakdown")
    op.drop_table("area")
    op.drop_table("programme")
    op.drop_table("observation")
    op.drop_table("client")
