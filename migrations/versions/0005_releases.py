"""Create the public tables of releases and the private tables of their audits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HERE = "programme = (select nullif(current_setting('work_health.programme', true), '')::int)"

ROLES = [
    *(
        f"""
        do $$ begin
            create role {role} nologin;
        exception when duplicate_object then null;
        end $$
        """
        for role in ("work_health_public", "work_health_publisher")
    ),
    "grant work_health_public, work_health_publisher to current_user",
    "grant work_health_app to work_health_publisher",
]

WALLS = [
    "grant usage on schema public, release to work_health_public, work_health_app, work_health_publisher",
    "grant usage on schema protection to work_health_publisher",
    # The role for public requests reads the plan and published data, but no returns.
    """
    grant select on programme, plan_version, organisation, series, area, breakdown, boundary to work_health_public
    """,
    "grant select on all tables in schema release to work_health_public, work_health_app, work_health_publisher",
    "grant insert on all tables in schema release to work_health_publisher",
    "grant update (withdrawn_at, withdrawal_reason) on release.release to work_health_app",
    "grant select, insert, update, delete on all tables in schema protection to work_health_publisher",
    "grant select, insert on publication to work_health_app",
    "grant update on publication to work_health_publisher",
    "alter table publication enable row level security",
    f"create policy here on publication to work_health_app using ({HERE}) with check ({HERE})",
]


def upgrade() -> None:
    for statement in ROLES:
        op.execute(statement)
    op.execute("create schema release")
    op.execute("create schema protection")
    op.create_table(
        "publication",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("request", JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_version", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scopes", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("release", sa.Integer(), nullable=True),
        sa.Column("failures", JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("rehearsal", JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'published', 'rehearsed', 'refused', 'failed')",
            name=op.f("publication_state_is_known_ck"),
        ),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("publication_client_fk")),
        sa.ForeignKeyConstraint(
            ["programme", "organisation"],
            ["organisation.programme", "organisation.id"],
            name=op.f("publication_programme_organisation_fk"),
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("publication_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "id", name=op.f("publication_pk")),
        comment="The making of a release, or its rehearsal.",
    )
    op.create_index(
        "publication_one_at_a_time_ix",
        "publication",
        ["programme"],
        unique=True,
        postgresql_where=sa.text("state in ('queued', 'running')"),
    )
    op.create_table(
        "release",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Uuid(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("policy", JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("release_number_counts_from_one_ck")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawal_reason is null)", name=op.f("release_withdrawn_with_a_reason_ck")
        ),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("release_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "number", name=op.f("release_pk")),
        schema="release",
        comment="Immutable, but for being withdrawn as a whole.",
    )
    op.create_table(
        "period",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("received", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "release"],
            ["release.release.programme", "release.release.number"],
            name=op.f("period_programme_release_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "release", "series", "period", name=op.f("period_pk")),
        schema="release",
        comment="The periods that a release covers of each series, and whether anything was returned for them.",
    )
    op.create_table(
        "figure",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("area", sa.Integer(), nullable=False),
        sa.Column("breakdown", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "release"],
            ["release.release.programme", "release.release.number"],
            name=op.f("figure_programme_release_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "release", "position", name=op.f("figure_pk")),
        schema="release",
        comment="The figures of a release as they are answered, in the order of the plan.",
    )
    op.create_index(
        "figure_of_series_ix",
        "figure",
        ["programme", "release", "series", "period", "area", "breakdown"],
        unique=True,
        schema="release",
    )
    op.create_table(
        "change",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "release"],
            ["release.release.programme", "release.release.number"],
            name=op.f("change_programme_release_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "release", "position", name=op.f("change_pk")),
        schema="release",
        comment="What differs from the release before.",
    )
    op.create_table(
        "step",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("publication", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "publication"],
            ["publication.programme", "publication.id"],
            name=op.f("step_programme_publication_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "publication", "scope", name=op.f("step_pk")),
        schema="protection",
        comment="What a publication has done so far, so that it goes on where it broke. Deleted when it ends.",
    )
    op.create_table(
        "kept",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "release"],
            ["release.release.programme", "release.release.number"],
            name=op.f("kept_programme_release_fk"),
        ),
        sa.PrimaryKeyConstraint("programme", "scope", "release", name=op.f("kept_pk")),
        schema="protection",
        comment="True counts and displays of each release, for the audits of later ones.",
    )
    for statement in WALLS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("kept", schema="protection")
    op.drop_table("step", schema="protection")
    op.drop_table("change", schema="release")
    op.drop_table("figure", schema="release")
    op.drop_table("period", schema="release")
    op.drop_table("release", schema="release")
    op.drop_table("publication")
    op.execute("drop schema protection")
    op.execute("drop schema release")
    op.execute(
        "revoke select on programme, plan_version, organisation, series, area, breakdown, boundary from work_health_public"
    )
    op.execute("revoke usage on schema public from work_health_public, work_health_publisher")
