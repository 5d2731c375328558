"""Let each worker store that it is alive, and the application read that and the version of the schema."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# The clock is the database's.
RECORD_HEARTBEAT = """
    create function record_heartbeat(in_worker uuid) returns void
    language sql security definer set search_path = public, pg_temp as $$
        insert into worker values (in_worker, clock_timestamp(), clock_timestamp())
        on conflict (id) do update set beat_at = excluded.beat_at
    $$
"""
# A worker that was stopped an hour ago is of no interest.
KIND = """
            when 'workers' then
                delete from worker where beat_at < now() - interval '1 hour';
        end case;"""
REPLACE = """
    do $$
    declare
        definition constant text := pg_get_functiondef('delete_expired'::regproc);
    begin
        execute replace(definition, $old${old}$old$, $new${new}$new$);
    end $$
"""
END = "\n        end case;"


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("worker_pk")),
        comment="The worker processes, each with its last heartbeat.",
    )
    op.execute(RECORD_HEARTBEAT)
    op.execute("revoke all on function record_heartbeat from public")
    op.execute("grant execute on function record_heartbeat to work_health_publisher")
    op.execute("grant select on worker, alembic_version to work_health_app")
    op.execute(REPLACE.format(old=END, new=KIND))


def downgrade() -> None:
    op.execute(REPLACE.format(old=KIND, new=END))
    op.execute("revoke select on alembic_version from work_health_app")
    op.execute("drop function record_heartbeat")
    op.drop_table("worker")
