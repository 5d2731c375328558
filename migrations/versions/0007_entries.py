"""Add cleared items and entries to releases. Redacting their revision removes them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Runs as the owner of the tables, because no other role can remove anything from a release.
FORGET = """
    create function forget_entries() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        delete from release.entry e where e.programme = new.programme and e.revision = new.id;
        return null;
    end $$
"""

WALLS = [
    # Readers must not know the revision of an entry: it links entries that one organisation returned together.
    """
    grant select (programme, release, position, series, period, content) on release.entry
    to work_health_public, work_health_app
    """,
    "grant select, insert on release.entry to work_health_publisher",
    "revoke all on function forget_entries from public",
    """
    create trigger redacted_entries after update of content on revision
    for each row when (old.content is not null and new.content is null) execute function forget_entries()
    """,
]


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "revision", sa.BigInteger(), nullable=False, comment="What it was returned in; readers cannot see it."
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "release"],
            ["release.release.programme", "release.release.number"],
            name=op.f("entry_programme_release_fk"),
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("programme", "release", "position", name=op.f("entry_pk")),
        schema="release",
        comment="Cleared items and entries, as they are answered. Redacting their revision removes them.",
    )
    op.create_index(
        "entry_of_series_ix",
        "entry",
        ["programme", "release", "series", "period", "position"],
        schema="release",
    )
    op.create_index("entry_of_revision_ix", "entry", ["programme", "revision"], schema="release")
    op.execute(FORGET)
    for statement in WALLS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger redacted_entries on revision")
    op.execute("drop function forget_entries")
    op.drop_table("entry", schema="release")
