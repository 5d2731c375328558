"""Let readers of the past see what was committed when an instant was first read, instead of waiting for writers."""

import sqlalchemy as sa
from alembic import op

from schema.tables import Snapshot

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# The lock orders those who choose, so that a later instant never has an earlier snapshot. Each statement of the
# function sees what was committed before it. Nothing is stored while nobody writes: then every revision of the past is
# committed, and any later snapshot contains it.
CHOOSE = """
    create function choose_snapshot(in_programme int, in_at timestamptz, in_lock int, in_write_lock int)
    returns pg_snapshot language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        chosen pg_snapshot;
    begin
        perform pg_advisory_xact_lock(in_lock, in_programme);
        select s.snapshot into chosen from past_snapshot s
        where s.programme = in_programme and s.at >= in_at order by s.at limit 1;
        if not found and exists (
            select from pg_locks
            where locktype = 'advisory' and granted and objsubid = 2 and pid <> pg_backend_pid()
                and database = (select oid from pg_database where datname = current_database())
                and classid = in_write_lock::oid and objid = in_programme::oid
        ) then
            insert into past_snapshot (programme, at, snapshot) values (in_programme, in_at, pg_current_snapshot())
            returning snapshot into chosen;
        end if;
        return chosen;
    end $$
"""


def upgrade() -> None:
    op.create_table(
        "past_snapshot",
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", Snapshot(), nullable=False),
        sa.ForeignKeyConstraint(["programme"], ["programme.id"], name=op.f("past_snapshot_programme_fk")),
        sa.PrimaryKeyConstraint("programme", "at", name=op.f("past_snapshot_pk")),
        comment="What was committed when an instant was first read while somebody wrote. It holds for earlier ones too.",
    )
    op.execute(CHOOSE)
    op.execute("revoke all on function choose_snapshot from public")
    op.execute("grant execute on function choose_snapshot to work_health_app")


def downgrade() -> None:
    op.execute("drop function choose_snapshot")
    op.drop_table("past_snapshot")
