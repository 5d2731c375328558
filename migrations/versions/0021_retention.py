"""Delete what is no longer needed by a job of the worker, and no longer while a request waits."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# The periods are in the function, so that its caller cannot shorten them. The clock is the database's. Of several
# workers, one deletes at a time.
DELETE_EXPIRED = """
    create function delete_expired(in_kind text) returns int
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        batch constant int := 1000;
        examined int;
    begin
        if not pg_try_advisory_xact_lock(x'72657461'::int) then
            return 0;
        end if;
        case in_kind
            when 'responses' then
                delete from idempotency where ctid = any (array(
                    select ctid from idempotency where created_at < now() - interval '30 days' limit batch
                ));
            when 'keys' then
                delete from client_key where ctid = any (array(
                    select ctid from client_key where least(expires_at, revoked_at) < now() - interval '2 years'
                    limit batch
                ));
            when 'rate-counts' then
                delete from rate_count where ctid = any (array(
                    select ctid from rate_count
                    where "window" < extract(epoch from now() - interval '1 hour')::bigint / 60 limit batch
                ));
            when 'publication-inputs' then
                delete from protection.inputs where ctid = any (array(
                    select i.ctid from protection.inputs i
                    join publication p on p.programme = i.programme and p.id = i.publication
                    where p.finished_at < now() - interval '30 days' limit batch
                ));
            when 'job-log' then
                delete from queue.pgqueuer_log where ctid = any (array(
                    select l.ctid from queue.pgqueuer_log l
                    where l.created < now() - interval '30 days'
                        and not exists (select from queue.pgqueuer job where job.id = l.job_id)
                    limit batch
                ));
            when 'snapshots' then
                -- A snapshot is needed if it excludes an event that states an earlier time. If it excludes none, the
                -- next snapshot, or none, gives the same answer. No transaction that could write such an event runs.
                with examined_snapshot as (
                    select s.ctid, exists (
                        select from return_event e
                        where e.programme = s.programme and e.at <= s.at
                            and e.transaction >= pg_snapshot_xmin(s.snapshot)
                            and not pg_visible_in_snapshot(e.transaction, s.snapshot)
                    ) as is_needed
                    from past_snapshot s
                    where not s.is_needed and s.at < now() - interval '30 days'
                        and pg_snapshot_xmax(s.snapshot) <= pg_snapshot_xmin(pg_current_snapshot())
                    limit batch
                ), kept as (
                    update past_snapshot s set is_needed = true from examined_snapshot x
                    where s.ctid = x.ctid and x.is_needed
                ), deleted as (
                    delete from past_snapshot s using examined_snapshot x where s.ctid = x.ctid and not x.is_needed
                )
                select count(*) into examined from examined_snapshot;
                return examined;
        end case;
        get diagnostics examined = row_count;
        return examined;
    end $$
"""
# A request deletes only the expired response to its own key, which it replaces.
REPLACE_DELETE = """
    do $$
    declare
        definition constant text := pg_get_functiondef('open_submission'::regproc);
    begin
        execute replace(definition, $old${old}$old$, $new${new}$new$);
    end $$
"""
OLDER = "i.client = in_client and i.created_at <= in_kept_since"
OLDER_OF_KEY = f"{OLDER} and i.operation = in_operation and i.key = in_idempotency_key"


def upgrade() -> None:
    op.create_index(op.f("idempotency_created_at_ix"), "idempotency", ["created_at"])
    op.add_column(
        "past_snapshot",
        sa.Column(
            "is_needed",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="Whether it excludes a revision that states an earlier time, and so is never deleted.",
        ),
    )
    op.execute(DELETE_EXPIRED)
    op.execute("revoke all on function delete_expired from public")
    op.execute("grant execute on function delete_expired to work_health_publisher")
    op.execute(REPLACE_DELETE.format(old=OLDER, new=OLDER_OF_KEY))


def downgrade() -> None:
    op.execute(REPLACE_DELETE.format(old=OLDER_OF_KEY, new=OLDER))
    op.execute("drop function delete_expired")
    op.drop_column("past_snapshot", "is_needed")
    op.drop_index(op.f("idempotency_created_at_ix"), "idempotency")
